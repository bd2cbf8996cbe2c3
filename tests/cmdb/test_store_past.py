"""The past in the real graph: what was, what became of it, and which sequence a moment is."""

import pytest
from support.reports import host, network, report, service, services, sockets, uses

from cmdb.cypher import Compare, Not
from cmdb.errors import Invalid, TooLarge, UnknownName
from cmdb.store import Row, Store, past
from cmdb.words import Evidence

NEO4J, EPICENTRE = service("neo4j", 17687, "127.0.0.1"), service("epicentre", 8480)


def lived(store: Store) -> dict[str, str]:
    """web1: made (1), renamed (2), linked (3), neo4j gone (4), back (5). Ids by name."""
    at = [f"2026-01-01T00:00:0{n}.000Z" for n in range(6)]
    store.apply(report(1, host("web1", kernel="5"), network("10.0.0.5"), services(NEO4J, EPICENTRE), sockets()), at[1])
    store.apply(report(2, host("web1", kernel="6")), at[2])
    store.apply(report(3, sockets(uses(EPICENTRE, "127.0.0.1:17687"))), at[3])
    store.apply(report(4, services(EPICENTRE), sockets()), at[4])
    store.apply(report(5, services(NEO4J, EPICENTRE), sockets(uses(EPICENTRE, "127.0.0.1:17687"))), at[5])
    return {row["name"]: row["id"] for row in store.find(None, first=100)}


def test_a_moment_is_the_last_entry_at_or_before_it(store: Store) -> None:
    """By sequence and by time; outside the journal it is refused with the sentence that helps."""
    lived(store)
    assert [store.pin(n) for n in (0, 3, 5)] == [0, 3, 5]
    assert store.pin("2026-01-01T00:00:03.000Z") == 3
    assert store.pin("2026-01-01T00:00:03.999Z") == 3
    assert store.pin("2030-01-01T00:00:00.000Z") == 5
    for outside in (-1, 6):
        with pytest.raises(Invalid, match="sequences 0 to 5"):
            store.pin(outside)
    with pytest.raises(Invalid, match="nothing was known"):
        store.pin("2026-01-01T00:00:00.999Z")


def test_states_are_as_they_were(store: Store) -> None:
    """Before it was known nothing, then each state in its time, retired ones included; ids stay the same."""
    ids = lived(store)
    web1, neo4j = ids["web1"], ids["neo4j"]
    assert store.states([web1, neo4j], 0) == {}
    assert [store.states([web1], n)[web1]["kernel"] for n in range(1, 6)] == ["5", "6", "6", "6", "6"]
    assert [store.states([neo4j], n)[neo4j]["status"] for n in range(1, 6)] == [
        "live", "live", "live", "retired", "live",
    ]  # fmt: skip
    assert store.states([neo4j], 5)[neo4j] == {**store.cis([neo4j])[neo4j], "as_of": 5}


def test_a_clock_that_was_set_back_does_not_turn_time_round(store: Store) -> None:
    """A moment is the last entry before any later one: the greatest time so far decides, not each entry's own."""
    minutes = (10, 40, 20, 30, 50)
    for seq, minute in enumerate(minutes, start=1):
        store.apply(report(seq, host("web1", kernel=str(seq))), f"2026-01-01T00:{minute}:00.000Z")
    found = {minute: store.pin(f"2026-01-01T00:{minute}:00.000Z") for minute in (10, 20, 35, 40, 45, 50)}
    assert found == {10: 1, 20: 1, 35: 1, 40: 4, 45: 4, 50: 5}


