"""Who depends on whom, as agents and server find it in a network of namespaces, against what was declared there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import wipe
from support.front_door import Door, front_door
from support.imported import load, node, words
from support.namespaces import permitted
from support.questions import ADMIN, ask
from support.scored import Found, found, score
from support.traffic import ADDRESS, AGENTS, FARM, LATE, TRANSLATES, USES, VIRTUAL, Traffic, traffic

from cmdb.store import Store
from cmdb_agents.report import FULL_EVERY
from cmdb_graphql.app import create_app
from cmdb_graphql.serve import Server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.neo4j,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not permitted(), reason="network namespaces are not to be had here"),
    pytest.mark.skipif(not TRANSLATES, reason="iptables is not installed (Debian: apt install iptables)"),
]
PORT = 8480
COVERAGE, IMPACT, DEPENDENTS = (
    (Path(__file__).parents[2] / f"graphql/operations/{name}.graphql").read_text()
    for name in ("discovery_coverage", "blast_radius", "dependents")
)
Settle = Callable[[Sequence[str]], None]
BOTH = ("steady", "late", "idle", "one-way", "virtual address", "rewritten here")
"""Cases in which the server's agent sees the client by its own address."""


@dataclass(frozen=True)
class Seen:
    """The graph before the last host had an agent, and after."""

    before: tuple[Found, ...]
    after: tuple[Found, ...]
    cover: dict[str, str]
    answer: dict[str, Any]


