"""What people do to CIs, each one transaction and one journal entry, decided under the journal's lock like a report."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

from cmdb import commands, free, identity, ingest
from cmdb.claims import NAME, PERSON, RECORDS, source_of
from cmdb.classes import Catalogue, catalogue
from cmdb.commands import Around, Decided, Merged
from cmdb.cypher import commands as cypher
from cmdb.cypher import facts, nest
from cmdb.errors import Conflict, Invalid, Refused, UnknownName
from cmdb.reconcile import KnownCI
from cmdb.reconcile.known import SELF
from cmdb.store import loading, policies
from cmdb.store.facts import journal, new_id, write
from cmdb.store.session import Bolt, Run
from cmdb.words import LOCAL_KEY, CIClass, RelationType, Value

MOST_EXPIRED = 500
"""Overrides ended in one transaction."""


@dataclass(frozen=True, slots=True)
class By:
    """Who commands, when (ISO 8601 UTC) and why; the reason goes into the journal."""

    actor: str
    now: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command: its journal sequence, the CI, one line, notes, and agents that must report everything."""

    seq: int
    ci: str
    summary: str
    notes: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Under:
    """What a command is decided under: its journal sequence, and the catalogue with the order of sources in force."""

    seq: int
    known: Catalogue


Decide = Callable[[Run, Under], Decided]


