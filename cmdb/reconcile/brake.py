"""The mass-loss brake: a complete section that would retract much of its scope is believed only when it is said twice.

A broken collector reports an empty list as confidently as a right one. What it would retract is counted per scope; more
than 20 % and more than 10 items hold the report until a second one agrees or a person releases it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cmdb.reconcile.known import Known
from cmdb.reconcile.said import dropped, fresh, scope_of
from cmdb.words import Snapshot

SHARE = 0.2
ITEMS = 10


@dataclass(frozen=True, slots=True)
class Loss:
    """What a scope would lose: `lost` names the items ("Service sshd@22") of the `of` that it asserted."""

    scope: str
    lost: tuple[str, ...]
    of: int

    @property
    def sentence(self) -> str:
        """For people."""
        return f"{self.scope} would retract {len(self.lost)} of its {self.of} items"


def is_mass(lost: int, of: int) -> bool:
    """Whether so many of so many are too many to be believed at once."""
    return lost > ITEMS and lost > SHARE * of


def losses(snapshot: Snapshot, known: Known) -> list[Loss]:
    """The scopes that this report would empty too far."""
    found = []
    for section in fresh(snapshot, known.scopes):
        scope = scope_of(snapshot, section.name)
        lost = tuple(f"{ref.cls} {ref.key}" for ref in sorted(dropped(snapshot, section, known)))
        of = sum(scope in ci.claims for ci in known.children.values())
        if is_mass(len(lost), of):
            found.append(Loss(scope, lost, of))
    return found


def agrees(loss: Loss, before: Collection[str]) -> bool:
    """Whether a loss was announced already: what it would retract beyond that is no mass of its own."""
    return not is_mass(len(set(loss.lost) - set(before)), loss.of)
