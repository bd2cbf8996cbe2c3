"""Reports of several nodes in one transaction: the same graph as one by one, and a wrong one fails alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.questions import parts
from support.reports import NOW, host, network, report, service, services, sockets, uses, wire

from cmdb.errors import Conflict, Invalid
from cmdb.store import By, Store
from cmdb.words import Section, Snapshot

pytestmark = pytest.mark.neo4j

WEB, DB, CACHE = service("web", 80), service("db", 5432), service("cache", 6379, "127.0.0.1")
SAID: list[list[Section]] = [
    [host("a"), host("a", kernel="6")],
    [network("10.0.0.5"), network("10.0.0.6"), network("10.0.0.5", "10.0.0.6")],
    [services(WEB, DB), services(WEB, service("db", 5432, user="postgres")), services(DB, CACHE), services()],
    [
        sockets(uses(WEB, "10.0.0.6:5432")),
        sockets(uses(WEB, "10.0.0.5:5432"), uses(DB, "10.9.9.9:1")),
        sockets(uses(DB, "127.0.0.1:6379")),
        sockets(),
    ],
]


@st.composite
def rounds(draw: st.DrawFn) -> list[list[Snapshot]]:
    """Rounds of reports: in each at most one of three nodes that use each other's addresses; the first are whole."""
    made: list[list[Snapshot]] = []
    seqs: dict[str, int] = {}
    for _ in range(draw(st.integers(2, 4))):
        nodes = draw(st.lists(st.sampled_from(["nd_1", "nd_2", "nd_3"]), min_size=1, max_size=3, unique=True))
        made.append([])
        for node in nodes:
            seqs[node] = seq = seqs.get(node, 0) + 1
            said = [draw(st.sampled_from(kind)) for kind in SAID if seq == 1 or draw(st.booleans())]
            said += [] if any(s.name == "host" for s in said) else [SAID[0][0]] * (seq == 1)
            if said:
                made[-1].append(report(seq, *said, node=node, boot=f"boot-{node}"))
    return [one for one in made if one]


def play(store: Store, batches: Iterable[list[Snapshot]]) -> list[str]:
    """Apply to an empty graph, each batch together."""
    store._bolt.write(lambda run: run("MATCH (n) WHERE NOT n:Migration DETACH DELETE n", {}))
    store._bolt.write(lambda run: run("CREATE (:Journal {id: 'journal', seq: 0, hash: ''})", {}))
    for batch in batches:
        store.apply_all(batch, NOW)
    return store.lines()


@pytest.mark.slow
@given(rounds())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_together_or_one_by_one_is_the_same_graph(store: Store, history: list[list[Snapshot]]) -> None:
    """Hosts that point at each other, make placeholders and move addresses: no report misses what one before it did."""
    together = play(store, history)
    assert together == play(store, [[one] for batch in history for one in batch])