class Commands:
    """Commands about CIs. Every method raises UnknownName, Invalid, Conflict or Refused with what is wrong."""

    _ask: Callable[[str], None] | None = None

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def asking(self, ask: Callable[[str], None]) -> Self:
        """The same, by whose commands `ask` is told each agent that must report everything anew: they took its claims.

        It is asked before the command is kept, so that no kill and no full disk comes between the two: were it asked
        afterwards and lost, what the agent does not say again would stay away. Asked in vain, it says all once more.
        """
        made = copy(self)
        made._ask = ask
        return made

    def create_ci(
        self, cls: str, name: str, attributes: Mapping[str, Any], by: By, *, parent: str | None = None,
        key: str | None = None, tags: Sequence[str] = (), extra: Mapping[str, Any] | None = None,
    ) -> Done:  # fmt: skip
        """Write down a CI that no source knows; one that is known already is refused, a tombstone revives."""
        declared = catalogue().cls(cls)
        values = {**ingest.values(declared, attributes, "attributes", whole=True), NAME: ingest.name(name, "name")}
        values |= free.claimed(declared, tags, extra or {})
        local = _local_key(declared, str(values[NAME]), key, parent)

        def decide(run: Run, under: Under) -> Decided:
            was, trace = _who(run, declared, local, parent, values)
            if parent is not None:
                _check_parent(declared, _live(run, parent))
            evidence = commands.declared(by.reason or "written down by hand", by.actor, by.now)
            ruled = under.known.cls(cls)
            decided = commands.create(ruled, was, values, local, parent, under.seq, new_id, evidence)
            policies.judge(run, cls, None, was, decided, values)
            return replace(decided, trace=json.dumps(trace))

        return self._do(decide, by)

    def update_ci(
        self, ci: str, rev: int | None, values: Mapping[str, Any], by: By, *, extra: Mapping[str, Any] | None = None
    ) -> Done:
        """Write values onto a CI (the name among them; null takes one's own back), decided at revision `rev`."""

        def decide(run: Run, under: Under) -> Decided:
            was = writable(run, ci)
            commands.check_rev(was, rev)
            declared = under.known.cls(was.cls)
            beside = free.attributes(declared, extra or {})
            said = {**(_written(declared, values, was) if values or not beside else {}), **beside}
            decided = commands.update(declared, was, said, under.seq)
            policies.judge(run, was.cls, was.values, was, decided, said)
            return decided

        return self._do(decide, by)

    def override_attribute(self, ci: str, name: str, value: Any, until: str, by: By, *, rev: int | None = None) -> Done:
        """Let one value win over every source until a moment (ISO 8601); null says that there is none."""
        end = ingest.moment(until, "until")
        if end <= by.now:
            raise Invalid(f"{until} is over already", where="until")

        def decide(run: Run, under: Under) -> Decided:
            was = writable(run, ci)
            commands.check_rev(was, rev)
            declared = under.known.cls(was.cls)
            (checked,) = _written(declared, {name: value}, None).values()
            decided = commands.override(declared, was, name, checked, end, under.seq)
            policies.judge(run, was.cls, was.values, was, decided, {name: checked})
            return decided

        return self._do(decide, by, scope="override")

    def expire_overrides(self, by: By) -> list[Done]:
        """End the overrides whose time is over: at most 500 CIs, one journal entry each."""
        rows = self._bolt.read(lambda run: run(cypher.OVERRIDDEN, {"now": by.now, "most": MOST_EXPIRED}))
        return [self._do(_ending(row["ci"]["id"], by.now), by, scope="override", kind="sweep") for row in rows]

    def retire_ci(self, ci: str, rev: int | None, by: By, *, kind: str = "command") -> Done:
        """Retire a CI with what is inside it. If an agent still sees it, its next whole report revives it."""

        def decide(run: Run, _under: Under) -> Decided:
            known = loading.around(run, [ci], edges=True)
            was = existing(known.cis.get(ci), ci)
            commands.check_rev(was, rev)
            host = was.parent or ci
            return commands.retire(loading.with_places(run, known, host), ci, host, new_id)

        return self._do(decide, by, kind=kind)

    def link_cis(self, relation: str, source: str, target: str, by: By) -> Done:
        """Say that one CI depends on another."""
        declared = catalogue().relation(relation)

        def decide(run: Run, _under: Under) -> Decided:
            one, other, edge, around = _ends(run, declared, source, target)
            commands.check_cardinality(declared, one, other, around, partial(_names, run))
            if relation in catalogue().containing and one.id != other.id:
                ways = run(nest.way(), {"source": target, "target": source})
                commands.check_contained(ways[0]["names"] if ways else (), "to")
            evidence = commands.declared(by.reason or "linked by hand", by.actor, by.now)
            return commands.link(declared, one, other, edge, evidence, new_id)

        return self._do(decide, by)

    def unlink_cis(self, relation: str, source: str, target: str, by: By) -> Done:
        """Take a hand-made link back, or refuse what a server alone says of a client."""
        declared = catalogue().relation(relation)

        def decide(run: Run, under: Under) -> Decided:
            one, other, edge, _ = _ends(run, declared, source, target)
            return commands.unlink(declared, one, other, edge, under.seq, new_id)

        return self._do(decide, by)

    def merge_cis(
        self, winner: str, loser: str, by: By, *, winner_rev: int | None = None, loser_rev: int | None = None
    ) -> Done:
        """Say that two CIs are one thing: the loser's claims, edges and insides move to the winner, reversibly."""
        if not by.reason:
            raise Invalid("say why: it is kept with the merge", where="reason")

        def decide(run: Run, under: Under) -> Decided:
            known = loading.around(run, [winner, loser], edges=True)
            for ci, rev in ((winner, winner_rev), (loser, loser_rev)):
                commands.check_rev(existing(known.cis.get(ci), ci), rev)
            decided, record = commands.merge(known, winner, loser, by.reason, under.known, new_id)
            merge = new_id("mg")
            called = [row["row"] for row in run(cypher.REFS, {"ids": sorted(record.pairs)})]
            keep = ((cypher.KEEP_REFS, {"rows": called, "merge": merge}),) if called else ()
            return replace(decided, then=(*_merging(merge, record, winner, loser, by, under.seq), *keep))

        return self._do(decide, by)

    def split_ci(self, ci: str, by: By, *, rev: int | None = None) -> Done:
        """Undo a merge, named by what was merged away or by the merge's id; `rev` is that of the CI it is in."""

        def decide(run: Run, under: Under) -> Decided:
            rows = run(cypher.MERGED, {"id": ci})
            if not rows:
                raise UnknownName(f"{ci!r} names no CI that was merged into another")
            one = rows[0]["m"]
            record = Merged.load(one["record"])
            ids = [*record.pairs, *record.pairs.values()]
            if later := run(cypher.LATER, {"seq": one["seq"], "ids": ids}):
                raise Refused(f"a later merge has one of these: split {later[0]['id']} first")
            known = loading.around(run, ids, edges=True)
            if (keeps := known.cis.get(one["winner"])) is not None:
                commands.check_rev(keeps, rev)
            decided = commands.split(
                known, record, one["winner"], one["loser"], by.reason or "not one thing", under.known, new_id
            )
            return replace(decided, then=_splitting(one, by, under.seq))

        return self._do(decide, by)

    def _do(self, decide: Decide, by: By, *, scope: str = PERSON, kind: str = "command") -> Done:
        def work(run: Run) -> Done:
            lock = run(facts.LOCK, {})[0]
            decided = decide(run, Under(lock["seq"], policies.in_force(lock)))
            if (ask := self._ask) is not None:
                for node in decided.ask:
                    ask(node)
            write(run, decided.plan, scope, lock["seq"], by.now)
            if decided.trace is not None:
                run(cypher.TRACE, {"scope": RECORDS, "ci": decided.ci, "trace": decided.trace})
            for statement, parameters in decided.then:
                run(statement, parameters)
            summary = decided.summary + (f": {by.reason}" if by.reason and by.reason not in decided.summary else "")
            journal(run, lock, by.now, actor=by.actor, kind=kind, summary=summary, ops=_operations(decided))
            return Done(lock["seq"], decided.ci, summary, decided.notes, decided.ask)

        return self._bolt.write(work)


