"""epicentre topology: links and attachments as the graph has them, of all, of a site or of a device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from support.imported import BY, edge, load, node
from support.signed_in import admins_door
from typer.testing import CliRunner, Result

from cmdb.errors import Invalid
from cmdb.imports import parse
from cmdb.store import By, Store
from cmdb_graphql.client import HttpClient
from cmdb_processes.cli.main import build

pytestmark = pytest.mark.neo4j


def said(kind: str, detail: str, confidence: float) -> dict[str, Any]:
    """Evidence as discovery gives it."""
    return {"kind": kind, "detail": detail, "confidence": confidence}


AGREED, ONE_WAY = said("lldp", "agreed: LLDP of both ends", 0.95), said("cdp", "one-way: CDP of access2", 0.75)
FORWARDED = said("fdb", "forwarding table: 00:50:56:00:00:01 on access2 Gi1", 0.6)


def network(store: Store) -> None:
    """A core and two access switches, a server on both by hand, a printer on one by its forwarding table, two sites."""
    rows: list[Any] = [node("Site", "north", ref="north", code="N"), node("Site", "south", ref="south", code="S")]
    rows += [node("Room", "n-1", ref="room", site_code="N", code="1"), edge("PART_OF", "room", "north")]
    rows.append(node("Rack", "n-1-1", ref="rack", room_code="N/1", code="1"))
    rows.append(edge("PART_OF", "rack", "room"))
    for n, name in enumerate(("core", "access1", "access2"), 1):
        rows.append(node("NetworkDevice", name, ref=name, kind="switch", serial=f"FDO{n}", vendor="Cisco"))
        rows += [
            node("NetworkInterface", f"Gi{k}", ref=f"{name}-{k}", parent=name, key=f"Gi{k}", kind="ethernet")
            for k in (1, 2)
        ]
    rows += [node("Host", name, ref=name, fqdn=f"{name}.example.net") for name in ("web", "printer")]
    rows += [
        edge("CONNECTED_TO", "core-1", "access1-1", evidence=AGREED),
        edge("CONNECTED_TO", "access2-1", "core-2", evidence=ONE_WAY),
        edge("ATTACHED_TO", "access1", "core", evidence=AGREED),
        edge("ATTACHED_TO", "access2", "core", evidence=ONE_WAY),
        edge("ATTACHED_TO", "web", "access1"), edge("ATTACHED_TO", "web", "access2"),
        edge("ATTACHED_TO", "printer", "access2", evidence=FORWARDED),
        edge("LOCATED_IN", "core", "rack"), edge("LOCATED_IN", "access1", "room"),
        edge("LOCATED_IN", "access2", "south"), edge("LOCATED_IN", "printer", "south"),
    ]  # fmt: skip
    done = load(store, *rows, source="snmp")
    assert {one.word for one in done.outcomes} == {"created"}


@pytest.fixture
def cli(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line as an admin of a server on that network."""
    network(store)
    with admins_door(tmp_path, store, monkeypatch):
        yield lambda *words: CliRunner().invoke(build(), ["--plain", *map(str, words)])


