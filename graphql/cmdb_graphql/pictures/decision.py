"""What is decided about a change, as one noun: the decision report is made of it and of nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from cmdb.errors import Invalid
from cmdb_graphql.pictures.radius import Radius

_HASH = re.compile(r"[0-9a-f]{64}")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Conflict:
    """What stands against it: `kind` such as "freeze", `what` in one sentence; `blocks` or only to be known."""

    kind: str
    what: str
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Availability:
    """One service, in percent as they are to be shown ("99.95", or "99.90 to 99.97" where only bounds are known)."""

    service: str
    target: str = ""
    before: str = ""
    during: str = ""
    after: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """One of the approvals wanted: `role` such as "financial", `state` such as "approved" or "waiting"."""

    role: str
    state: str
    who: str = ""
    at: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A change with everything its approvers look at. `facts` and `risk` are (name, value) as they are to be shown.

    `evidence` is the SHA-256 that approvals bind to; `sequence` and `assessed_at` say of when the assessment is.
    """

    number: str
    title: str
    state: str
    verdict: str
    approvable: bool
    radius: Radius
    evidence: str
    sequence: int
    assessed_at: str
    facts: tuple[tuple[str, str], ...] = ()
    risk: tuple[tuple[str, str], ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    availability: tuple[Availability, ...] = ()
    approvals: tuple[Approval, ...] = ()

    def __post_init__(self) -> None:
        if not _HASH.fullmatch(self.evidence):
            raise Invalid("expected 64 hexadecimal digits, a SHA-256", where="evidence")
        if self.approvable and any(conflict.blocks for conflict in self.conflicts):
            raise Invalid(f"{self.number} cannot be approvable while a conflict blocks it", where="approvable")

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Decision:
        """From plain values by the same names; `impact` is the answer of that question, lists hold objects."""
        try:
            plain = {name: given[name] for name in _NEEDED}
        except KeyError as missing:
            raise Invalid("is missing from the decision", where=str(missing.args[0])) from missing
        return cls(
            **plain,
            radius=Radius.of(given["impact"]),
            facts=tuple((str(name), str(value)) for name, value in given.get("facts", ())),
            risk=tuple((str(name), str(value)) for name, value in given.get("risk", ())),
            conflicts=_each(Conflict, given, "conflicts"),
            availability=_each(Availability, given, "availability"),
            approvals=_each(Approval, given, "approvals"),
        )


_NEEDED = ("number", "title", "state", "verdict", "approvable", "evidence", "sequence", "assessed_at")


def _each(noun: type[T], given: Mapping[str, Any], part: str) -> tuple[T, ...]:
    try:
        return tuple(noun(**one) for one in given.get(part, ()))
    except TypeError as error:
        raise Invalid(f"is not as declared: {error}", where=part) from error
