"""Common causes within a redundancy group by the β-factor: a share β of its members' failures takes them all at once.

The cause becomes a CI of its own that every member needs, so nothing else has to know of it. Members keep the figure
they had: what the cause takes is taken from what fails alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import prod

from cmdb.availability.needs import Needs, Spare
from cmdb.errors import Invalid
from cmdb.impact.model import Edge, Group, Model, model

CAUSE = "COMMON_CAUSE"


def with_common_causes(
    of: Model, q: Mapping[str, float], beta: float, needs: Needs | None = None
) -> tuple[Model, dict[str, float]]:
    """The model with a cause for every set of members that back each other up, and the figures that go with it.

    The cause is as likely as β of the least likely member (Fleming, 1975, for equal ones); a member of several sets
    shares its β among them. Causes are named "common cause of a, b". Invalid unless 0 ≤ β ≤ 1.
    """
    if not 0 <= beta <= 1:
        raise Invalid(f"a β-factor lies between 0 and 1, not {beta}", where="beta")
    needs = needs or Needs(of)
    sets = sorted({_members(spare) for ci in of.groups if ci not in needs.down for spare in needs.of(ci)[1]})
    if beta == 0 or not sets:
        return of, dict(q)
    count: dict[str, int] = defaultdict(int)
    for members in sets:
        for member in members:
            count[member] += 1
    causes = {f"common cause of {', '.join(s)}": (s, beta * min(q[m] / count[m] for m in s)) for s in sets}
    own: dict[str, list[str]] = defaultdict(list)
    for cause, (members, _) in causes.items():
        for member in members:
            own[member].append(cause)
    groups = {ci: list(found) for ci, found in of.groups.items()}
    figures = {**q, **{cause: likely for cause, (_, likely) in causes.items()}}
    for member, mine in own.items():
        groups.setdefault(member, []).extend(Group((Edge(f"{c}>{member}", CAUSE, member, c),)) for c in mine)
        together = prod(1 - causes[c][1] for c in mine)
        # 1 − (1 − alone)·Π(1 − cause) is what it was before.
        figures[member] = max(0.0, 1 - (1 - q[member]) / together) if together else 0.0
    return model(groups, of.problems), figures


def _members(spare: Spare) -> tuple[str, ...]:
    return tuple(sorted(ci for ci, _ in spare.members))
