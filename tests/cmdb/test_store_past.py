"""The past in the real graph: what was, what became of it, and which sequence a moment is."""

import pytest
from support.reports import host, network, report, service, services, sockets, uses

from cmdb.errors import Invalid, TooLarge
from cmdb.store import Store, past

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
    assert store.states([neo4j], 5)[neo4j] == store.cis([neo4j])[neo4j]


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
