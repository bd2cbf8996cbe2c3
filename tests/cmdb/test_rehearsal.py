"""A rehearsed report says what applying it then does: from reads alone, in few round trips."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from support.reports import NOW, host, network, report, service, services, sockets, uses
from support.round_trips import counting

from cmdb.errors import Invalid
from cmdb.imports.report import Around, outcomes
from cmdb.imports.rows import Outcome as RowOutcome
from cmdb.plan import Plan
from cmdb.store import By, Store
from cmdb.store.session import Bolt
from cmdb.words import Evidence, Ref, Section, Snapshot

pytestmark = [pytest.mark.neo4j, pytest.mark.timeout(300)]

NEO4J, SHOP = service("neo4j", 7687), service("shop", 443)
DELL = {"serial": "AAAA1111", "vendor": "Dell"}
BY = By("ann", NOW, "as the test needs it")


def many(count: int, complete: bool = True) -> Section:
    """So many services that to lose most of them is held."""
    return services(*(service(f"s{n}", 9000 + n) for n in range(count)), complete=complete)


def first(node: str = "nd_1") -> Snapshot:
    """A host with a database and a shop that uses it, and somewhere else."""
    seen = sockets(uses(SHOP, "127.0.0.1:7687"), uses(SHOP, "10.9.9.9:5432"))
    return report(1, host("web1", cpu_cores=4, **DELL), network("10.0.0.5"), services(NEO4J, SHOP), seen, node=node)


def again(seq: int, *sections: Section, **more: Any) -> Snapshot:
    """A later report of the same node."""
    return report(seq, *sections, **more)


SURE = Evidence("configuration", "shop.conf", 0.97)
HISTORY: tuple[Snapshot | Callable[[Store], object], ...] = (
    first(),
    again(2, host("web1", cpu_cores=8)),
    again(3, host("web1", cpu_cores=8, **DELL), network("10.0.0.5"), services(SHOP), sockets(uses(SHOP, "10.0.0.7:1"))),
    again(4, services(NEO4J, SHOP)),
    report(1, host("db"), network("10.0.0.7"), services(service("pg", 1), NEO4J), node="nd_2", boot="b2"),
    again(5, sockets(uses(SHOP, "10.0.0.7:1", SURE)), services(NEO4J, SHOP, complete=False)),
    report(1, host("web1", **DELL), services(NEO4J), node="nd_3", boot="b3"),
    report(3, network("10.0.0.7", "10.0.0.9"), node="nd_2", boot="b2"),
    again(6, host("web1", **DELL), network(), many(30), sockets()),
    again(7, many(2)),
    again(8, many(2)),
    lambda store: store.retire_ci(next(r["id"] for r in store.find("Host") if r["name"] == "db"), None, BY),
    report(4, host("db2"), services(NEO4J), node="nd_2", boot="b2"),
    lambda store: store.create_ci("Host", "imported", {"serial": "BBBB2222", "vendor": "Dell"}, BY),
    report(1, host("web9", serial="BBBB2222", vendor="Dell"), network("10.0.0.9"), node="nd_5", boot="b5"),
)


def applied(store: Store, snapshot: Snapshot) -> list[RowOutcome]:
    """What applying it did, looked up afterwards."""
    done = store.apply(snapshot, NOW)
    seen = Around() if done.plan is None else _around(store._bolt, snapshot, done.plan)
    return outcomes(snapshot, done.plan, done.verdict, done.summary, seen)


def _around(bolt: Bolt, snapshot: Snapshot, plan: Plan) -> Around:
    def ask(text: str, **given: Any) -> list[dict[str, Any]]:
        return bolt.read(lambda run: run(text, given))

    inside = ask("MATCH (c:CI {parent: $host}) RETURN c.class AS class, c.key AS key, c.id AS id", host=plan.host)
    ids = {Ref(r["class"], r["key"]): r["id"] for r in inside}
    was = "MATCH (n:CI) WHERE n.id IN $ids MATCH (v:Version)-[:OF]->(n) WHERE v.to = n.valid_from"
    before = {
        r["id"]: {k: tuple(v) if isinstance(v, list) else v for k, v in r["was"].items()}
        for r in ask(f"{was} RETURN n.id AS id, properties(v) AS was", ids=[ci.id for ci in plan.change])
    }
    mine = [plan.host, *ids.values(), *(e.source for e in plan.close), *(e.source for e in plan.reword)]
    opened, closed = [edge.id for edge in plan.open], [edge.id for edge in plan.close]
    rows = ask(
        """MATCH (n:CI) WHERE n.id IN $mine MATCH (n)-[e]->(t:CI)
        WHERE e.id IN $closed OR (e.valid_to IS NULL AND e.scope STARTS WITH $scope AND NOT e.id IN $opened)
        RETURN e.id AS id, n.id AS source, type(e) AS type, t.id AS target ORDER BY type, source, target""",
        mine=mine, closed=closed, opened=opened, scope=f"{snapshot.node}/",
    )  # fmt: skip
    names = ask("MATCH (n:CI) RETURN n.id AS id, n.class + ' ' + n.name AS label")
    standing = [(r["id"], r["source"], r["type"], r["target"]) for r in rows]
    return Around({r["id"]: r["label"] for r in names}, before, ids, standing)


def told(rows: Iterable[RowOutcome], known: set[str]) -> list[RowOutcome]:
    """Without ids that are given anew each time; in the order of what they say where these decide the order."""
    bare = [replace(row, row=0, id=row.id if row.id in known else None) for row in rows]
    return sorted(bare, key=lambda row: (row.kind, row.word, row.label, str(row)))


def test_what_is_rehearsed_is_what_then_happens(store: Store) -> None:
    """First reports, changes, losses, conflicts, moved addresses, retired and imported hosts: row by row the same."""
    words = set()
    for step in HISTORY:
        if not isinstance(step, Snapshot):
            step(store)
            continue
        known = {row["id"] for row in store.find(None, first=500)}
        known |= {edge.id for edge in store.edges(sorted(known), "out")}
        before, at = store.lines(), store.sequence()
        counted, sent = counting(store)
        rehearsed = counted.rehearse(step)
        assert (store.lines(), store.sequence()) == (before, at) and len(sent) <= 4, sent
        assert told(rehearsed, known) == told(applied(store, step), known), (step.node, step.seq)
        words |= {(row.kind, row.word) for row in rehearsed}
    nodes, edges = (
        ("created", "changed", "unchanged", "stale", "conflict"),
        ("created", "changed", "unchanged", "stale"),
    )
    assert words == {*(("node", word) for word in nodes), *(("edge", word) for word in edges)}


def test_what_is_applied_meanwhile_is_not_mixed_in(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal between whose questions something was applied begins anew, and waits for nobody's lock."""
    store.apply(first(), NOW)
    counted, sent = counting(store)
    real = counted._bolt.read

    def read(work: Any, **options: Any) -> Any:
        def meanwhile(run: Any) -> Any:
            def ask(text: str, given: Any) -> Any:
                if len(sent) == 1:
                    store.apply(again(2, host("web1", cpu_cores=16, **DELL)), NOW)
                return run(text, given)

            return work(ask)

        return real(meanwhile, **options)

    monkeypatch.setattr(counted._bolt, "read", read)
    (row,) = [one for one in counted.rehearse(again(3, host("web1", cpu_cores=32, **DELL))) if one.kind == "node"]
    assert row.changes == {"cpu_cores": (16, 32)} and store.sequence() == 2


def test_a_first_report_must_bring_its_host_in_a_rehearsal_too(store: Store) -> None:
    """As when it is applied."""
    with pytest.raises(Invalid, match="must carry the host itself"):
        store.rehearse(report(1, services(SHOP)))
    assert store.sequence() == 0
