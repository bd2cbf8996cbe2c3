"""Process records: every step is one journal entry, with `WHERE rev`, an append-only history, notes, CIs and links."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from cmdb.cypher import facts
from cmdb.cypher import records as cypher
from cmdb.cypher.records import RecordPage
from cmdb.errors import Conflict, UnknownName
from cmdb.records import Move, searched
from cmdb.store.facts import journal, new_id
from cmdb.store.session import Bolt, Run
from cmdb.words import Category, Record, Value, Wanted

T = TypeVar("T")
_OWN = (
    "id", "number", "type", "state", "rev", "opened_by", "opened_at", "owner", "model", "version", "state_since",
    "changed_at",
)  # fmt: skip
_MAYBE = ("closed_at", "waiting")
_PART = "part_"
"""What the property of a part begins with; its rows are JSON, read and written whole with their record."""


def _record(row: Mapping[str, Any]) -> Record:
    properties = dict(row["r"])
    own = {name: properties.pop(name) for name in _OWN}
    own |= {name: properties.pop(name, None) for name in _MAYBE}
    own |= {name: tuple(properties.pop(name, ())) for name in ("watchers", "flags")}
    category = Category(properties.pop("category"))
    for ours in ("serial", "search"):
        properties.pop(ours, None)
    parts = {k.removeprefix(_PART): _rows(v) for k, v in properties.items() if k.startswith(_PART)}
    fields = {k: _value(v) for k, v in properties.items() if not k.startswith(_PART)}
    return Record(**own, category=category, parts=parts, fields=fields, cis=tuple(sorted(row["cis"])))


def _rows(text: str) -> tuple[Mapping[str, Value], ...]:
    return tuple({k: _value(v) for k, v in row.items()} for row in json.loads(text))


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _stored(record: Record, changed: Mapping[str, Value], parts: Collection[str]) -> dict[str, Any]:
    """The properties that a move sets; null takes one away."""
    own = {name: getattr(record, name) for name in (*_OWN, *_MAYBE, "watchers", "flags")}
    own |= {"category": record.category.value, "search": searched(record.number, record.fields), **changed}
    own |= {_PART + name: json.dumps(record.parts[name], ensure_ascii=False) if record.parts[name] else None
            for name in parts}  # fmt: skip
    return {k: list(v) if isinstance(v, tuple) else v for k, v in own.items()}


class Records:
    """Process records in the graph."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def move(self, move: Move, now: str) -> Record:
        """Write one decided step of a record, which must still have the revision it was decided on (Conflict)."""

        def work(run: Run) -> Record:
            lock = run(facts.LOCK, {})[0]
            after = move.after
            if move.before is None:
                made = run(
                    cypher.OPEN,
                    {"prefix": move.kind.prefix, "id": new_id("rec"), "label": move.kind.name, "rev": after.rev - 1},
                )
                after = replace(after, **made[0])
            step = _step(move, after, now)
            row = _written(run, move, after, step)
            linked = {given: to for given, to, _ in row["linked"]}
            op = {**step, "links": [{**link, "to": linked[link["to"]]} for link in step["links"]]}
            summary = f"{after.number}: {move.decision.reason}"
            journal(run, lock, now, actor=move.by, kind=after.type, summary=summary, ops=[{"op": "record", **op}])
            return _record(row)

        return self._bolt.write(work)

    def record(self, kind: str, name: str) -> Record:
        """One record by number or id."""
        rows = self._bolt.read(lambda run: run(cypher.ONE, {"type": kind, "name": name}))
        if not rows:
            raise UnknownName(f"there is no {kind} {name!r}")
        return _record(rows[0])

    def numbered(self, numbers: Collection[str]) -> dict[str, Record]:
        """Records of any type by number; unknown ones are left out. One round trip."""
        rows = self._bolt.read(lambda run: run(cypher.BY_NUMBER, {"numbers": list(numbers)}))
        return {row["r"]["number"]: _record(row) for row in rows}

    def records(
        self, kind: str, wanted: Wanted | None = None, first: int = 50, after: tuple[str, int] | None = None,
        order: str = "NEWEST",
    ) -> list[Record]:  # fmt: skip
        """A page of a list; `after` is the (changed_at, serial) of the last one seen, serial its number's digits."""
        return self.record_pages([RecordPage(kind, wanted or Wanted(), order, first, after)])[0]

    def record_pages(self, asked: Sequence[RecordPage]) -> list[list[Record]]:
        """Pages of several lists, of whatever types. One round trip for up to eight of them."""

        def work(run: Run) -> list[list[Record]]:
            found: list[list[Record]] = []
            for start in range(0, len(asked), cypher.PAGES_AT_ONCE):
                (row,) = run(*cypher.pages(asked[start : start + cypher.PAGES_AT_ONCE]))
                found += [[_record({"r": r, "cis": cis}) for r, cis in rows] for rows in row.values()]
            return found

        return self._bolt.read(work)

    def count_records(self, kind: str, wanted: Wanted | None = None) -> int:
        """How many records a list has in all."""
        statement = cypher.count(kind, wanted or Wanted())
        return int(self._bolt.read(lambda run: run(*statement))[0]["count"])

    def histories(self, ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
        """Every step of each record in order. One round trip for many records."""
        rows = self._bolt.read(lambda run: run(cypher.HISTORIES, {"ids": list(ids)}))
        return {**{one: [] for one in ids}, **{row["id"]: row["events"] for row in rows}}

    def history(self, record_id: str) -> list[dict[str, Any]]:
        """Every step in order: at, by, command, from_state, to_state, reason, to_category, waiting, pauses, owner."""
        return self.histories([record_id])[record_id]

    def notes(self, ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
        """The notes of each record in order: at, by, text, n (the revision it came with). One round trip."""
        rows = self._bolt.read(lambda run: run(cypher.NOTES, {"ids": list(ids)}))
        return {**{one: [] for one in ids}, **{row["id"]: row["notes"] for row in rows}}

    def links(
        self, ids: Collection[str], types: Sequence[str] | None, first: int, after: str | None, *, back: bool = False
    ) -> dict[str, list[dict[str, Any]]]:
        """A page of each record's links (`back`: of those that point at it): type, to, ci, record, at, by, path.

        `after` is the `key` of the last one seen. One round trip for many records.
        """
        statement = cypher.LINKED_FROM if back else cypher.LINKS
        parameters = {"ids": list(ids), "types": types, "first": first, "after": after}
        found: dict[str, list[dict[str, Any]]] = {one: [] for one in ids}
        for row in self._bolt.read(lambda run: run(statement, parameters)):
            found[row["id"]].append(row)
        return found

    def records_of(self, cis: Collection[str]) -> dict[str, list[Record]]:
        """The records about each CI, newest first. One round trip for many CIs."""
        found: dict[str, list[Record]] = {ci: [] for ci in cis}
        for row in self._bolt.read(lambda run: run(cypher.OF_CIS, {"ids": list(cis)})):
            found[row["ci"]].append(_record(row))
        return found


class Inside(Bolt):
    """A connection whose transactions are all part of one that is under way.

    The journal is locked once for all of them: a transaction that asks for the lock again, while others wait for it,
    is one that Neo4j takes for a deadlock. Where the journal ends meanwhile is known from what was appended.
    """

    def __init__(self, run: Run) -> None:
        self._sent, self._end = run, dict[str, Any]()

    def _run(self, text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        if text == facts.LOCK:
            self._end = self._end or self._sent(text, parameters)[0]
            return [dict(self._end)]
        if text == facts.JOURNAL:
            ended = {"seq": parameters["seq"] + 1, "prev": parameters["hash"], "time": parameters["time"]}
            self._end = {**self._end, **ended}
        return self._sent(text, parameters)

    def read(self, work: Callable[[Run], T], *, timeout: float = 10.0) -> T:  # noqa: ARG002  # the whole has one
        """As part of the whole: it sees what was written before."""
        return work(self._run)

    def write(self, work: Callable[[Run], T], *, timeout: float = 60.0) -> T:  # noqa: ARG002  # the whole has one
        """As part of the whole: all of it is kept, or nothing."""
        return work(self._run)


def _step(move: Move, after: Record, now: str) -> dict[str, Any]:
    """The step as the journal keeps it: enough to rebuild the record, its history, notes and links."""
    decision = move.decision
    links = [{"type": link.type, "to": link.to, "path": list(link.path)} for link in decision.links]
    if move.cause is not None:
        links.append({"type": move.cause.type, "to": move.cause.to, "path": []})
    event = {
        "n": after.rev, "at": now, "by": move.by, "command": move.command, "to_state": after.state,
        "from_state": _from(move), "reason": decision.reason,
        "to_category": after.category.value, "waiting": after.waiting, "pauses": move.pauses, "owner": after.owner,
    }  # fmt: skip
    return {
        "record": after.id, "number": after.number, "command": move.command, "event": event,
        "set": _stored(after, decision.fields, decision.parts.keys()), "note": decision.note, "links": links,
        "cis": None if decision.cis is None else list(after.cis), "clear": list(decision.clear),
        "past": [dict(event) for event in move.past],
    }  # fmt: skip


def _from(move: Move) -> str | None:
    if move.past:
        return move.after.state  # taken over as it is
    return None if move.before is None else move.before.state


def _written(run: Run, move: Move, after: Record, step: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {**step, "id": after.id, "rev": after.rev - 1}
    rows = run(cypher.WRITE, parameters)
    if not rows:
        raise Conflict(f"{after.number} was changed by somebody else meanwhile: look again, then decide")
    row = rows[0]
    if move.decision.cis is not None and row["about"] != len(after.cis):
        raise UnknownName("one of the CIs does not exist", where="cis")
    ends = {given: ci for given, _, ci in row["linked"]}
    known = move.kind.link_types
    for link in step["links"]:
        if link["to"] not in ends:
            raise UnknownName(f"there is no CI or record {link['to']!r} to link to")
        kind = "ci" if ends[link["to"]] else "record"
        if kind not in known[link["type"]].to:
            raise UnknownName(f"{link['type']} does not lead to a {kind}, as {link['to']} is")
    return row