def asked(cli: Any, *words: Any) -> dict[str, Any]:
    """The command's JSON."""
    told: Result = cli("topology", *words, "--json")
    assert told.exit_code == 0, told.output
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def links(found: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Ends and who says so."""
    return [(j["a"]["name"], j["aPort"], j["b"]["name"], j["bPort"], j["ends"]) for j in found["links"]]


def hanging(found: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    """Who on whom, of how many, and who says so."""
    return [(j["ci"]["name"], j["to"]["name"], j["uplinks"], j["ends"]) for j in found["attachments"]]


CORE_1 = ("access1", "Gi1", "core", "Gi1", "both")
CORE_2 = ("access2", "Gi1", "core", "Gi2", "one")
WEB = [("web", "access1", 2, "declared"), ("web", "access2", 2, "declared")]


def test_all_links_and_attachments_are_told_with_their_evidence(cli: Any) -> None:
    """Each once, in the order of names, with both ports, who says so, how sure, and the words of the evidence."""
    found = asked(cli)
    assert links(found) == [CORE_1, CORE_2]
    assert hanging(found) == [
        ("access1", "core", 1, "both"), ("access2", "core", 1, "one"), ("printer", "access2", 1, "heard"), *WEB,
    ]  # fmt: skip
    assert found["links"][0]["evidence"] == AGREED and found["truncated"] is False
    text = cli("topology").stdout
    assert "2 links, 5 attachments\n" in text and "lldp agreed: LLDP of both ends" in text


def test_how_old_a_link_is_counts_from_when_its_source_last_said_it(cli: Any, store: Store) -> None:
    """What discovery saw is as old as its last run, also when that changed nothing; what a list states has no age."""
    assert {j["lastSeen"] for j in asked(cli)["links"]} == {BY.now}
    again = By(BY.actor, "2030-02-01T00:00:00Z", BY.reason)
    known = store.bulk_upsert([parse(1, node("NetworkDevice", "core", kind="switch", serial="FDO1", vendor="Cisco"))],
                              "snmp", again)  # fmt: skip
    assert [one.word for one in known.outcomes] == ["unchanged"]
    assert {j["lastSeen"] for j in asked(cli)["links"]} == {again.now}
    found = asked(cli)["attachments"]
    assert {j["ends"] for j in found if j["lastSeen"] is None} == {"declared"}
    hit = json.loads(cli("impact", "core", "--json").stdout)["items"]
    told = {one["ci"]["name"]: one["freshnessSeconds"] for one in hit if one["ci"]["class"] != "NetworkInterface"}
    assert told["access1"] is not None and told["web"] is not None


def test_of_a_device_both_directions_and_all_uplinks_of_who_hangs_on_it(cli: Any) -> None:
    """Links that begin at either end; a host on two switches is told with both, so that nobody takes it for alone."""
    found = asked(cli, "access1")
    assert links(found) == [CORE_1]
    assert hanging(found) == [("access1", "core", 1, "both"), *WEB]


def test_of_a_site_what_stands_in_its_rooms_and_racks(cli: Any) -> None:
    """The core in a rack and the switch in the room count, a switch elsewhere only as the other end of a link."""
    found = asked(cli, "--site", "north")
    assert links(found) == [CORE_1, CORE_2]
    assert {who for who, *_ in hanging(found)} == {"access1", "access2", "web"}


def test_the_network_is_told_as_of_a_moment_and_as_proposed(cli: Any, store: Store, tmp_path: Path) -> None:
    """Before a switch was retired it is all there: by its name, by its site, and of all; what a plan takes is gone."""
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"retire": ["access2"]}))
    kept = [("access1", "core", 1, "both"), (*WEB[0][:2], 1, *WEB[0][3:])]
    assert hanging(asked(cli, "--proposed", plan)) == kept and links(asked(cli, "--proposed", plan)) == [CORE_1]
    assert hanging(asked(cli, "web", "--proposed", plan)) == kept[1:]
    before = asked(cli)
    moment = json.loads(cli("journal", "--json").stdout)[0]["seq"]
    found = {n["name"]: n["id"] for n in json.loads(cli("ci", "list", "NetworkDevice", "--json").stdout)["nodes"]}
    store.retire_ci(found["access2"], None, By(BY.actor, "2030-03-01T00:00:00Z", BY.reason))
    assert hanging(asked(cli)) == kept
    assert [hanging(asked(cli, *of, "--as-of", moment)) for of in ([], ["access2"])] == [
        hanging(before), [("access2", "core", 1, "one"), ("printer", "access2", 1, "heard"), *WEB],
    ]  # fmt: skip
    south = asked(cli, "--site", "south", "--as-of", moment)
    assert links(south) == [CORE_2] and {who for who, *_ in hanging(south)} == {"access2", "printer", "web"}


def test_where_it_stops_is_said_and_nobodys_edges_are_cut(cli: Any) -> None:
    """With fewer allowed than there are, CIs are left out, not uplinks: web has two or is not told at all."""
    with mock.patch("cmdb_processes.cli.wired.PAGE", 1):
        told = cli("topology", "--site", "north", "--first", "1", "--json")
    found = json.loads(told.stdout)
    assert found["truncated"] is True and "CUT SHORT" in told.stderr
    assert [uplinks for who, _, uplinks, _ in hanging(found) if who == "web"] in ([], [2, 2])


def test_a_site_is_drawn_into_a_new_file_only(cli: Any, tmp_path: Path) -> None:
    """The picture has the site's name and its devices; a file that is there stays as it is."""
    file = tmp_path / "north.svg"
    assert cli("topology", "--site", "north", "--svg", file).exit_code == 0
    text = file.read_text()
    assert "Network of north: 3 network devices, 1 Host, 2 links" in text and ">access1<" in text
    again = cli("topology", "--site", "north", "--svg", file)
    assert isinstance(again.exception, Invalid) and "is there already" in str(again.exception)
    assert file.read_text() == text


def test_what_cannot_be_told_is_refused_by_name(cli: Any, store: Store) -> None:
    """A device and a site at once, and a site where nothing stands."""
    both = cli("topology", "core", "--site", "north")
    assert "not both" in str(both.exception)
    store.create_ci("Site", "empty", {"code": "E"}, BY)
    assert "nothing is known to stand at empty" in str(cli("topology", "--site", "empty").exception)


def test_questions_grow_with_pages_not_with_devices(cli: Any) -> None:
    """All of the network is two questions for a hundred CIs; a site costs the same whether it has one switch or two."""
    with mock.patch.object(HttpClient, "ask", autospec=True, side_effect=HttpClient.ask) as counted:
        asked(cli)
        assert counted.call_count == 2
        counted.reset_mock()
        asked(cli, "--site", "north")
        north = counted.call_count
        counted.reset_mock()
        asked(cli, "--site", "south")
        assert counted.call_count <= north <= 14
