"""Process records: opened, advanced with `WHERE rev`, with an append-only history and edges to their CIs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cmdb.cypher import facts
from cmdb.errors import Conflict, UnknownName
from cmdb.store.facts import journal, new_id
from cmdb.store.session import Bolt, Run
from cmdb.words import Decision, Record, RecordType, Value

_BASE = frozenset({"id", "number", "type", "state", "rev", "opened_by", "opened_at"})

_NUMBER = "MERGE (n:Numbering {prefix: $prefix}) SET n.last = coalesce(n.last, 0) + 1 RETURN n.last AS last"
_CREATE = """
CREATE (r:Record) SET r = $properties, r:$($label)
WITH r UNWIND $cis AS id MATCH (c:CI {id: id}) CREATE (r)-[:AFFECTS]->(c) RETURN count(c) AS found
"""
_ADVANCE = """
MATCH (r:Record {id: $id}) WHERE r.rev = $rev
SET r += $fields, r.state = $state, r.rev = r.rev + 1
RETURN properties(r) AS r, [(r)-[:AFFECTS]->(c:CI) | c.id] AS cis
"""
_EVENT = """
MATCH (r:Record {id: $id})
CREATE (r)-[:HAS_EVENT]->(:StateEvent {n: r.rev, at: $at, by: $by, command: $command, from_state: $from_state,
                                       to_state: $to_state, reason: $reason})
"""
_ONE = """
MATCH (r:Record {type: $type}) WHERE (r.id = $name OR r.number = $name) AND ($whole OR EXISTS { (r)-[:AFFECTS]->(:CI) })
RETURN properties(r) AS r, [(r)-[:AFFECTS]->(c:CI) | c.id] AS cis
"""
_MANY = """
MATCH (r:Record {type: $type})
WHERE ($state IS NULL OR r.state = $state) AND ($after IS NULL OR r.serial < $after)
  AND ($whole OR EXISTS { (r)-[:AFFECTS]->(:CI) })
RETURN properties(r) AS r, [(r)-[:AFFECTS]->(c:CI) | c.id] AS cis ORDER BY r.serial DESC LIMIT $first
"""
_HISTORY = """
MATCH (:Record {id: $id})-[:HAS_EVENT]->(e)
WITH e ORDER BY e.n
RETURN e{.at, .by, .command, .from_state, .to_state, .reason} AS e
"""
_OF_CIS = """
UNWIND $ids AS id MATCH (c:CI {id: id})<-[:AFFECTS]-(r:Record)
RETURN c.id AS ci, properties(r) AS r, [(r)-[:AFFECTS]->(x:CI) | x.id] AS cis ORDER BY r.serial DESC
"""


def _record(row: Mapping[str, Any]) -> Record:
    properties = row["r"]
    fields: dict[str, Value] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in properties.items() if k not in _BASE | {"serial"}
    }
    base = {k: properties[k] for k in _BASE}
    return Record(**base, cis=tuple(sorted(row["cis"])), fields=fields)


def _stored(fields: Mapping[str, Value]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in fields.items()}


class Records:
    """Process records in the graph. Of a view those are there that are about a CI it shows."""

    def __init__(self, bolt: Bolt) -> None:
        self._bolt = bolt

    def create_record(self, kind: RecordType, decision: Decision, actor: str, now: str, command: str) -> Record:
        """Open a record about `decision.cis`, numbered in order; every CI must exist."""
        cis = tuple(dict.fromkeys(decision.cis or ()))

        def work(run: Run) -> Record:
            lock = run(facts.LOCK, {})[0]
            serial = run(_NUMBER, {"prefix": kind.prefix})[0]["last"]
            base: dict[str, Any] = {
                "id": new_id("rec"),
                "number": f"{kind.prefix}-{serial}",
                "type": kind.name,
                "state": decision.state,
                "rev": 1,
                "opened_by": actor,
                "opened_at": now,
            }
            properties = {**_stored(decision.fields), **base, "serial": serial}
            found = run(_CREATE, {"properties": properties, "label": kind.name, "cis": list(cis)})
            if (found[0]["found"] if found else 0) != len(cis):
                raise UnknownName("one of the CIs does not exist", where="cis")
            record = Record(**base, cis=tuple(sorted(cis)), fields=decision.fields)
            self._note(run, lock, record, None, decision, actor, now, command)
            return record

        return self._bolt.write(work)

    def advance(self, record: Record, decision: Decision, actor: str, now: str, command: str) -> Record:
        """Move a record on from exactly the revision the caller saw."""

        def work(run: Run) -> Record:
            lock = run(facts.LOCK, {})[0]
            parameters = {"id": record.id, "rev": record.rev, "state": decision.state}
            rows = run(_ADVANCE, {**parameters, "fields": _stored(decision.fields)})
            if not rows:
                raise Conflict(f"{record.number} was changed by somebody else meanwhile: look again, then decide")
            after = _record(rows[0])
            self._note(run, lock, after, record.state, decision, actor, now, command)
            return after

        return self._bolt.write(work)

    @staticmethod
    def _note(
        run: Run, lock: Mapping[str, Any], record: Record, before: str | None, decision: Decision,
        actor: str, now: str, command: str,
    ) -> None:  # fmt: skip
        run(
            _EVENT,
            {
                "id": record.id,
                "at": now,
                "by": actor,
                "command": command,
                "from_state": before,
                "to_state": record.state,
                "reason": decision.reason,
            },
        )
        ops = [{"op": command, "record": record.id, "fields": _stored(decision.fields), "to": record.state}]
        summary = f"{record.number}: {decision.reason}"
        journal(run, lock, now, actor=actor, kind=record.type, summary=summary, ops=ops)

    def record(self, kind: str, name: str) -> Record:
        """One record by number or id."""
        rows = self._bolt.read(lambda run: run(_ONE, {"type": kind, "name": name, "whole": self._bolt.whole}))
        if not rows:
            raise UnknownName(f"there is no {kind} {name!r}")
        return _record(rows[0])

    def records(self, kind: str, state: str | None = None, first: int = 50, after: int | None = None) -> list[Record]:
        """Records, newest first; `after` is the serial (the digits of the number) of the last one seen."""
        parameters = {"type": kind, "state": state, "first": first, "after": after, "whole": self._bolt.whole}
        return [_record(row) for row in self._bolt.read(lambda run: run(_MANY, parameters))]

    def history(self, record_id: str) -> list[dict[str, Any]]:
        """Every transition in order: at, by, command, from_state, to_state, reason."""
        return [row["e"] for row in self._bolt.read(lambda run: run(_HISTORY, {"id": record_id}))]

    def records_of(self, cis: Collection[str]) -> dict[str, list[Record]]:
        """The records about each CI, newest first. One round trip for many CIs."""
        found: dict[str, list[Record]] = {ci: [] for ci in cis}
        for row in self._bolt.read(lambda run: run(_OF_CIS, {"ids": list(cis)})):
            found[row["ci"]].append(_record(row))
        return found
