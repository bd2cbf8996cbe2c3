"""What breaks: pure functions over a slice of the graph."""

from cmdb.impact.blast import Blast, Impacted, Risk, Standing, blast_radius
from cmdb.impact.groups import model_of
from cmdb.impact.model import Edge, Group, Model, Problem, model
from cmdb.impact.recovery import Recovery, recovery_order
from cmdb.impact.states import State, States

__all__ = [
    "Blast", "Edge", "Group", "Impacted", "Model", "Problem", "Recovery", "Risk", "Standing", "State", "States",
    "blast_radius", "model", "model_of", "recovery_order",
]  # fmt: skip
