"""Resolving, confirming, closing by silence and reopening. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdb.errors import DeclarationError, Invalid, Refused
from cmdb.words.check import Value
from cmdb.words.record import RecordLink
from cmdb_processes.incident.family import Child, open_children
from cmdb_processes.timing.hours import Calendar
from cmdb_processes.timing.spans import text

RESOLUTION_CODES = (
    "fixed",
    "workaround",
    "known error",
    "by change",
    "duplicate",
    "user error",
    "went away",
    "no fault",
)
CAUSES = ("hardware", "software", "configuration", "change", "capacity", "supplier", "environment", "person", "unknown")
CLOSED_HOW = ("confirmed", "auto-closed")


@dataclass(frozen=True, slots=True)
class Policy:
    """How long silence takes to mean yes, and how long a closed one may come back, both in working days."""

    auto_close_days: int = 3
    reopen_days: int = 5

    def __post_init__(self) -> None:
        if self.auto_close_days < 1 or self.reopen_days < 0:
            raise DeclarationError("closing by silence takes a working day or more, reopening none or more")


def check_resolution(code: str, said: str, links: Sequence[RecordLink], cause: str | None = None) -> dict[str, Value]:
    """The fields of a resolution; Invalid names everything that is wrong or missing.

    A workaround or known error is linked (RELATES_TO or RESOLVES), a fix by change is linked to the change, a duplicate
    to what it repeats.
    """
    wrong = []
    if code not in RESOLUTION_CODES:
        wrong.append(f"resolution_code is one of {', '.join(RESOLUTION_CODES)}, not {code!r}")
    if len(said.strip()) < 3:
        wrong.append("resolution is missing: say what was done")
    if cause is not None and cause not in CAUSES:
        wrong.append(f"cause is one of {', '.join(CAUSES)}, not {cause!r}")
    need = {"known error": "the known error", "by change": "the change", "duplicate": "what it repeats"}
    types = {"known error": {"RELATES_TO", "CAUSED_BY"}, "by change": {"FOLLOWS", "CAUSED_BY", "RELATES_TO"},
             "duplicate": {"DUPLICATES"}}  # fmt: skip
    if code in need and not any(link.type in types[code] for link in links):
        wrong.append(f"link {need[code]}: {' or '.join(sorted(types[code]))}")
    if wrong:
        raise Invalid("; ".join(wrong), where="resolution")
    fields: dict[str, Value] = {"resolution_code": code, "resolution": said.strip()}
    return fields if cause is None else {**fields, "cause": cause}


def auto_close_at(policy: Policy, calendar: Calendar, resolved_at: int) -> int:
    """When silence closes it: as the nth working day after the resolution ends."""
    return calendar.after_working_days(resolved_at, policy.auto_close_days)


def blockers(
    fields: Mapping[str, Value],
    cis: Sequence[str],
    tasks: Iterable[Mapping[str, Value]],
    children: Iterable[Child],
    others: Iterable[str] = (),
) -> tuple[str, ...]:
    """Everything that stands in the way of closing: code, words, CI, cause, open tasks and children, and `others`."""
    said = {
        "resolution_code": "its resolution code is missing",
        "resolution": "what was done is not said",
        "cause": "its cause is missing",
    }
    found = [sentence for name, sentence in said.items() if not fields.get(name)]
    if not cis:
        found.append("it names no CI")
    found += [f"task {task['name']} is open" for task in tasks if task.get("state") not in ("done", "skipped")]
    found += [f"{number} under it is open" for number in open_children(children)]
    return (*found, *others)


def check_close(number: str, how: str, found: Sequence[str]) -> dict[str, Value]:
    """The fields of a close; Refused with every blocker. `how`: confirmed, auto-closed or "with INC-1"."""
    if how not in CLOSED_HOW and not how.startswith("with "):
        raise Invalid(f"{how!r} is none of {', '.join(CLOSED_HOW)}", where="closed_how")
    if found:
        raise Refused(f"{number} cannot be closed: {'; '.join(found)}", reasons=found)
    return {"closed_how": how}


def check_reopen(
    number: str, policy: Policy, calendar: Calendar, closed_at: int | None, now: int, why: str
) -> dict[str, Value]:
    """The fields that fall when it is reopened; one that was closed comes back only for some working days.

    After that a new one is opened, which FOLLOWS it.
    """
    if len(why.strip()) < 3:
        raise Invalid("is missing: say what does not work", where="reason")
    if closed_at is not None:
        last = calendar.after_working_days(closed_at, policy.reopen_days) if policy.reopen_days else closed_at
        if now > last:
            raise Refused(f"{number} could be reopened until {text(last)}: open a new one that follows it")
    return {"resolution_code": None, "resolution": None, "closed_how": None, "by_parent": None}
