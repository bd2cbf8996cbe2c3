"""The reverse question: these CIs show symptoms and those are healthy; which fewest failures explain it?

A set explains if all symptoms are down when it is, and no healthy CI. The smallest such sets are the minimal cut sets
of all symptoms at once, without what would bring a healthy CI down. Each is ranked by what speaks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from cmdb.availability.cutsets import listed
from cmdb.availability.formula import FALSE, TRUE, Formulas
from cmdb.availability.needs import Needs
from cmdb.availability.spof import Singles
from cmdb.availability.structure import failure
from cmdb.errors import Invalid
from cmdb.impact.model import Model


@dataclass(frozen=True, slots=True)
class Explanation:
    """CIs whose failure together explains all symptoms; `extra` would be down as well and shows no symptom (yet).

    `score` sums the changes near them, as given; it ranks sets of one size, before the number of `extra`. `changed` are
    the CIs that these changes are on, the nearest first.
    """

    cis: tuple[str, ...]
    extra: tuple[str, ...]
    score: float
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanations:
    """The best first: fewest CIs, then most changes near them, then fewest CIs hit that show nothing."""

    found: tuple[Explanation, ...]
    truncated: str | None = None


def explain(
    model: Model,
    symptoms: Collection[str],
    healthy: Collection[str] = (),
    changes: Mapping[str, float] | None = None,
    largest: int = 3,
    most: int = 20,
    hops: int = 2,
) -> Explanations:
    """The smallest sets of at most `largest` CIs, upstream or among the symptoms, that explain the symptoms.

    `changes` scores CIs by what was changed on them lately. It counts for the CIs that need them too, halved at each of
    `hops` dependencies on the way. Invalid without symptoms, and for a CI said to be both ill and healthy.
    """
    if not symptoms:
        raise Invalid("name at least one CI that shows symptoms", where="symptoms")
    if both := sorted({*symptoms} & {*healthy}):
        raise Invalid(f"{both[0]!r} cannot show symptoms and be healthy", where="healthy")
    needs = Needs(model)
    cuts, whole = _cuts(needs, symptoms, healthy, largest)
    why = [] if whole == largest else [_cut_short(whole)]
    near = _near(model, changes or {}, hops)
    # What was changed lately comes first among those of one size, should not all be judged.
    cuts.sort(key=lambda cut: (len(cut), -sum(near(ci)[0] for ci in cut), cut))
    judged = max(LEAST_JUDGED, min(MOST_JUDGED, MOST_LOOKS // max(1, len(model.groups))))
    effects = {cut: Needs(model, cut).down - needs.down for cut in cuts[:judged]}
    fit = [cut for cut, down in effects.items() if not down & {*healthy}]
    found = [_explanation(cut, effects[cut] - {*cut, *symptoms}, [near(ci) for ci in cut]) for cut in fit]
    found.sort(key=lambda e: (len(e.cis), -e.score, len(e.extra), e.cis))
    if len(cuts) > judged:
        why.append(f"the first {judged:,} of {len(cuts):,} sets were judged")
    if len(found) > most:
        why.append(f"the best {most} of {len(found):,} are shown")
    return Explanations(tuple(found[:most]), "; ".join(why) or None)


MOST_JUDGED, LEAST_JUDGED = 1_000, 20
"""Sets whose whole effect is computed: between these, as many as MOST_LOOKS at a CI of the model allow."""
MOST_LOOKS = 2_000_000


def _cut_short(whole: int) -> str:
    if whole == 0:
        return "so much is needed for these symptoms that no set was looked at: name fewer, or CIs that are well"
    return f"too many sets of more than {whole} CIs: only smaller ones are looked at"


def _cuts(
    needs: Needs, symptoms: Collection[str], healthy: Collection[str], largest: int
) -> tuple[list[tuple[str, ...]], int]:
    """Minimal sets that bring every symptom down, without CIs that alone bring down a healthy one."""
    formulas = Formulas()
    root = formulas.all_of([failure(formulas, needs, ci) for ci in sorted(symptoms)])
    if root == TRUE:
        return [], largest
    singles = Singles(needs)
    guilty = sorted(frozenset[str]().union(*(singles.of(ci) for ci in healthy)))
    root = formulas.rebuilt(root, {formulas.literal(ci): FALSE for ci in guilty})
    return listed(formulas, root, largest)


Near = tuple[float, tuple[str, ...]]
"""A score, and the CIs whose changes make it."""


def _explanation(cut: tuple[str, ...], extra: frozenset[str], near: Sequence[Near]) -> Explanation:
    changed = tuple(dict.fromkeys(ci for _, cis in near for ci in cis))
    return Explanation(cut, tuple(sorted(extra)), sum(score for score, _ in near), changed)


def _near(model: Model, changes: Mapping[str, float], hops: int) -> Callable[[str], Near]:
    """The changes on a CI, and the most that any CI it needs within some hops adds, halved at each hop."""

    @cache
    def near(ci: str) -> Near:
        seen, level, best = {ci}, {ci}, 0.0
        found = [ci] if ci in changes else []
        for hop in range(1, hops + 1):
            level = {edge.target for one in level for group in model.groups.get(one, ()) for edge in group.edges} - seen
            seen |= level
            changed = sorted((one for one in level if one in changes), key=lambda one: (-changes[one], one))
            found += changed
            best = max(best, changes[changed[0]] / 2**hop if changed else 0.0)
        return changes.get(ci, 0.0) + best, tuple(found)

    return near