_STEPS = {cypher.REBIND: "rebind", cypher.MERGE: "merge", cypher.SPLIT: "split"}
_UNTOLD = {cypher.KEEP_REFS, cypher.GIVE_REFS_BACK}
"""What imports call a CI is how they were read, as traces are: the journal tells what was written of it."""


def _operations(decided: Decided) -> list[dict[str, Any]]:
    """The journal's record of a command: its plan, how a new CI was identified, and what became of its own records."""
    ops = decided.plan.operations()
    if decided.trace is not None:
        ops.append({"op": "trace", "scope": RECORDS, "ci": decided.ci, "trace": json.loads(decided.trace)})
    # In the journal `record` names a process record, so what a merge keeps for its split has another name there.
    told = [(s, p) for s, p in decided.then if s not in _UNTOLD]
    named = [(_STEPS[s], {"kept" if k == "record" else k: v for k, v in p.items()}) for s, p in told]
    return ops + [{"op": op, **parameters} for op, parameters in named]


def _merging(
    merge: str, record: Merged, winner: str, loser: str, by: By, seq: int
) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    nodes = sorted({source_of(scope) for scope in record.claims[loser]})
    keep = {
        "id": merge, "winner": winner, "loser": loser, "at": by.now, "by": by.actor, "reason": by.reason, "seq": seq,
        "nodes": nodes, "record": record.dump(),
    }  # fmt: skip
    return ((cypher.REBIND, {"from": loser, "to": winner, "nodes": None, "seq": seq}), (cypher.MERGE, keep))


def _splitting(one: Mapping[str, Any], by: By, seq: int) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    back = {"from": one["winner"], "to": one["loser"], "nodes": one["nodes"], "seq": seq}
    done = {"id": one["id"], "at": by.now, "by": by.actor, "reason": by.reason, "seq": seq}
    return ((cypher.REBIND, back), (cypher.SPLIT, done), (cypher.GIVE_REFS_BACK, {"merge": one["id"]}))


def _ending(ci: str, now: str) -> Decide:
    def decide(run: Run, under: Under) -> Decided:
        (was,) = loading.around(run, [ci], edges=False).cis.values()
        return commands.expire(under.known.cls(was.cls), was, now)

    return decide


def existing(was: KnownCI | None, ci: str) -> KnownCI:
    """The CI, which must be there and live."""
    if was is None:
        raise UnknownName(f"there is no CI {ci!r}")
    if was.status != "live":
        raise Conflict(f"{was.name} is retired already")
    return was


def writable(run: Run, ci: str) -> KnownCI:
    """A live CI that people may say something of; an endpoint gives way to what is found at its address."""
    was = _live(run, ci)
    if was.cls == "Endpoint":
        raise Refused(f"{was.name} is only an address seen in use: write onto the CI that answers there")
    return was


