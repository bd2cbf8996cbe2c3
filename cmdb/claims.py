"""Who says what of a CI, and whose value counts. Pure.

A scope is `source/section`: an agent and its collector (`nd_7f/host`), an import and its table (`import:assets/rows`),
or people (`person/records` for what they created, `person/edits` for what they wrote onto what others found,
`override/people` for values that win until they expire). A scope without a section only binds an agent to its CI.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cmdb.words import SOURCES, CIClass, Value
from cmdb.words.canonical import canonical
from cmdb.words.check import SNAKE

PERSON, OVERRIDE = "person", "override"
RECORDS, EDITS, OVERRIDES = "person/records", "person/edits", "override/people"
NAME = "name"
"""The name of a CI is claimed like an attribute."""
TAGS, TAG, EXTRA = "tags", "tag:", "extra:"
"""Each tag is a claim of its own (`tag:prod`), kept in one list of the CI; a free attribute is `extra:<name>` in both.
So sources add to each other's tags, and a split gives back those that a merge brought."""
LIFECYCLE, EXPIRES, ENDED_AS = "lifecycle", "expires_at", "ended_as"
"""What people alone say of a CI's life: of a live one its lifecycle, of a tombstone how it ended; none: its status."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One claimed value: the journal sequence since which this scope says it, and until when (ISO 8601 UTC), if ever.

    None is said only by an override: there is none, whatever others say.
    """

    value: Value
    since: int
    until: str | None = None


Said = Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Asserted:
    """A scope's claim on a CI: `seq` is None in its newest complete body, else the later incomplete one that said so.

    `said` is None when this is the only claim and an agent's: then its values are those of the CI itself.
    """

    seq: int | None
    said: Said | None = None


Claims = Mapping[str, Asserted]


def is_extra(name: str) -> bool:
    """Whether a property is a free attribute, by a name that can stand in a statement."""
    return name.startswith(EXTRA) and SNAKE.fullmatch(name.removeprefix(EXTRA)) is not None


def lifecycle(row: Mapping[str, object]) -> str:
    """A CI's state of life by its properties: of a live one what people say, of a tombstone how it ended."""
    return str(row.get(LIFECYCLE if row["status"] == "live" else ENDED_AS) or row["status"])


def kind_of(scope: str) -> str:
    """What kind of source speaks in a scope: override, agent, person or import."""
    source = source_of(scope)
    if source in {PERSON, OVERRIDE}:
        return source
    return "import" if source.startswith("import:") else "agent"


def source_of(scope: str) -> str:
    """Who speaks in a scope: the part before the section."""
    return scope.partition("/")[0]


def speaks(scope: str) -> bool:
    """Whether a scope says something of a CI; an agent's own scope only binds it."""
    return "/" in scope


def holds(scope: str) -> bool:
    """Whether a claim of this scope says that the CI exists; what people write onto a CI does not keep it alive."""
    return speaks(scope) and scope not in {EDITS, OVERRIDES}


def settle(cls: CIClass, said: Mapping[str, Said]) -> dict[str, tuple[Value, str]]:
    """The value of each attribute that anybody claims, and the scope that wins it.

    The best source wins, as a policy or the class file says or by default; of equal ones the source whose value changed
    last, then the first by name. Inside one source the first section by name speaks: so no order of arrival matters.
    """
    by_attribute: dict[str, dict[str, tuple[str, Entry]]] = defaultdict(dict)
    for scope in sorted(said):
        for name, entry in said[scope].items():
            by_attribute[name].setdefault(source_of(scope), (scope, entry))
    won: dict[str, tuple[Value, str]] = {}
    for name, claims in by_attribute.items():
        order = ranking(cls, name)
        scope, entry = min(claims.values(), key=lambda one: (_rank(order, one[0]), -one[1].since, one[0]))
        won[name] = (entry.value, scope)
    seen = next((scope for scope in sorted(said) if kind_of(scope) == "agent" and holds(scope)), None)
    if seen is not None and LIFECYCLE in won and cls.lifecycle.before_live(won[LIFECYCLE][0]):
        won[LIFECYCLE] = ("live", seen)  # what an agent sees is no longer only planned, ordered or in stock
    return won


def ranking(cls: CIClass, name: str) -> tuple[str, ...]:
    """Kinds of source for an attribute, best first, and sources by name where a policy names them.

    What is left out comes last, as by default. A policy never stands above an override, which has an end of its own.
    """
    ruled = next((order for attribute, order in cls.ruled if attribute == name), None)
    attribute = cls.attribute(name)
    declared = attribute.precedence if attribute is not None else ()
    chosen = declared if ruled is None else (OVERRIDE, *ruled)
    return (*chosen, *(kind for kind in SOURCES if kind not in chosen))


