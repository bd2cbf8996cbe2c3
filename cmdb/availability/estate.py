"""The single points of failure of many services at once, the ones on which most hangs first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cmdb.availability.spof import Exposure

CRITICALITIES = ("critical", "high", "medium", "low")
"""What people say hangs on a service, the most first."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What hangs on a service, as far as anybody says: its criticality, and how many people use it."""

    criticality: str | None = None
    users: int | None = None


@dataclass(frozen=True, slots=True)
class Hanging:
    """A CI that alone brings services down: the worst criticality among these, and their users, where known."""

    ci: str
    services: tuple[str, ...]
    criticality: str | None
    users: int | None


def ranked(
    exposures: Iterable[Exposure], worth: Mapping[str, Worth], name: Callable[[str], str] = str
) -> tuple[Hanging, ...]:
    """Whose failure takes most critical services first, then most high ones and so on, then users, then services.

    Equals come by `name`.
    """
    found = []
    for exposure in exposures:
        of = [worth.get(service, Worth()) for service in exposure.services]
        by = Counter(one.criticality for one in of)
        users = [one.users for one in of if one.users is not None]
        worst = next((c for c in CRITICALITIES if by[c]), None)
        hanging = Hanging(exposure.ci, exposure.services, worst, sum(users) if users else None)
        gravity = (*(-by[c] for c in CRITICALITIES), -sum(users), -len(of))
        found.append(((*gravity, name(exposure.ci), exposure.ci), hanging))
    return tuple(hanging for _, hanging in sorted(found, key=lambda one: one[0]))
