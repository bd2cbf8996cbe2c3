"""How sure we are: single points of failure, cut sets, explanations and availability. Pure functions over a model."""

from cmdb.availability.analysis import Analysis, analyse
from cmdb.availability.assess import MINUTES, Availability, availability
from cmdb.availability.budget import Budget, Span, budget
from cmdb.availability.cutsets import CutSets, cut_sets
from cmdb.availability.effect import Direction, Effect, Window, effect
from cmdb.availability.estate import Hanging, Worth, ranked
from cmdb.availability.explain import Explanation, Explanations, explain
from cmdb.availability.figures import Figure, Provenance, figure, measured
from cmdb.availability.importance import Importance
from cmdb.availability.open_psa import FaultTree, read
from cmdb.availability.priors import PRIORS, Prior
from cmdb.availability.requirement import Requirement, Standing
from cmdb.availability.solve import Likelihood, Limits
from cmdb.availability.spof import Exposure, Spofs, estate, spofs

__all__ = [
    "MINUTES", "PRIORS", "Analysis", "Availability", "Budget", "CutSets", "Direction", "Effect", "Explanation",
    "Explanations", "Exposure", "FaultTree", "Figure", "Hanging", "Importance", "Likelihood", "Limits", "Prior",
    "Provenance", "Requirement", "Span", "Spofs", "Standing", "Window", "Worth", "analyse", "availability", "budget",
    "cut_sets", "effect", "estate", "explain", "figure", "measured", "ranked", "read", "spofs",
]  # fmt: skip
