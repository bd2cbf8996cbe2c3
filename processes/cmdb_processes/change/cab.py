"""The change advisory board: its agenda from the changes that wait, its minutes from what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cmdb.errors import Invalid
from cmdb_processes.change.assessment import Assessment
from cmdb_processes.change.nouns import Planned

DECISIONS = ("approve", "reject", "defer")


@dataclass(frozen=True, slots=True)
class Item:
    """A change that waits for approval, as assessed, with the roles that have not voted."""

    change: Planned
    assessment: Assessment
    missing: tuple[str, ...]
    evidence: str  # hash of what is voted on
    requester: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the board said of one change, on which evidence. A deferral and a rejection have a reason."""

    number: str
    decision: str
    evidence: str
    reason: str = ""

    def __post_init__(self) -> None:
        if self.decision not in DECISIONS:
            raise Invalid(f"is {', '.join(DECISIONS)}, not {self.decision!r}", where="decision")
        if self.decision != "approve" and not self.reason.strip():
            raise Invalid(f"is missing: say why to {self.decision} {self.number}", where="reason")


def ordered(items: Sequence[Item]) -> tuple[Item, ...]:
    """What is blocked last; then the nearest window first, the riskier first at the same time."""
    return tuple(
        sorted(
            items,
            key=lambda i: (
                not i.assessment.approvable,
                i.change.window.start,
                -i.assessment.risk.level,
                i.change.number,
            ),
        )
    )


def agenda(items: Sequence[Item], at: datetime, members: Sequence[str]) -> str:
    """The agenda as text: every change with verdict, risk, conflicts and what is missing."""
    lines = [
        f"Change advisory board, {at:%Y-%m-%d %H:%M %Z}".rstrip(),
        f"Invited: {', '.join(members) or 'nobody'}",
        "",
    ]
    if not items:
        lines.append("No change waits for approval.")
    for number, item in enumerate(ordered(items), 1):
        lines += _entry(number, item)
    return "\n".join(lines).rstrip() + "\n"


def _entry(number: int, item: Item) -> list[str]:
    change, told = item.change, item.assessment
    window = f"{change.window.start:%Y-%m-%d %H:%M %Z} for {change.window.minutes:.0f} min"
    lines = [
        f"{number}. {change.number} ({change.model}): {change.title}",
        f"   by {item.requester}, window {window}, on {', '.join(ci.name for ci in change.cis)}",
        f"   {told.verdict}",
        f"   confidence {100 * told.confidence.share:.0f} %: {told.confidence.sentence}",
    ]
    lines += [f"   - {c.kind.value}: {c.sentence}" for c in told.conflicts if not c.blocks]
    lines.append(f"   missing: {', '.join(item.missing) or 'nothing'}; evidence {item.evidence[:16]}")
    return [*lines, ""]


def minutes(items: Sequence[Item], rulings: Sequence[Ruling], at: datetime, present: Sequence[str]) -> str:
    """The minutes as text: a ruling on every change of the agenda, on the evidence that lay on the table."""
    known = {item.change.number: item for item in items}
    by_number = {ruling.number: ruling for ruling in rulings}
    if len(by_number) != len(rulings):
        raise Invalid("a change is decided twice", where="rulings")
    if strange := sorted(by_number.keys() - known.keys()):
        raise Invalid(f"{strange[0]} was not on the agenda", where="rulings")
    if open_ := [item.change.number for item in ordered(items) if item.change.number not in by_number]:
        raise Invalid(f"{open_[0]} has no ruling: approve, reject or defer it", where="rulings")
    if not present:
        raise Invalid("nobody was there", where="present")
    lines = [
        f"Minutes of the change advisory board, {at:%Y-%m-%d %H:%M %Z}".rstrip(),
        f"Present: {', '.join(present)}",
        "",
    ]
    for number, item in enumerate(ordered(items), 1):
        lines += _ruled(number, item, by_number[item.change.number])
    return "\n".join(lines).rstrip() + "\n"


def _ruled(number: int, item: Item, ruling: Ruling) -> list[str]:
    if ruling.evidence != item.evidence:
        was, now = ruling.evidence[:16], item.evidence[:16]
        raise Invalid(
            f"{ruling.number} was decided on evidence {was}, it stands at {now}: decide it again", where="rulings"
        )
    if ruling.decision == "approve" and not item.assessment.approvable:
        raise Invalid(f"{ruling.number} cannot be approved: {item.assessment.verdict}", where="rulings")
    past = {"approve": "approved", "reject": "rejected", "defer": "deferred"}[ruling.decision]
    lines = [f"{number}. {item.change.number} {past}: {item.change.title}", f"   on evidence {item.evidence[:16]}"]
    return [*lines, *([f"   because {ruling.reason.strip()}"] if ruling.reason.strip() else []), ""]