@pytest.fixture(scope="module")
def seen(connected: Store, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Two reports of every agent; the late host's agent has only the second."""
    wipe(connected)
    folder = tmp_path_factory.mktemp("traffic")
    with traffic(folder / "lab") as lab, _served(connected, folder, lab) as (door, settle):
        settle([name for name in AGENTS if name != LATE])
        before = found(connected)
        lab.let_go()
        _import_bare(connected)
        settle(AGENTS)
        for _ in range(FULL_EVERY):
            settle(["db1"])  # one of these is whole: nothing but the import is new
        answer = _asked(door, connected)
        cover = ask(door.services, COVERAGE, ADMIN, first=100)["discoveryCoverage"]["nodes"]
        return Seen(tuple(before), tuple(found(connected)), {one["address"]: one["cover"] for one in cover}, answer)


def _import_bare(store: Store) -> None:
    """The host that has no agent, as a list of machines knows it."""
    address = ADDRESS["bare"]
    rows = [node("Host", "bare", ref="bare", fqdn="bare.shop.example"),
            node("NetworkInterface", "eth0", key="eth0", parent="bare"),
            node("IPAddress", address, key=f"eth0 {address}", parent="bare", address=address)]  # fmt: skip
    assert words(load(store, *rows)) == ["created"] * 3


def _asked(door: Door, store: Store) -> dict[str, Any]:
    """What breaks without db1's database, and who depends on it."""
    rows = {row["id"]: row["name"] for row in store.find(None, first=5000)}
    inside = store.edges(list(rows), "out", ["RUNS_ON"])
    (database,) = [e.source for e in inside if (rows[e.source], rows[e.target]) == ("postgres", "db1")]
    impact = ask(door.services, IMPACT, ADMIN, of=[database])["impact"]
    return {**impact, **ask(door.services, DEPENDENTS, ADMIN, of=[database], first=100)}


@contextmanager
def _served(store: Store, folder: Path, lab: Traffic) -> Iterator[tuple[Door, Settle]]:
    """A server inside the lab, with all agents enrolled there; told hosts, it has their reports and applies them."""
    with front_door(folder / "home", store) as door:
        inside = lab.from_within("hub", lambda: Server(create_app(door.services), ADDRESS["hub"], PORT))
        inside.start()
        try:
            tokens = [door.services.enrolment.create_token() for _ in AGENTS]
            lab.enrol(f"http://{ADDRESS['hub']}:{PORT}", tokens, AGENTS)

            def settle(hosts: Sequence[str]) -> None:
                assert set(lab.report(hosts).values()) == {"accepted"}
                while door.services.applier.step():
                    pass

            yield door, settle
        finally:
            inside.stop()


def test_what_lasts_is_found_and_nothing_is_invented(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    """Recall of at least 99 % in every case but the fleeting ones, precision of at least 99 %, 0 invented."""
    reports = {(name, f"tcp://{ADDRESS['hub']}:{PORT}") for name in AGENTS}  # the agents' own, to the server
    found_ = score(seen.after, contacts=reports)
    with capsys.disabled():
        print(found_)
    assert found_.missed == ()
    assert found_.invented == ()
    assert {case: numbers[0] for case, numbers in found_.cases.items() if not numbers[0]} == {}


def test_what_is_over_when_the_look_comes_is_known_by_its_remains(seen: Seen) -> None:
    """Every short connection is the program's where it was caught, and else the host's, as sure as TIME_WAIT is."""
    all_, whole, part = score(seen.after).cases["short"]
    assert whole + part == all_ > 0
    programs = {e.ends for e in seen.after if e.type == "DEPENDS_ON"}
    for one in USES:
        if one.case == "short" and (one.host, one.program, one.on, one.server) not in programs:
            (left,) = (e for e in seen.after if e.ends == (one.host, "", one.on, one.server))
            assert left.type == "COMMUNICATES_WITH"


def test_who_only_looks_at_many_is_marked(seen: Seen) -> None:
    """What polls two dozen addresses needs none of them; what it keeps open it does need."""
    edges = {e.target: (e.type, e.evidence) for e in seen.after if e.source == ("mon1", "scrape")}
    assert edges == {
        ("farm", "exporter"): ("COMMUNICATES_WITH", "monitoring"),
        ("db1", "postgres"): ("DEPENDS_ON", "both ends"),
    }


def test_both_ends_agree_where_both_see_each_other(seen: Seen) -> None:
    """Seen by client and server it is believed most; behind a NAT the server sees another, so one end's word stays."""
    known = {e.ends: (e.evidence, e.confidence) for e in seen.after if e.type == "DEPENDS_ON"}
    for one in USES:
        proof = known.get((one.host, one.program, one.on, one.server))
        if one.case in BOTH:
            assert proof == ("both ends", 0.99), one
        elif one.case == "behind SNAT":
            assert proof == ("socket", 0.9), one


def test_a_client_without_an_agent_is_a_dependent(seen: Seen) -> None:
    """Only the server's agent sees it: while nobody knows the address it is nothing, then it is the host's edge, older
    than the import, which impact and `dependents` show with its evidence."""
    assert not [e for e in seen.before if e.type == "USES"]
    assert [e.source for e in seen.after if e.type == "USES"] == [("bare", "")]
    (item,) = [i for i in seen.answer["items"] if i["ci"]["name"] == "bare"]
    assert item["degree"] == "DEGRADED"
    assert item["reason"] == "uses postgres, which is down"
    (edge,) = [e for e in seen.answer["dependents"]["nodes"] if e["from"]["name"] == "bare"]
    assert edge["evidence"] == {
        "kind": "server", "detail": f"{ADDRESS['bare']} connected, seen by the server only", "confidence": 0.8,
    }  # fmt: skip


def test_an_address_that_nobody_had_becomes_its_host(seen: Seen) -> None:
    """Before the late host's agent reports, its addresses are placeholders; then the very edges lead to its programs,
    as old as they were, and the placeholders are gone."""
    late = f"tcp://{ADDRESS[LATE]}:"
    waited = {(e.source, e.target[1]): e.first_seen for e in seen.before if e.target[1].startswith(late)}
    assert {source for source, _ in waited} == {(u.host, u.program) for u in USES if u.case == "late"}
    assert not [e for e in seen.after if e.target[1].startswith(late)]
    for (source, endpoint), since in waited.items():
        server = next(u.server for u in USES if u.case == "late" and (u.host, u.program) == source)
        (edge,) = (e for e in seen.after if e.source == source and e.target == (LATE, server))
        assert edge.first_seen == since, endpoint


def test_every_edge_has_its_evidence(seen: Seen) -> None:
    """What it is believed by, how sure that is and since when; what is there now has no last time yet."""
    for edge in seen.after:
        assert edge.evidence in ("socket", "both ends", "conntrack", "monitoring", "server")
        assert 0.7 <= edge.confidence <= 0.99
        assert edge.first_seen is not None
        assert edge.last_seen is None


def test_who_is_on_the_network_without_an_agent_is_known(seen: Seen) -> None:
    """Who was met on the wires and has no agent is named, and nobody who has one; of the farm every address is."""
    without = {ADDRESS[name] for name in ADDRESS if name not in AGENTS}
    assert without == {address for address, cover in seen.cover.items() if cover != "agent" and "." in address}
    assert {seen.cover[address] for address in without} == {"none"}
    met = {ADDRESS[name] for name in ("app1", "db1", "gate", LATE)} | {*FARM, VIRTUAL}
    assert {seen.cover.get(address) for address in met} == {"agent"}
