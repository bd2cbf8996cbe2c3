"""The run page: what collectors tell over the signed route is what people read, and who has no agent is said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from conftest import wipe
from support.front_door import Door, Sender, front_door, signature_headers
from support.questions import ADMIN, ask, estate, parts
from support.reports import NOW, host, network, report
from support.runs import place, run, target

from cmdb.discoveries import parse
from cmdb.store import Store
from cmdb.words import Item, Section

RUN = (Path(__file__).parents[2] / "graphql/operations/discovery_run.graphql").read_text()
COVERAGE = (Path(__file__).parents[2] / "graphql/operations/discovery_coverage.graphql").read_text()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server whose database is away: the route needs none."""
    with front_door(tmp_path_factory.mktemp("door")) as opened:
        yield opened


def tell(sender: Sender, *runs: dict[str, Any]) -> Any:
    """Signed and sent."""
    body = orjson.dumps({"runs": list(runs), "targets": [target()]})
    sender.counter += 1
    headers = signature_headers(
        sender.key, sender.node, f"127.0.0.1:{sender.door.port}", body,
        path="/discoveries", nonce=str(sender.counter), created=int(time.time()),
    )  # fmt: skip
    return sender.door.call("POST", "/discoveries", body, {"Content-Type": "application/json", **headers})


def test_a_collector_tells_and_hears_what_is_asked(door: Door) -> None:
    """The run is kept, the asked target comes back by name; a replay and a mere agent are refused."""
    collector, agent = door.enrolled(collector=True), door.enrolled()
    assert tell(collector, run(1, place("192.0.2.1", f"{collector.node}:a"))).body == {"asked": []}
    kept = door.services.discoveries
    assert kept is not None
    kept.ask(collector.node, "rack-7", "ada")
    assert tell(collector).body == {"asked": ["rack-7"]}
    collector.counter -= 1
    assert tell(collector).code == "replayed"
    assert tell(agent).status == 403
    assert door.ask("/discoveries", {}).code == "unsigned"


@pytest.mark.neo4j
def test_the_run_page_says_what_waits_for_a_person(store: Store, tmp_path: Path) -> None:
    """Phases, places and counts come as told; a place is unreconciled whose report of what was seen is held."""
    wipe(store)
    with parts(tmp_path, store) as made:
        kept = made.discoveries
        assert kept is not None
        places = [place("192.0.2.1", "nd_c:a", new=True, changed=5), place("192.0.2.2", "nd_c:b", "not let in")]
        told = run(1, *places, found=1, errors=1, skipped=[{"what": "::1", "why": "is this machine itself"}])
        kept.take("nd_c", 1, *parse(orjson.dumps({"runs": [told], "targets": [target()]})))
        for node in ("nd_c:a", "nd_c:b"):  # the other's is held since an earlier run, which saw it
            made.inbox.accept(node, 1, report(1, host(), node=node), b"{}")
            queued = made.inbox.next()
            assert queued is not None
            made.inbox.hold(queued.row, "two machines have this serial number")
        found = ask(made, RUN, ADMIN, id="run-1")["discoveryRun"]
        assert (found["found"], found["errors"], found["unreconciled"]) == (1, 1, 1)
        assert [(p["address"], p["unreconciled"]) for p in found["places"]["nodes"]] == [
            ("192.0.2.1", True), ("192.0.2.2", False),
        ]  # fmt: skip
        assert found["skipped"]["nodes"] == [{"what": "::1", "why": "is this machine itself"}]
        assert ask(made, 'mutation { discoverNow(collector: "nd_c", target: "rack-7") }', ADMIN)["discoverNow"] is True


@pytest.mark.neo4j
def test_coverage_names_hosts_without_an_agent(store: Store, tmp_path: Path) -> None:
    """An address of a host with an agent is covered, one seen from outside only is a look, an unknown one is none."""
    wipe(store)
    estate(store)
    store.apply(report(2, host(), network("10.0.0.5", "127.0.0.1")), NOW)
    outside = report(1, host("db1"), network("192.0.2.1"), node="nd_c:a", boot="boot-c")
    store.apply(replace(outside, report_id="outside"), NOW)
    with parts(tmp_path, store) as made:
        kept = made.discoveries
        assert kept is not None
        itself = place("127.0.0.1", "nd_c:l")  # web1 has that address too, as every host has
        told = run(1, place("192.0.2.1", "nd_c:a"), place("10.0.0.5", "nd_c:b"), itself, neighbours=["192.0.2.66"])
        kept.take("nd_c", 1, *parse(orjson.dumps({"runs": [told], "targets": [target()]})))
        found = ask(made, COVERAGE, ADMIN)["discoveryCoverage"]["nodes"]
    assert [(a["address"], a["cover"], (a["host"] or {}).get("name")) for a in found] == [
        ("192.0.2.66", "none", None), ("127.0.0.1", "look", None), ("192.0.2.1", "look", "db1"),
        ("10.0.0.5", "agent", "web1"),
    ]  # fmt: skip


@pytest.mark.neo4j
def test_coverage_needs_no_collector_where_there_are_agents(store: Store, tmp_path: Path) -> None:
    """Whom a host with an agent has met on its links is noticed; its own containers are not, nor a host it left."""
    wipe(store)
    estate(store)

    def met(*seen: tuple[str, str]) -> Section:
        items = [
            Item("Neighbour", f"{port} arp {a}", a, {"table": "arp", "interface": port, "address": a})
            for port, a in seen
        ]
        return Section("neighbours", True, tuple(items))

    around = met(
        ("eth0", "10.0.0.77"), ("eth0", "10.0.0.5"), ("docker0", "172.17.0.2"), ("br-0123456789ab", "172.18.0.2")
    )
    parts_ = host("db2"), network("10.0.0.8")
    store.apply(report(1, *parts_, around, node="nd_8", boot="b8"), NOW)
    with parts(tmp_path, store) as made:
        found = ask(made, COVERAGE, ADMIN)["discoveryCoverage"]["nodes"]
        assert [(a["address"], a["cover"]) for a in found] == [("10.0.0.77", "none"), ("10.0.0.5", "agent")]
        assert {a["noticed"] for a in found} == {"met by a host on its own link"}
        store.apply(report(2, *parts_, met(("eth0", "10.0.0.5")), node="nd_8", boot="b8"), NOW)
        found = ask(made, COVERAGE, ADMIN)["discoveryCoverage"]["nodes"]
        assert [a["address"] for a in found] == ["10.0.0.5"]
