"""One batch of import rows against the graph: who is who, in as few questions as there are levels of parents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cmdb import identity
from cmdb.claims import NAME
from cmdb.classes import catalogue
from cmdb.cypher import imports as cypher
from cmdb.cypher import nest
from cmdb.errors import Conflict, Invalid, UnknownName
from cmdb.identity import Candidate
from cmdb.imports import Batch, EdgeRow, End, Found, NodeRow, Seen, Who, who
from cmdb.imports.who import by_place, key_of
from cmdb.plan import Plan
from cmdb.reconcile import KnownCI
from cmdb.reconcile.known import EdgeKey
from cmdb.store import loading
from cmdb.store.session import Run
from cmdb.words import Value

Row = NodeRow | EdgeRow


class Wave:
    """Looks up, identifies and plans. `names` says what refs and ids stand for, and grows."""

    def __init__(self, run: Run, batch: Batch, rows: Sequence[Row], names: dict[str, End]) -> None:
        self._run, self._batch, self.names = run, batch, names
        self._nodes = [row for row in rows if isinstance(row, NodeRow)]
        self._edges = [row for row in rows if isinstance(row, EdgeRow)]
        self._seen, self._made, self._touched = Seen(), set[str](), set[str]()
        self._own: dict[str, str] = {}
        self._retired: dict[str, str] = {}
        self._called: dict[str, str] = {}
        self._merged: set[str] = set()
        self.later: list[Row] = []

    def settle(self) -> Plan:
        """The plan of the batch."""
        self._look_up_names()
        todo, here = self._nodes, {row.ref for row in self._nodes if row.ref is not None}
        while todo:
            ready = [r for r in todo if r.parent is None or r.parent in self.names or r.parent not in here]
            self._level(ready or todo)
            done = {row.n for row in ready or todo}
            todo = [row for row in todo if row.n not in done]
            here = {row.ref for row in todo if row.ref is not None}
        for edge in self._edges:
            self._edge(edge)
        keys = [key for key in self._batch.edges.wanted if not self._made & {key[1], key[2]}]
        rows = self._run(*cypher.edges(keys)) if keys else []
        known = loading.edges_of(rows)
        self._nest({edge.key for edge in known})
        return self._batch.plan(known)

    def _nest(self, known: Collection[EdgeKey]) -> None:
        """What holds those that something is newly put into; what this batch makes is held by its rows alone."""
        held = self._batch.edges.held(known)
        if any(source.id not in self._made for source, _ in held):
            ids = sorted({target.id for _, target in held} - self._made)
            for row in self._run(*nest.above(ids, self._batch.at - 1)):
                self._batch.edges.nest.know(row["type"], End(*row["source"]), End(*row["target"]))

    # --- names ---------------------------------------------------------------------------------------------

    def _look_up_names(self) -> None:
        """What the graph knows of refs and ids, and of parents and ends that this call has not said itself."""
        wanted = {text for row in self._edges for text in (row.source, row.target)}
        wanted |= {row.parent for row in self._nodes if row.parent is not None}
        wanted -= set(self.names)
        wanted |= {text for row in self._nodes for text in (row.ref, row.id) if text is not None}
        if not (names := sorted(wanted)):
            return
        rows = self._winners(self._run(cypher.NAMED, {"names": names, "scope": self._batch.scope}))
        ours = {row.ref for row in self._nodes}
        for row in sorted(rows, key=lambda r: (-r["rank"], r["status"] == "live", r["since"], r["id"])):
            called, end = row["called"], End(row["id"], row["class"], row["name"])
            self._own[called] = end.id
            if row["status"] != "live":
                self._retired[called] = end.name
            elif called not in ours:  # a row of this batch says itself what it is
                self.names[called] = end

    def _winners(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """With what merged CIs went into in their place. No round trip where the source named none of them."""
        went = {row["id"] for row in rows if row["rank"] == 2}
        self._merged |= {row["called"] for row in rows if row["rank"] == 2}
        into = {old: {"id": ci.id, "class": ci.cls, "name": ci.name, "status": ci.status}
                for old, ci in self._load(went).items()}  # fmt: skip
        return [{**row, **into[row["id"]]} if row["rank"] == 2 and row["id"] in into else row for row in rows]

    def _end(self, called: str, where: str) -> End:
        if called in self.names:
            return self.names[called]
        if called in self._retired:
            raise Conflict(f"{self._retired[called]} ({called}) is retired")
        raise UnknownName(f"no row and no CI is called {called!r}, or its own row was refused", where=where)

    # --- CIs -----------------------------------------------------------------------------------------------

    def _level(self, rows: Sequence[NodeRow]) -> None:
        ready: list[tuple[NodeRow, End | None]] = []
        for row in rows:
            try:
                ready.append((self._by_id(row), None if row.parent is None else self._end(row.parent, "parent")))
            except (Invalid, Conflict) as error:
                self._batch.refuse(row, error)
        found = self._find(ready)
        known: list[tuple[NodeRow, End | None, Who]] = []
        for row, parent in ready:
            try:
                self._one(row, parent, found, known)
            except (Invalid, Conflict) as error:
                self._batch.refuse(row, error)
        cis = self._load({str(one.ci) for _, _, one in known})
        for row, parent, one in known:
            self._known(row, parent, one, cis.get(str(one.ci)))

    def _by_id(self, row: NodeRow) -> NodeRow:
        """A ref that is an id of this graph means that CI: so what was exported here comes back to itself."""
        if row.id is not None and self._own.get(row.id) != row.id:
            raise UnknownName(f"there is no CI {row.id!r}", where="id")
        return replace(row, id=row.ref) if row.ref is not None and self._own.get(row.ref) == row.ref else row

    def _one(
        self, row: NodeRow, parent: End | None, found: Found, known: list[tuple[NodeRow, End | None, Who]]
    ) -> None:
        cls = catalogue().cls(row.cls)
        above = None if parent is None else parent.id
        if row.ref is not None and row.ref in self.names:  # an earlier row of this call named it so
            found = replace(found, refs={row.n: self.names[row.ref].id})
        one = who(cls, row, above, found, self._seen)
        if one.held:
            self._batch.refuse(row, Conflict(f"{one.reason}: say which one you mean, by its id"), one)
        elif one.ci is None:
            end = self._batch.create(row, parent, one)
            self._made.add(end.id)
            self._touch(end.id, row)
            self._name(row, end)
            if by_place(cls):
                self._seen.put(cls.name, above, key_of(cls, row), end.id)
            else:
                self._seen.add(cls, end.id, row.attributes)
        elif one.ci in self._touched:
            self._check_called(row, one, one.ci)
            self.later.append(row)
            self._name(row, End(one.ci, row.cls, row.name or row.cls))
        else:
            self._touch(one.ci, row)
            known.append((row, parent, one))

    def _known(self, row: NodeRow, parent: End | None, one: Who, was: KnownCI | None) -> None:
        try:
            if was is None:
                raise UnknownName(f"there is no CI {one.ci!r}", where="id")
            self._check_called(row, one, was.id)
            if row.ref in self._merged and self._called.get(was.id, row.ref) != row.ref:
                self._batch.yields(row, one, was, self._called[was.id])
            else:
                self._batch.update(row, parent, one, was)
            self._name(row, End(was.id, was.cls, was.name))
        except (Invalid, Conflict) as error:
            self._batch.refuse(row, error, one)
            if row.ref is not None:
                self.names.pop(row.ref, None)  # an earlier batch may have taken it for granted

    def _touch(self, ci: str, row: NodeRow) -> None:
        self._touched.add(ci)
        if row.ref is not None and row.ref not in self._merged:
            self._called[ci] = row.ref

    def _check_called(self, row: NodeRow, one: Who, ci: str) -> None:
        """A source that has two names sees two things, whatever their keys say: they are not made one unasked."""
        called = self._called.get(ci)
        if row.ref is None or row.id is not None or row.ref in self._merged:
            return
        if called in {None, row.ref, ci}:  # our id, as an export has it, is no name that the source gave
            return
        raise Conflict(
            f"{ci} is {one.reason}, but this source calls it {called!r} and this row {row.ref!r}, so it sees two"
            f" things: correct what they share, or if they are one, write {ci} into the row as its id"
        )

    def _name(self, row: NodeRow, end: End) -> None:
        if row.ref is not None:
            self.names[row.ref] = end

    def _load(self, ids: Collection[str]) -> dict[str, KnownCI]:
        """CIs by the id they were asked for; one that was merged away stands for its winner."""
        rows = self._run(cypher.CIS, {"ids": sorted(ids), "scope": self._batch.scope}) if ids else []
        self._called |= {r["ci"]["id"]: r["ref"] for r in rows if r["ref"] is not None}
        went = {r["ci"]["id"]: r["ci"]["merged_into"] for r in rows if r["ci"].get("merged_into")}
        found = {r["ci"]["id"]: loading.known_ci(r["ci"], r["claims"]) for r in rows}
        return found | ({old: ci for old, new in went.items() if (ci := self._load([new]).get(new))} if went else {})

    # --- who is who ----------------------------------------------------------------------------------------

    def _find(self, ready: Sequence[tuple[NodeRow, End | None]]) -> Found:
        placed: list[dict[str, Any]] = []
        ruled: defaultdict[str, list[NodeRow]] = defaultdict(list)
        for row, parent in ready:
            cls = catalogue().cls(row.cls)
            key = row.key or row.name
            if row.id is not None or (parent is not None and parent.id in self._made and by_place(cls)):
                continue
            if not by_place(cls):
                ruled[cls.name].append(row)
            elif key is not None:
                above = None if parent is None else parent.id
                placed.append({"n": row.n, "parent": above, "key": key, "class": cls.name})
        refs = {r.n: self._own[r.ref] for r, _ in ready if r.ref is not None and r.ref in self._own}
        return Found(refs, dict(self._places(placed)), self._candidates(ruled))

    def _places(self, placed: Sequence[dict[str, Any]]) -> Iterable[tuple[int, str]]:
        inside = [row for row in placed if row["parent"] is not None]
        roots = [row for row in placed if row["parent"] is None]
        for statement, rows in ((cypher.PLACES, inside), (cypher.ROOTS, roots)):
            for row in self._run(statement, {"rows": rows}) if rows else []:
                yield row["n"], row["id"]

    def _candidates(self, ruled: Mapping[str, Sequence[NodeRow]]) -> dict[int, list[Candidate]]:
        found: defaultdict[int, dict[str, Candidate]] = defaultdict(dict)
        for name, rows in ruled.items():
            cls, family = catalogue().cls(name), catalogue().lineage(name)[-1]
            wanted = (*identity.identity_keys(cls), "virtualisation")
            clean = [(r.n, identity.keys_of(cls, r.attributes)[0], r.attributes) for r in rows]
            for rule in cls.identity:
                own = catalogue().cls(family)
                label = family if all(own.attribute(k) or k == NAME for k in rule.keys) else cls.name
                statement = cypher.candidates(label, cls, rule, clean)
                for row in self._run(*statement) if statement is not None else []:
                    ci = row["merged"] or row["id"]
                    values: dict[str, Value] = {k: _plain(row["attributes"].get(k)) for k in wanted}
                    values[NAME] = row["attributes"]["name"]
                    found[row["n"]].setdefault(row["id"], Candidate(ci, values))
        return {n: list(some.values()) for n, some in found.items()}

    # --- edges ---------------------------------------------------------------------------------------------

    def _edge(self, row: EdgeRow) -> None:
        try:
            source, target = self._end(row.source, "from"), self._end(row.target, "to")
            if self._batch.edges.has((row.type, source.id, target.id)):
                self.later.append(row)
            else:
                self._batch.edge(row, source, target)
        except (Invalid, Conflict) as error:
            self._batch.refuse(row, error)


def _plain(value: Any) -> Value:
    return tuple(value) if isinstance(value, list) else value