def test_lists_are_as_of_then(store: Store) -> None:
    """Filters, orders, cursors and counts see the values, names, classes and retired ones of each sequence."""
    ids = lived(store)

    def kernels(at: int, value: str) -> list[str]:
        where = Compare("kernel", "eq", value)
        found = store.find("Host", where, at=at)
        assert store.count("Host", where, at) == len(found)
        return [row["id"] for row in found]

    assert [kernels(at, "5") for at in (0, 1, 2)] == [[], [ids["web1"]], []]
    assert kernels(5, "6") == [ids["web1"]]
    live = Compare("status", "eq", "live")
    counts = [store.count("Service", live, at) for at in range(6)]
    assert counts == [0, 2, 2, 2, 1, 2]
    assert [r["id"] for r in store.find("Service", Compare("id", "eq", ids["neo4j"]), at=3)] == [ids["neo4j"]]
    for at in range(1, 6):
        whole = store.find(None, order=[("class", "desc"), ("name", "asc")], first=100, at=at)
        pages: list[Row] = []
        after = None
        while len(found := store.find(None, None, [("class", "desc"), ("name", "asc")], 2, after, at)) > 2:
            pages += found[:2]
            after = [pages[-1]["class"], pages[-1]["name"], pages[-1]["id"]]
        assert [*pages, *found] == whole and len(whole) == 5
        assert {row["id"]: row for row in whole} == store.states(list(ids.values()), at)
    with pytest.raises(Invalid, match="known of now only"):
        store.find(None, Not(Compare("stale_since", "null", True)), at=3)


def test_what_is_inside_is_as_of_then(store: Store) -> None:
    """Children that were live then; edges and what they reach carry the names of then."""
    ids = lived(store)
    inside = [sorted(row["name"] for row in store.children([ids["web1"]], 50, at=at)[ids["web1"]]) for at in (0, 3, 4)]
    assert inside == [[], ["10.0.0.5", "epicentre", "eth0", "neo4j"], ["10.0.0.5", "epicentre", "eth0"]]
    then = store.reach([ids["neo4j"]], at=3)
    assert set(then.nodes) == {ids["neo4j"], ids["epicentre"]}
    assert {row["as_of"] for row in then.nodes.values()} | {edge.as_of for edge in then.edges} == {3}
    assert store.reach([ids["web1"]], at=1).nodes[ids["web1"]]["kernel"] == "5"


def test_a_history_tells_each_step_of_this_ci_alone(store: Store) -> None:
    """Newest first, with who and when, and pages that join without gap or repeat."""
    ids = lived(store)
    steps = store.history_of(ids["neo4j"], 100)
    assert [(s.seq, s.change.what) for s in steps] == [
        (5, "revived"), (4, "retired"), (3, "linked"), (1, "created"),
    ]  # fmt: skip
    assert [e.source for e in steps[2].change.opened] == [ids["epicentre"]]
    assert [e.source for e in steps[1].change.closed if e.type == "DEPENDS_ON"] == [ids["epicentre"]]
    assert (steps[0].actor, steps[0].at) == ("nd_1", "2026-01-01T00:00:05.000Z")
    kernel = store.history_of(ids["web1"], 100)[-2]
    assert [(a.attribute, a.before, a.after) for a in kernel.change.attributes] == [("kernel", "5", "6")]
    pages = store.history_of(ids["neo4j"], 2) + store.history_of(ids["neo4j"], 2, before=4)
    assert pages == steps
    assert store.history_of(ids["neo4j"], 2, before=1) == []


def test_a_difference_of_the_estate_is_what_lasted(store: Store) -> None:
    """Gone and back is no difference of the CI; its edge is another; of a class, of named CIs, in pages."""
    ids = lived(store)
    whole = store.difference(2, 5, None, None, 100)
    assert {c.ci: c.what for c in whole.changes} == {ids["epicentre"]: "linked", ids["neo4j"]: "linked"}
    opened = next(c.opened for c in whole.changes if c.ci == ids["epicentre"])
    assert [(e.type, e.target) for e in opened] == [("DEPENDS_ON", ids["neo4j"])]
    assert store.difference(1, 2, None, "Service", 100).changes == ()
    assert [c.ci for c in store.difference(1, 2, None, "Host", 100).changes] == [ids["web1"]]
    named = store.difference(3, 4, [ids["neo4j"]], None, 100)
    assert [(c.ci, c.what) for c in named.changes] == [(ids["neo4j"], "retired")]
    assert store.difference(5, 5, None, None, 100).changes == ()
    everything = store.difference(0, 5, None, None, 100)
    assert len(everything.changes) == len(ids)
    cursor: str | None = ""
    pages = []
    while cursor is not None:
        page = store.difference(0, 5, None, None, 2, cursor)
        pages += page.changes
        cursor = page.cursor
    assert tuple(pages) == everything.changes


