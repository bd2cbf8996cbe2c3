"""Which CI a row means: by its id, by its place inside another, or by the identity rules of its class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdb import identity
from cmdb.errors import Invalid
from cmdb.identity import Candidate, Verdict
from cmdb.imports.rows import NodeRow
from cmdb.imports.seen import Seen
from cmdb.reconcile.known import SELF
from cmdb.words import LOCAL_KEY, CIClass
from cmdb.words.once import once

OWN = "the source's own reference"
_MATCH = {"outcome": "match", "reason": f"recognised by {OWN}"}


@dataclass(frozen=True, slots=True)
class Found:
    """What the graph has for the rows of a wave, by row number.

    refs: what the same source called so before. places: what is at a place. candidates: CIs with the keys of a rule.
    """

    refs: Mapping[int, str] = field(default_factory=dict)
    places: Mapping[int, str] = field(default_factory=dict)
    candidates: Mapping[int, Sequence[Candidate]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Who:
    """The answer: `ci` None means new. `trace` is kept with the claim, as for every other source."""

    ci: str | None
    reason: str
    rule: str | None = None
    candidates: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    trace: Mapping[str, Any] | None = None
    held: bool = False


@once
def by_place(cls: CIClass) -> bool:
    """Whether members are recognised by where they are and nothing else."""
    return LOCAL_KEY in cls.identity or any(rule.keys == ("key",) for rule in cls.identity)


def key_of(cls: CIClass, row: NodeRow) -> str:
    """The local key a row means."""
    if cls.name == SELF.cls:
        return SELF.key
    found = row.key or row.name
    if found is None:
        raise Invalid("is missing: it has 1 to 512 characters", where="key" if by_place(cls) else "name")
    return found


def who(cls: CIClass, row: NodeRow, parent: str | None, found: Found, seen: Seen) -> Who:
    """Identify a row whose parent is known; Invalid when it does not say enough."""
    if row.id is not None:
        return Who(row.id, "named by its id", "id")
    if not by_place(cls):
        return _by_rules(cls, row, found, seen)
    if LOCAL_KEY in cls.identity and parent is None:
        raise Invalid(f"a {cls.name} lives inside another CI: name its parent", where="parent")
    key = key_of(cls, row)
    there = found.places.get(row.n) or seen.at(cls.name, parent, key)
    reason = f"recognised by {cls.identity[0].name}" if there else "nothing known is there"
    return Who(there, reason, cls.identity[0].name if there else None)


def _by_rules(cls: CIClass, row: NodeRow, found: Found, seen: Seen) -> Who:
    before = found.refs.get(row.n)
    near = [*found.candidates.get(row.n, ()), *seen.candidates(cls, row.attributes)]
    verdict = identity.identify(cls, None, row.attributes, near)
    refused = tuple(f"{r.key} {r.value!r}: {r.reason}" for r in verdict.refusals)
    held = verdict.outcome in {"ambiguous", "conflict"}
    if before is not None and verdict.ci not in {None, before} and not held:
        held, reason = True, f"the source called {before} so, but {verdict.ci} is {verdict.reason}"
        return Who(None, reason, None, (before, str(verdict.ci)), refused, verdict.trace(), held)
    if before is not None:
        return Who(before, f"recognised by {OWN}", OWN, (before,), refused, {**verdict.trace(), "rule": OWN, **_MATCH})
    if verdict.outcome == "new" and row.ref is None and not _usable(verdict):
        rules = "; or ".join(rule.name for rule in cls.identity if "node" not in rule.keys)
        why = f" ({'; '.join(refused)})" if refused else ""
        raise Invalid(f"nothing in it tells one {cls.name} from another{why}: give {rules}; or a ref of its own")
    return Who(verdict.ci, verdict.reason, verdict.rule, verdict.candidates, refused, verdict.trace(), held)


def _usable(verdict: Verdict) -> bool:
    """Whether any rule could be tried: else the same row would make another CI each time it comes."""
    return any(not step.result.startswith("not tried") for step in verdict.steps)
