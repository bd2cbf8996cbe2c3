"""The first load of an empty graph: the plans of `imports` written as files for Neo4j's offline importer.

What stands in the graph afterwards is what the same rows would have made through transactions: the same properties,
scopes, claims, traces and journal entries. Only nothing has to be looked up, since there is nothing yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cmdb.classes import catalogue
from cmdb.commands import Nest
from cmdb.cypher import facts
from cmdb.cypher.facts import Step
from cmdb.errors import Conflict, Invalid, UnknownName
from cmdb.imports import (
    Batch,
    EdgeRow,
    End,
    Found,
    NodeRow,
    Outcome,
    Seen,
    Unread,
    scope_of,
    who,
)  # fmt: skip
from cmdb.imports.who import by_place, key_of
from cmdb.store.commands import By
from cmdb.store.csvs import Csvs
from cmdb.store.facts import entry, new_ids

Row = NodeRow | EdgeRow | Unread


class FirstLoad:
    """Takes batches of rows, parents before what is inside them and CIs before edges, and writes files.

    It remembers what identifies each CI, so its memory grows with them.
    """

    def __init__(self, folder: Path, source: str, by: By) -> None:
        self._scope, self._by = scope_of(source), by
        self.csvs = Csvs(folder)
        self._seen, self._names = Seen(), dict[str, End]()
        self._new_id = new_ids()
        self._edges: set[int] = set()
        self._nest = Nest(catalogue())
        self._seq, self._hash, self._scoped = 0, "", False
        self.made = {"cis": 0, "edges": 0, "entries": 0}

    def take(self, rows: Sequence[Row]) -> list[Outcome]:
        """One batch: one journal entry, unless nothing of it is right."""
        batch = Batch(self._scope, self._seq + 1, catalogue(), self._new_id, nest=self._nest)
        for row in rows:
            if isinstance(row, Unread):
                batch.outcomes[row.n] = Outcome(row.n, "row", "invalid", None, row.reason)
                continue
            try:
                self._node(batch, row) if isinstance(row, NodeRow) else self._edge(batch, row)
            except (Invalid, Conflict) as error:
                batch.refuse(row, error)
        self._write(batch)
        return [batch.outcomes[n] for n in sorted(batch.outcomes)]

    def close(self) -> dict[str, list[Path]]:
        """All files, for `Engine.import_files`."""
        self.csvs.journal(self._seq, self._hash, self._by.now)
        return self.csvs.close()

    # --- rows ----------------------------------------------------------------------------------------------

    def _node(self, batch: Batch, row: NodeRow) -> None:
        if row.id is not None:
            raise UnknownName(f"there is no CI {row.id!r} in an empty graph", where="id")
        parent = None if row.parent is None else self._end(row.parent, "parent")
        cls, above = catalogue().cls(row.cls), None if parent is None else parent.id
        one = who(cls, row, above, Found(), self._seen)
        if one.held or one.ci is not None:
            why = one.reason if one.held else f"{one.reason} as {one.ci}, which another row has made"
            batch.refuse(row, Conflict(f"{why}: a first load takes each CI once, a later import changes it"), one)
            return
        if row.ref is not None and row.ref in self._names:
            raise Conflict(f"another row is called {row.ref!r} already")
        end = batch.create(row, parent, one)
        if row.ref is not None:
            self._names[row.ref] = end
        if by_place(cls):
            self._seen.put(cls.name, above, key_of(cls, row), end.id)
        else:
            self._seen.add(cls, end.id, row.attributes)
        if parent is not None and cls.contained_by and row.inside:
            self._edges.add(hash((cls.contained_by, end.id, parent.id)))

    def _edge(self, batch: Batch, row: EdgeRow) -> None:
        source, target = self._end(row.source, "from"), self._end(row.target, "to")
        key = hash((row.type, source.id, target.id))
        if key in self._edges:
            raise Conflict("this edge is there already, by another row or as the way to its parent")
        batch.edge(row, source, target)
        self._edges.add(key)

    def _end(self, called: str, where: str) -> End:
        end = self._names.get(called)
        if end is None:
            raise UnknownName(f"no row is called {called!r}, or it was refused", where=where)
        return end

    # --- files ---------------------------------------------------------------------------------------------

    def _write(self, batch: Batch) -> None:
        plan = batch.plan(())
        if plan.scopes is None:
            return
        self._seq += 1
        source = self._scope.partition("/")[0]
        _, steps = facts.apply([Step(plan, source, self._seq)], self._by.now)
        for row in steps["create"]:
            self.csvs.ci(row)
        for row in steps["open"]:
            self.csvs.edge(row)
        notes = {one["ci"]: one for one in batch.stored_traces()}
        for row in steps["claims"]:
            note = notes.get(row["ci"], {})
            self.csvs.claim({**row, "since": self._seq, "trace": note.get("trace"), "ref": note.get("ref")})
        if not self._scoped:
            self.csvs.scope(steps["scopes"][0])
            self._scoped = True
        self.made["cis"] += len(plan.create)
        self.made["edges"] += len(plan.open)
        self.made["entries"] += 1
        summary = f"{source}: {plan.summary()}" + (f": {self._by.reason}" if self._by.reason else "")
        made = entry(
            self._seq, self._hash, self._by.now, time=self._by.now, actor=self._by.actor, kind="import",
            summary=summary, ops=plan.operations(),
        )  # fmt: skip
        self.csvs.change(made)
        self._hash = made["hash"]