def _live(run: Run, ci: str) -> KnownCI:
    return existing(loading.around(run, [ci], edges=False).cis.get(ci), ci)


def _check_parent(cls: CIClass, parent: KnownCI) -> None:
    """An edge to the parent is laid with the CI: it must be one that a link by hand could be."""
    known = catalogue()
    relation = known.relation(cls.contained_by) if cls.contained_by else None
    if relation is not None and not known.joins(relation, cls.name, parent.cls):
        allowed = " or ".join(relation.targets)
        raise Invalid(f"a {cls.name} is {relation.name} {allowed}, not {parent.cls} ({parent.name})", where="parent")


def _ends(run: Run, relation: RelationType, source: str, target: str) -> tuple[KnownCI, KnownCI, Any, Around]:
    """Both ends, the edge between them, and what excludes one; not all that is at a hub."""
    known = loading.around(run, [source, target], edges=False)
    one, other = existing(known.cis.get(source), source), existing(known.cis.get(target), target)
    found = loading.edges_of(run(cypher.between(relation), {"source": source, "target": target}))
    edge = next((e for e in found if e.key == (relation.name, source, target)), None)
    return one, other, edge, replace(known, edges=found)


def _names(run: Run, ids: Collection[str]) -> list[str]:
    return [ci.name for ci in loading.around(run, ids, edges=False).cis.values()]


def _written(cls: CIClass, values: Mapping[str, Any], was: KnownCI | None) -> dict[str, Value]:
    """Values as a person writes them; null stays null. What a class requires of a CI known by hand cannot be taken."""
    given = {k: v for k, v in values.items() if k != NAME}
    checked: dict[str, Value] = {**ingest.values(cls, given, "attributes", whole=False)}
    checked |= {NAME: ingest.name(values[NAME], "name")} if values.get(NAME) is not None else {}
    checked |= {k: None for k, v in given.items() if v is None}
    taken = {k for k, v in checked.items() if v is None} if was is not None and RECORDS in was.claims else set()
    if needed := [a.name for a in cls.attributes if a.required and a.name in taken]:
        raise Invalid(f"{cls.name} needs {needed[0]}", where="attributes")
    if not checked:
        raise Invalid("name at least one attribute to write", where="attributes")
    return checked


def _local_key(cls: CIClass, name: str, key: str | None, parent: str | None) -> str:
    """The key inside the parent; things of the first rank have their name, a host the key by which it reports."""
    if cls.name == "Endpoint":
        raise Invalid("an endpoint is found by links to it, nobody writes it down", where="class")
    if LOCAL_KEY in cls.identity and parent is None:
        raise Invalid(f"a {cls.name} lives inside another CI: name its parent", where="parent")
    if cls.name == SELF.cls:
        return SELF.key
    return ingest.name(key or name, "key")


def _who(
    run: Run, cls: CIClass, key: str, parent: str | None, values: Mapping[str, Value]
) -> tuple[KnownCI | None, dict[str, Any]]:
    """The tombstone that this revives, if any, and how that was decided. What is known and live is refused."""
    local = LOCAL_KEY in cls.identity or any(rule.keys == ("key",) for rule in cls.identity)
    if local:
        rows = run(cypher.AT, {"class": cls.name, "key": key, "parent": parent})
        found = loading.known_ci(rows[0]["ci"], rows[0]["claims"]) if rows else None
        rule = cls.identity[0].name
        keys: dict[str, Value] = {"parent": parent, "key": key}
        trace = identity.Verdict(
            "match" if found else "new", found.id if found else None, f"recognised by {rule}", rule, keys
        ).trace()
    else:
        verdict = identity.identify(cls, None, values, loading.candidates(run, cls, values))
        if verdict.outcome in {"ambiguous", "conflict"}:
            raise Conflict(f"{verdict.reason}: say which one you mean (candidates {', '.join(verdict.candidates)})")
        found = loading.around(run, [verdict.ci], edges=False).cis[verdict.ci] if verdict.ci else None
        trace = verdict.trace()
    if found is not None and found.status == "live":
        raise Conflict(f"it is known already as {found.name} ({found.id}): {trace['reason']}; update that one")
    return found, trace