def test_a_long_stretch_of_the_journal_is_read_in_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts that begin small and bring about as much text each make no difference; all in one may be gigabytes."""
    lived(store)
    whole = [store.difference(0, 5, None, cls, 100).changes for cls in (None, "Service")]
    monkeypatch.setattr(past, "ENTRIES", 2)
    monkeypatch.setattr(past, "TEXT", 1)
    monkeypatch.setattr(past, "MOST_IDS", 1)
    assert [store.difference(0, 5, None, cls, 100).changes for cls in (None, "Service")] == whole
    monkeypatch.setattr(past, "ENTRIES", 1)
    monkeypatch.setattr(past, "TEXT", 1_000_000)
    assert store.difference(0, 5, None, None, 100).changes == whole[0]


def test_too_much_to_compare_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The estate over too many entries is refused; named CIs never are."""
    ids = lived(store)
    monkeypatch.setattr(past, "MOST_ENTRIES", 3)
    with pytest.raises(TooLarge, match="name CIs"):
        store.difference(0, 5, None, None, 100)
    assert store.difference(0, 5, [ids["web1"]], None, 100).changes


def test_round_trips_do_not_follow_the_number_of_cis(store: Store) -> None:
    """A history is one transaction of two statements, a page of differences likewise."""
    lived(store)
    said: list[str] = []
    original = store._bolt.read

    def counted(work, **more):  # type: ignore[no-untyped-def]
        return original(lambda run: work(lambda text, p: (said.append(text), run(text, p))[1]), **more)

    store._bolt.read = counted  # type: ignore[method-assign]
    try:
        store.difference(0, 5, None, None, 100)
        assert len(said) == 2
        said.clear()
        store.history_of(store.find(None, first=1)[0]["id"], 100)
        assert len(said) == 3, "the find, and two"
    finally:
        store._bolt.read = original  # type: ignore[method-assign]


def test_the_life_of_an_edge(store: Store) -> None:
    """Opened, reworded and closed: by whom, in which entry, on what evidence; in pages, and known after its end."""
    ids = lived(store)
    (edge,) = store.edges([ids["epicentre"]], "out", ["DEPENDS_ON"], at=3)
    assert [(s.seq, s.what) for s in store.edge_life(edge.id, 9).steps] == [(4, "closed"), (3, "opened")]
    (edge,) = store.edges([ids["epicentre"]], "out", ["DEPENDS_ON"])
    again = Evidence("socket", "tcp, seen again", 0.5, last_seen="2026-01-01T00:00:06.000Z")
    store.apply(report(6, sockets(uses(EPICENTRE, "127.0.0.1:17687", again))), "2026-01-01T00:00:06.000Z")
    life = store.edge_life(edge.id, 9)
    assert (life.edge.source, life.edge.target, life.edge.valid_to, life.forgotten) == (
        ids["epicentre"], ids["neo4j"], None, False,
    )  # fmt: skip
    reworded, opened = life.steps
    assert (reworded.what, reworded.seq, reworded.actor) == ("reworded", 6, "nd_1")
    assert reworded.evidence is not None and reworded.evidence["detail"] == "tcp, seen again"
    assert opened.what == "opened" and opened.evidence is not None and opened.evidence["detail"] == "tcp"
    assert [s.seq for s in store.edge_life(edge.id, 1).steps + store.edge_life(edge.id, 1, before=6).steps] == [6, 5]
    with pytest.raises(UnknownName):
        store.edge_life("ed_none", 9)


def test_a_difference_is_counted_by_class_and_kind(store: Store) -> None:
    """What the pages list, in a few numbers: of the estate, of a class, of named CIs."""
    ids = lived(store)
    assert store.difference_counts(2, 4, None, None) == {("Service", "retired"): 1}
    assert store.difference_counts(0, 5, None, "Service") == {("Service", "created"): 2}
    assert store.difference_counts(3, 4, list(ids.values()), None) == {
        ("Service", "retired"): 1, ("Service", "linked"): 1, ("Host", "linked"): 1,
    }  # fmt: skip
    assert not store.difference_counts(5, 5, None, None)
