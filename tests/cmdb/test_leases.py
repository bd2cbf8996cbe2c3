"""Leases: silence makes stale, long silence retires, and a word makes fresh again, with the clock in our hands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.questions import EPICENTRE, NEO4J, ask, estate, parts
from support.reports import NOW, host, network, report, services, sockets, uses, wire

from cmdb.errors import DiskFull
from cmdb.leases import Held, silent, state
from cmdb.moments import after
from cmdb.store import By, Store
from cmdb.sweeper import Sweeper
from cmdb.words import Lease

LEASE = Lease(stale_days=1, retire_days=31)


def test_a_ci_is_stale_when_every_source_is_silent_and_over_only_after_it_was_found_stale() -> None:
    """One fresh source is enough; a person's word and an unknown last word do not age; being over counts from stale."""
    old, now = after(NOW, -5000), NOW
    seen = {"nd_1/services": old, "nd_2/services": after(NOW, -1), "person/records": old}
    assert silent("nd_1/services", seen, LEASE, now) and not silent("nd_9/x", seen, LEASE, now)
    ci = Held("ci", "Service", None, ["nd_1/services"])
    assert state(ci, seen, LEASE, now) == "stale"
    assert state(Held("ci", "Service", None, ["nd_1/services", "nd_2/services"]), seen, LEASE, now) == "fresh"
    assert state(Held("ci", "Service", None, ["nd_1/services", "person/records"]), seen, LEASE, now) == "fresh"
    assert state(Held("ci", "Service", None, ["nd_1/services", "person/edits"]), seen, LEASE, now) == "stale"
    assert state(Held("ci", "Service", None, ["nd_1/services"], after(now, -719)), seen, LEASE, now) == "stale"
    assert state(Held("ci", "Service", None, ["nd_1/services"], after(now, -721)), seen, LEASE, now) == "over"


@given(st.integers(0, 5000), st.integers(0, 5000) | st.none())
def test_nothing_is_over_that_is_not_silent(quiet: int, stale: int | None) -> None:
    """Whatever the times: only a silent CI is stale, and only one found stale long enough ago is over."""
    ci = Held("ci", "Host", None, ["nd_1/host"], None if stale is None else after(NOW, -stale))
    found = state(ci, {"nd_1/host": after(NOW, -quiet)}, LEASE, NOW)
    assert (found != "fresh") == (quiet > 24)
    assert (found == "over") == (quiet > 24 and stale is not None and stale > 720)


STALE = "{cis(first: 100, filter: {staleSince: {null: false}}){nodes{name staleSince}}}"


@pytest.mark.neo4j
def test_silence_makes_stale_then_retires_and_a_word_revives_with_the_same_ids(tmp_path: Path, store: Store) -> None:
    """The agent that goes on reporting, changed or not, keeps its own; what is revived keeps its ids and edges."""
    one = [host("web1"), network("10.0.0.5"), services(NEO4J, EPICENTRE), sockets(uses(EPICENTRE, "127.0.0.1:17687"))]
    estate(store)
    before, ids = store.digest(), {r["name"]: r["id"] for r in store.find(None, first=100)}
    clock = [after(NOW, 23)]
    with parts(tmp_path / "home", store) as served:
        sweeper = Sweeper(store, served.inbox, lambda: clock[0])
        assert sweeper.step() == type(sweeper.step())(0, 0, ())
        clock[0] = after(NOW, 25)
        served.inbox.all_seen = lambda: dict.fromkeys(  # type: ignore[method-assign]  # web2 reports, unchanged
            (f"nd_2/{s}" for s in ("host", "network", "services", "sockets")), clock[0]
        )
        sequence = store.sequence()
        assert sweeper.step().stale == 5
        stale = ask(served, STALE)["cis"]["nodes"]
        assert {c["name"] for c in stale} == {"web1", "eth0", "10.0.0.5", "neo4j", "epicentre"}
        assert {c["staleSince"] for c in stale} == {clock[0]} and store.sequence() == sequence + 1
        assert sweeper.step().stale == 0 and store.digest() == before
        clock[0] = after(NOW, 25 + 721)
        swept = sweeper.step()
        assert [done.ci for done in swept.retired] == [ids["web1"]]
        assert store.counts()["Host"] == 1 and ask(served, STALE)["cis"]["nodes"] == []
        assert "still silent" in store.journal(first=1)[0]["summary"]
        store.apply(report(2, *one[0:1], *one[1:]), clock[0])
    assert {r["name"]: r["id"] for r in store.find(None, first=100) if r["class"] != "Endpoint"} == ids


@pytest.mark.neo4j
def test_a_source_that_speaks_again_in_time_makes_fresh(tmp_path: Path, store: Store) -> None:
    """A stale CI whose agent reports again, even unchanged, is fresh at the next sweep; nothing was lost."""
    estate(store)
    with parts(tmp_path / "home", store) as served:
        clock = [after(NOW, 25)]
        sweeper = Sweeper(store, served.inbox, lambda: clock[0])
        assert sweeper.step().stale == store.count(None)
        again = report(2, host("web1", cpu_cores=4, memory_bytes=2**34))
        served.inbox.accept("nd_1", 1, again, orjson.dumps(wire(again)))
        rows: dict[str, Any] = served.inbox.all_seen()
        assert list(rows) == ["nd_1/host"]
        store.apply(again, clock[0])
        assert sweeper.step().fresh == 1
        assert store.sweep_leases({}, By("x", clock[0])).fresh == 0


@pytest.mark.neo4j
def test_nothing_is_retired_whose_agent_could_not_be_asked_to_say_all_anew(tmp_path: Path, store: Store) -> None:
    """Were it asked once that is kept, a full disk or a kill in between would leave away what it does not repeat."""
    estate(store)
    with parts(tmp_path / "home", store) as served:
        clock = [after(NOW, 25)]
        sweeper = Sweeper(store, served.inbox, lambda: clock[0])
        assert sweeper.step().stale == store.count(None)
        clock[0], before = after(NOW, 25 + 721), store.digest()
        asked: list[str] = []

        def full(node: str) -> None:
            raise DiskFull(f"no room to forget {node}")

        forget = served.inbox.forget
        served.inbox.forget = full  # type: ignore[method-assign]  # as it is on a full disk
        with pytest.raises(DiskFull):
            Sweeper(store, served.inbox, lambda: clock[0]).step()
        assert store.digest() == before
        served.inbox.forget = lambda node: (asked.append(node), forget(node))[1]  # type: ignore[method-assign]
        assert Sweeper(store, served.inbox, lambda: clock[0]).step().retired and store.counts().get("Host", 0) == 0
        assert {"nd_1", "nd_2"} <= set(asked)