@pytest.mark.slow
@given(rounds())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_leaving_edges_alone_is_as_good_as_looking_at_all(store: Store, history: list[list[Snapshot]]) -> None:
    """What a report that moves nothing leaves unread would not have changed anything."""
    one_by_one = [[one] for batch in history for one in batch]
    quick = play(store, one_by_one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cmdb.reconcile.still", lambda _items: False)
        assert play(store, one_by_one) == quick


def shared_address() -> list[list[Snapshot]]:
    """Three hosts with one address, each in use of another's; one moves to that, and uses the one it has left."""
    uses_6 = sockets(uses(WEB, "10.0.0.6:5432"))

    def whole(node: str) -> Snapshot:
        return report(1, host("a"), network("10.0.0.5"), services(WEB, DB), uses_6, node=node, boot=f"boot-{node}")

    moved = sockets(uses(WEB, "10.0.0.5:5432"), uses(DB, "10.9.9.9:1"))
    return [
        [whole("nd_1"), whole("nd_2"), whole("nd_3")],
        [report(2, network("10.0.0.6"), moved, node="nd_2", boot="boot-nd_2")],
        [report(2, uses_6, node="nd_3", boot="boot-nd_3")],
    ]


def test_an_address_that_several_have_is_nobodys(store: Store) -> None:
    """Whoever of its owners reports next does not take what others use there; the last one that has it gets it."""
    said = shared_address()
    quick = play(store, said)
    assert sum("Endpoint:tcp://10.0.0.5:5432" in line for line in quick) == 2  # the placeholder, and the edge to it
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cmdb.reconcile.still", lambda _items: False)
        assert play(store, said) == quick
    store.apply(report(3, network("10.0.0.7"), node="nd_3", boot="boot-nd_3"), NOW)
    left = [line for line in store.lines() if "10.0.0.5:5432" in line]
    assert len(left) == 1
    assert "Endpoint" not in left[0]


def test_each_report_of_a_batch_has_its_own_entry_in_one_unbroken_chain(store: Store) -> None:
    """Sequences without a gap, each hash on the one before; a known report in the batch has none."""
    first = [report(1, host(f"h{n}"), services(WEB, DB), node=f"nd_{n}") for n in range(4)]
    assert [one.seq for one in store.apply_all(first, NOW)] == [1, 2, 3, 4]
    again = [report(2, services(service("web", 80, state="running"), DB), node="nd_1"), first[2]]
    assert [(one.kind, one.seq) for one in store.apply_all(again, NOW)] == [("applied", 5), ("known", 5)]
    asked = "MATCH (c:Change) RETURN c.seq AS seq, c.prev AS prev, c.hash AS hash, c.actor AS actor ORDER BY seq"
    entries = store._bolt.read(lambda run: run(asked, {}))
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5] and store.sequence() == 5
    assert [entry["prev"] for entry in entries[1:]] == [entry["hash"] for entry in entries[:-1]]
    assert [entry["actor"] for entry in entries] == ["nd_0", "nd_1", "nd_2", "nd_3", "nd_1"]


def test_two_agents_of_one_merged_host_may_report_together(store: Store) -> None:
    """The second sees what the first one just made: nothing is made twice."""
    for n in (1, 2):
        store.apply(report(1, host(f"h{n}"), node=f"nd_{n}", boot=f"boot-{n}"), NOW)
    one, two = (row["id"] for row in store.find("Host", first=10))
    store.merge_cis(one, two, By("ann", NOW, "one machine"))
    batch = [report(2, services(WEB), node=f"nd_{n}", boot=f"boot-{n}") for n in (1, 2)]
    assert [outcome.kind for outcome in store.apply_all(batch, NOW)] == ["applied", "applied"]
    assert store.counts() == {"Host": 1, "Service": 1}


def test_a_wrong_report_undoes_the_batch_and_leaves_the_counter(store: Store) -> None:
    """Nothing of the others is half there: they are applied one by one afterwards."""
    good, bad = report(1, host("a"), node="nd_1"), report(1, services(WEB), node="nd_2")
    with pytest.raises(Invalid, match="the host itself"):
        store.apply_all([good, bad], NOW)
    assert (store.sequence(), store.counts()) == (0, {})


def test_one_poison_report_in_a_hundred_is_quarantined_and_the_rest_goes_on(tmp_path: Path, store: Store) -> None:
    """Three tries, then it is kept with its reason; every other report is applied, in few transactions."""
    with parts(tmp_path / "home", store) as served:
        inbox, applier = served.inbox, served.applier
        for n in range(100):
            one = report(1, *([services(WEB)] if n == 37 else [host(f"h{n}")]), node=f"nd_{n}", boot=f"boot-{n}")
            inbox.accept(one.node, 1, one, orjson.dumps(wire(one)))
        steps = 0
        while applier.step():
            steps += 1
        assert steps < 10
        (poison,) = inbox.quarantine()
        assert (poison.node, poison.reason) == (
            "nd_37",
            "sections: the first report of a node must carry the host itself",
        )
        assert inbox.counts() == {"queued": 0, "held": 0, "quarantined": 1}
    assert store.counts() == {"Host": 99} and store.sequence() == 99


def test_a_graph_edited_from_outside_is_noticed(store: Store) -> None:
    """A revision that is not the one just read under the lock stops the report instead of losing a change."""
    store.apply(report(1, host("a"), services(WEB, DB)), NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cmdb.cypher.facts.APPLY", _meddled())
        with pytest.raises(Conflict, match="edited from outside"):
            store.apply(report(2, services(service("web", 80, state="failed"), DB)), NOW)
    assert store.sequence() == 1


def _meddled() -> str:
    from cmdb.cypher import facts

    return "CALL () { MATCH (n:CI) SET n.rev = n.rev + 1 }\n" + facts.APPLY.lstrip()
