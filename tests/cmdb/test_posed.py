"""A proposed state is what the graph is once its commands are carried out, whatever is asked; and nothing is written.

Each step of a random life draws a proposal, asks everything of it, carries the same commands out, and asks again, also
for the proposal on top of the moment before. EPICENTRE_TEST_CASES asks for more steps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

import pytest
from support.reports import NOW

from cmdb.classes import catalogue
from cmdb.cypher import And, Compare, Filter, Not, Or
from cmdb.cypher.around import Way
from cmdb.cypher.filters import Direction, Related
from cmdb.errors import Conflict, EpicentreError, Invalid, Refused, UnknownName
from cmdb.history import Change
from cmdb.projection import Overlay
from cmdb.projection.overlay import NEW
from cmdb.projection.written import read
from cmdb.store import By, EdgeRow, Posed, Row, Store

pytestmark = pytest.mark.neo4j

STEPS = int(os.environ.get("EPICENTRE_TEST_CASES", "1"))
BY = By("ann", NOW, "as tests need it")
LIVE = Compare("status", "eq", "live")
WAYS: tuple[Way, Way] = ("in", "out")
NAMES = ("a-", "b-shop", "host-0", "alpha")
WORDS = ("high", "low", None)
FILTERS: tuple[Filter, ...] = (
    LIVE,
    And((LIVE, Compare("criticality", "eq", "high"))),
    Not(Compare("criticality", "null", True)),
    Related("DEPENDS_ON", "out", Compare("criticality", "eq", "high")),
    Related(None, "in", Related("USES", "out", LIVE)),
    And((LIVE, Related(None, "out", And(()), none=True))),
    Or((Compare("name", "prefix", "b"), Compare("tags", "eq", "env:prod"))),
)
ORDERS: tuple[tuple[tuple[str, Direction], ...], ...] = (
    (("class", "asc"), ("name", "desc")),
    (("criticality", "desc"), ("name", "asc")),
)
COUNTED = (("class", None), ("status", None), ("attribute", "criticality"), ("attribute", "tags"))
UNLIKE = {"rev", "first_seen", "valid_from", "search", "as_of", "_posed"}
"""What a proposed row cannot know, or says of itself."""


class Life:
    """A store as it goes on, and what may be proposed for it next."""

    def __init__(self, store: Store, number: int) -> None:
        self.store, self.random, self.made = store, Random(number), 0
        first = [self.store.create_ci("Host", f"host-{n}", {"fqdn": f"host-{n}.example.org"}, BY).ci for n in range(2)]
        for n, host in enumerate(first):
            self.store.create_ci("Service", f"daemon-{n}", {"kind": "systemd"}, BY, parent=host)
        for name in ("b-shop", "b-crm", "b-mail"):
            self.store.create_ci("Application", name, {"criticality": "high"}, BY, tags=["env:prod"])

    def name(self) -> str:
        """One that nobody has had."""
        self.made += 1
        return f"{self.random.choice('abc')}-{self.made} {self.random.choice(('alpha', 'beta'))}"

    def proposal(self) -> dict[str, Any]:
        """Steps that fit, as JSON."""
        rows = {row["id"]: row for row in self.store.find(None, LIVE, first=100)}
        edges = self.store.edges(list(rows), "out")
        gone = self.random.sample(sorted(rows), self.random.choice((0, 0, 1)) if len(rows) > 6 else 0)
        staying = [ci for ci in sorted(rows) if ci not in gone and rows[ci].get("parent") not in gone]
        create = [self._new(n, [ci for ci in staying if rows[ci]["class"] == "Host"]) for n in range(2)]
        classes = {ci: rows[ci]["class"] for ci in staying} | {one["id"]: one["class"] for one in create}
        taken = {(e.type, e.source, e.target) for e in edges}
        loose = [e for e in edges if e.type != "RUNS_ON"]
        closed = self.random.sample(loose, min(len(loose), self.random.choice((0, 1, 2))))
        pairs = [self.random.sample(sorted(classes), 2) for _ in range(4)]
        add = {
            (kind, a, b) for a, b in pairs for kind in [self.random.choice(("DEPENDS_ON", "USES"))]
            if catalogue().joins(catalogue().relation(kind), classes[a], classes[b]) and (kind, a, b) not in taken
        }  # fmt: skip
        changed = [ci for ci in staying if rows[ci]["class"] == "Application"]
        return {
            "create": create, "retire": gone,
            "set": [self._values(ci) for ci in changed[: self.random.choice((0, 1, 2))]],
            "add": [{"type": kind, "from": a, "to": b} for kind, a, b in sorted(add)],
            "close": [{"type": e.type, "from": e.source, "to": e.target} for e in closed],
        }  # fmt: skip

    def _new(self, number: int, hosts: Sequence[str]) -> dict[str, Any]:
        one: dict[str, Any] = {"id": f"{NEW}{number}", "name": self.name()}
        if hosts and self.random.random() < 0.4:
            parent = self.random.choice(hosts)
            return {**one, "class": "Service", "parent": parent, "attributes": {"kind": "systemd"}}
        tags = self.random.choice(([], ["env:prod", "a:b"]))
        values = {"criticality": self.random.choice(WORDS), "recoveryTimeMin": self.random.randint(1, 9)}
        return {**one, "class": "Application", "attributes": values, "tags": tags, "extra": {"cost_centre": "7"}}

    def _values(self, ci: str) -> dict[str, Any]:
        values = {"criticality": self.random.choice(WORDS), "name": self.name()}
        return {"ci": ci, "attributes": values, "extra": {"floor": self.random.choice((1, 2))}}

    def carry_out(self, given: Mapping[str, Any]) -> dict[str, str]:
        """By commands, one by one; the real ids of what was new."""
        store, overlay, real = self.store, read(given), dict[str, str]()
        for one in overlay.create:
            beside: dict[str, Any] = {"tags": one.tags, "extra": one.extra, "parent": one.parent}
            real[one.id] = store.create_ci(one.cls, one.name, one.attributes, BY, **beside).ci
        for edge in overlay.close:
            store.unlink_cis(edge.type, edge.source, edge.target, BY)
        for edge in overlay.add:
            store.link_cis(edge.type, real.get(edge.source, edge.source), real.get(edge.target, edge.target), BY)
        for one_ in overlay.change:
            store.update_ci(one_.ci, None, one_.attributes, BY, extra=one_.extra)
        for ci in sorted(overlay.retire):
            store.retire_ci(ci, None, BY)
        return real


def row(one: Row, real: Mapping[str, str]) -> dict[str, Any]:
    """A CI with its real ids, without what a proposed one cannot know."""
    return {
        name: real.get(value, value) if name in {"id", "parent"} else value
        for name, value in one.items() if name not in UNLIKE
    }  # fmt: skip


def hop(edge: EdgeRow, real: Mapping[str, str]) -> tuple[str, str, str]:
    """An edge with its real ids."""
    return edge.type, real.get(edge.source, edge.source), real.get(edge.target, edge.target)


def listed(of: Store | Posed, real: Mapping[str, str], at: int | None, pick: int) -> dict[str, Any]:
    """Some of the lists in pages, with their totals, and counts."""
    found: dict[str, Any] = {}
    for n in {(pick + 4) % len(FILTERS)}:
        where, order = FILTERS[n], ORDERS[n % len(ORDERS)]
        rows: list[Row] = []
        after: list[Any] | None = None
        while len(page := of.find(None, where, order, 4, after, at)) > 4:
            rows, after = [*rows, *page[:4]], [*(page[3].get(name) for name, _ in order), page[3]["id"]]
        rows += page
        assert of.count(None, where, at) == len(rows)
        found[f"list {n}"] = [row(one, real) for one in rows]
    found["applications"] = [row(one, real) for one in of.find("Application", LIVE, (("name", "asc"),), 100, None, at)]
    for by, attribute in COUNTED[pick % 4 :: 4]:
        found[f"count {by} {attribute}"] = of.counts_by(by, attribute, None, LIVE, 50, None, {}, at)
    return found


def paged(fetch: Callable[[Any], list[Any]], size: int, place: Callable[[Any], Sequence[str]]) -> list[Any]:
    """All pages one after the other, each of which says by one row more that another follows."""
    rows: list[Any] = []
    after: Sequence[str] | None = None
    while len(page := fetch(after)) > size:
        rows, after = [*rows, *page[:size]], place(page[size - 1])
    return [*rows, *page]


def _among(one: Row) -> Sequence[str]:
    return one["class"], one["name"], one["id"]


def _edge(one: EdgeRow) -> Sequence[str]:
    return one.place


def _inside_of(of: Store | Posed, ci: str, at: int | None, after: Any) -> list[Row]:
    return of.children([ci], 2, after, None, at)[ci]


def _edges_of(of: Store | Posed, ci: str, way: Way, at: int | None, after: Any) -> list[EdgeRow]:
    return of.edges_of([ci], way, 2, after, None, at)[ci]


def around(of: Store | Posed, ids: Sequence[str], real: Mapping[str, str], at: int | None, pick: int) -> dict[str, Any]:
    """Neighbours, ways, what is inside, and names."""
    back = {new: old for old, new in real.items()} if isinstance(of, Posed) else {}
    mine = [back.get(ci, ci) for ci in ids]
    found: dict[str, Any] = {way: sorted(hop(e, real) for e in of.edges(mine, way, None, at)) for way in ("in", "out")}
    inside = {ci: paged(partial(_inside_of, of, ci, at), 2, _among) for ci in mine}
    found["inside"] = {ci: [row(one, real) for one in inside[own]] for ci, own in zip(ids, mine, strict=True)}
    for way in WAYS:
        edges = [e for ci in mine for e in paged(partial(_edges_of, of, ci, way, at), 2, _edge)]
        assert sorted(hop(e, real) for e in edges) == found[way], "pages together are the whole"
    for source, target in zip(mine[-1:], mine[:1], strict=True):
        ways = of.paths(source, target, 10, 8, at)
        path = of.path(source, target, 8, at)
        assert (len(path) if path else None) == (len(ways.paths[0]) if ways.paths else None)
        found[f"ways {real.get(source, source)}"] = sorted([hop(e, real) for e in way] for way in ways.paths)
    for name in NAMES[pick % 4 :: 4]:
        found[f"named {name}"] = [row(one, real) for one in of.resolve(name, None, 50, retired=True, at=at)]
    return found


def searched(of: Store | Posed, real: Mapping[str, str]) -> dict[str, Any]:
    """By words, page by page."""
    found: dict[str, Any] = {}
    for text in ("alp",):
        rows: list[Row] = []
        after: tuple[str, str] | None = None
        while len(page := of.search(text, 2, after)) > 2:
            rows, after = [*rows, *page[:2]], (page[1]["name"], page[1]["id"])
        found[text] = [row(one, real) for one in [*rows, *page]]
    return found


def broken(of: Store | Posed, ids: Sequence[str], real: Mapping[str, str], at: int | None) -> dict[str, Any]:
    """Whom a failure reaches, with names, and by which edges; and what they need themselves."""
    back = {new: old for old, new in real.items()} if isinstance(of, Posed) else {}
    mine = [back.get(ci, ci) for ci in ids]
    part = of.reached(mine) if isinstance(of, Posed) else of.reach(mine, at)
    nodes = {real.get(ci, ci): row(one, real) for ci, one in part.nodes.items()}
    below = of.needed(mine) if isinstance(of, Posed) else of.needed(mine, at)
    needed = {real.get(ci, ci) for ci in below.nodes}, sorted(hop(e, real) for e in below.edges), below.outages
    return {"nodes": nodes, "edges": sorted(hop(e, real) for e in part.edges), "cut": part.truncated, "below": needed}


def differences(changes: Sequence[Change], real: Mapping[str, str]) -> dict[str, Any]:
    """What became of each CI, with its real id."""

    def ends(edges: Sequence[Any]) -> list[tuple[str, str, str]]:
        return sorted((e.type, real.get(e.source, e.source), real.get(e.target, e.target)) for e in edges)

    return {
        real.get(one.ci, one.ci): (
            one.what, {(a.attribute, str(a.before), real.get(str(a.after), str(a.after))) for a in one.attributes},
            ends(one.opened), ends(one.closed),
        )
        for one in changes
    }  # fmt: skip


def test_a_proposed_state_is_the_state_after_its_commands(store: Store) -> None:
    """Lists, totals, counts, neighbours, ways, names, searches, what breaks and what differs; nothing is written."""
    life = Life(store, 7)
    for pick in range(STEPS):
        given, before, lines = life.proposal(), store.sequence(), store.lines()
        posed = store.posed(read(given), None, NOW)
        none: dict[str, str] = {}
        seen = (posed.find(None, LIVE, first=100), posed.differences(), searched(posed, none))
        assert (store.sequence(), store.lines()) == (before, lines)
        real = life.carry_out(given)
        gone = {ci for ci, state in posed.proposal.states.items() if state["status"] == "retired"}
        ids = [one["id"] for one in store.find(None, LIVE, first=100)]
        assert sorted(row(one, real)["id"] for one in seen[0]) == sorted(ids)
        told = store.difference(before, store.sequence(), None, None, 100)
        assert differences([change for change, _ in seen[1]], real) == differences(told.changes, none)
        then = store.posed(read(given), before, NOW)
        asked = list(dict.fromkeys([*life.random.sample(ids, 2), *list(real.values())[:1]]))
        wanted = {**listed(store, none, None, pick), **around(store, asked, none, None, pick)}
        assert {**listed(then, real, before, pick), **around(then, asked, real, before, pick)} == wanted
        assert broken(then, asked, real, before) == broken(store, asked, none, None)
        assert gone.isdisjoint(ids)
        now_found = {text: [{**one, "id": ""} for one in rows] for text, rows in searched(store, none).items()}
        assert {t: [{**one, "id": ""} for one in rows] for t, rows in seen[2].items()} == now_found


def refused(store: Store, given: Mapping[str, Any]) -> EpicentreError:
    """Why it is."""
    with pytest.raises(EpicentreError) as error:
        store.posed(read(given), None, NOW)
    return error.value


def test_what_does_not_fit_the_graph_is_refused(store: Store) -> None:
    """Retired ends, unknown attributes, required ones taken, a second place, and an address that nobody writes."""
    life = Life(store, 9)
    ids = {one["name"]: one["id"] for one in store.find(None, first=100)}
    old = store.create_ci("Application", "old", {}, BY).ci
    store.retire_ci(old, None, BY)
    sites = [store.create_ci("Site", name, {"code": name}, BY).ci for name in ("north", "south")]
    store.link_cis("LOCATED_IN", ids["host-0"], sites[0], BY)
    moved = {"type": "LOCATED_IN", "from": ids["host-0"], "to": sites[1]}
    inner = store.create_ci("Service", "inner", {"kind": "program"}, BY, parent=ids["daemon-0"]).ci
    nest = {"type": "RUNS_ON", "from": ids["daemon-0"], "to": inner}
    new = {"id": "new:in", "class": "Service", "name": "in", "attributes": {"kind": "program"}, "parent": inner}
    cases: list[tuple[dict[str, Any], type[EpicentreError], str]] = [
        ({"add": [{"type": "USES", "from": ids["b-shop"], "to": old}]}, Conflict, "retired already"),
        ({"retire": [old]}, Conflict, "retired already"),
        ({"set": [{"ci": ids["b-shop"], "attributes": {"colour": "red"}}]}, UnknownName, "no such attribute"),
        ({"set": [{"ci": ids["daemon-0"], "attributes": {"kind": None}}]}, Invalid, "needs kind"),
        ({"set": [{"ci": ids["b-shop"], "attributes": {"recoveryTimeMin": "soon"}}]}, Invalid, "expected int"),
        ({"add": [moved]}, Conflict, "more than one LOCATED_IN"),
        ({"set": [{"ci": "ci_none", "attributes": {"name": "x"}}]}, UnknownName, "there is no CI 'ci_none'"),
        ({"add": [nest]}, Invalid, "inner in daemon-0: daemon-0 cannot be inside of what is inside of it"),
        ({"create": [new], "add": [{**nest, "to": "new:in"}]}, Invalid, "inner in daemon-0 in in: in cannot be inside"),
        ({"create": [{"id": "new:e", "class": "Endpoint", "name": "tcp://10.0.0.1:1"}]}, Refused, "nobody writes it"),
    ]
    for given, kind, said in cases:
        error = refused(store, given)
        assert isinstance(error, kind) and said in error.message, error.message
    onto = {"type": "LOCATED_IN", "from": ids["host-0"], "to": sites[0], "newTo": sites[1]}
    away = {"type": "RUNS_ON", "from": inner, "to": ids["daemon-0"]}
    assert store.posed(read({"add": [nest], "close": [away]}), None, NOW)  # the other way round is no ring
    found = store.posed(read({"repoint": [onto]}), None, NOW).edges([ids["host-0"]], "out")
    assert [(e.type, e.target) for e in found] == [("LOCATED_IN", sites[1])]
    assert life.store.posed(Overlay(), None, NOW).count(None, LIVE) == store.count(None, LIVE)