def _rank(order: Sequence[str], scope: str) -> int:
    """Where a scope stands: by its own name, if the order has it, else by its kind."""
    source = source_of(scope)
    return order.index(source if source in order else kind_of(scope))


def in_effect(cls: CIClass, said: Mapping[str, Said], values: Mapping[str, Value]) -> dict[str, str]:
    """The scope whose value each attribute has, among those who say it: also where another order decided then."""
    won = {name: scope for name, (_, scope) in settle(cls, said).items()}
    for name, value in values.items():
        sayers = [scope for scope in sorted(said) if name in said[scope] and said[scope][name].value == value]
        if sayers and name in won and won[name] not in sayers:
            won[name] = min(sayers, key=lambda scope: _rank(ranking(cls, name), scope))
    return won


def restate(
    cls: CIClass,
    before: Claims,
    current: Mapping[str, Value],
    since: int,
    stated: Mapping[str, tuple[int | None, Mapping[str, Value]]],
    dropped: Collection[str],
    at: int,
) -> tuple[dict[str, Asserted], dict[str, Value]]:
    """The claims and values of a CI after some scopes stated it (sequence, values) and others dropped it.

    `before` are its claims and `current` its values (the name among them) since sequence `since`; `at` is now's.
    """
    kept = {s: c for s, c in before.items() if speaks(s) and s not in dropped and s not in stated}
    if not kept and len(stated) == 1:  # nearly always: one agent, and nobody else
        ((scope, (seq, values)),) = stated.items()
        if kind_of(scope) == "agent":
            return {scope: Asserted(seq)}, {k: v for k, v in values.items() if v is not None}
    known = explicit(before, current, since)
    full = {scope: known[scope] for scope in kept}
    for scope, (seq, values) in stated.items():
        said = known[scope].said if scope in known else None
        full[scope] = Asserted(seq, {k: renew((said or {}).get(k), v, at) for k, v in values.items() if v is not None})
    return conclude(cls, full)


def explicit(before: Claims, current: Mapping[str, Value], since: int) -> dict[str, Asserted]:
    """Claims with their values spelt out; those of an agent's only claim are the CI's own."""
    own = {name: Entry(value, since) for name, value in current.items()}
    return {s: Asserted(c.seq, own if c.said is None else c.said) for s, c in before.items() if speaks(s)}


def conclude(cls: CIClass, full: Mapping[str, Asserted]) -> tuple[dict[str, Asserted], dict[str, Value]]:
    """The claims as they are kept, and the values that win; the only claim of an agent leaves its own to the CI."""
    won = settle(cls, {scope: claim.said for scope, claim in full.items() if claim.said is not None})
    values: dict[str, Value] = {name: value for name, (value, _) in won.items() if value is not None}
    if len(full) == 1 and all(kind_of(scope) == "agent" for scope in full):
        return {scope: Asserted(claim.seq) for scope, claim in full.items()}, values
    return dict(full), kept(values)


def kept(values: Mapping[str, Value]) -> dict[str, Value]:
    """Values that win, as a CI keeps them: its tags as one sorted list, and no lifecycle where it is live as usual."""
    claimed = [name for name in values if name.startswith(TAG)]
    tags = tuple(sorted(name.removeprefix(TAG) for name in claimed))
    found = {name: value for name, value in values.items() if name not in claimed}
    if found.get(LIFECYCLE) == "live":
        del found[LIFECYCLE]
    return {**found, TAGS: tags} if tags else found


def renew(was: Entry | None, value: Value, at: int) -> Entry:
    """A value said again is as old as it was; another is new."""
    return was if was is not None and was.value == value and was.until is None else Entry(value, at)


def ends(said: Said | None) -> str | None:
    """When the first of these values expires, if any does."""
    return min((entry.until for entry in (said or {}).values() if entry.until is not None), default=None)


def to_json(said: Said | None) -> str | None:
    """Claimed values as text for the graph: {attribute: [value, since, until]}."""
    if said is None:
        return None
    plain = {
        name: [list(e.value) if isinstance(e.value, tuple) else e.value, e.since, e.until] for name, e in said.items()
    }
    return canonical(plain)


def from_json(text: str | None) -> Said | None:
    """The inverse of `to_json`."""
    if text is None:
        return None
    return {
        name: Entry(tuple(value) if isinstance(value, list) else value, since, until)
        for name, (value, since, until) in json.loads(text).items()
    }
