"""Inventories of GLPI agents: whose token lets them in, what becomes of them, and what never does."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.front_door import Door, Reply, front_door

from cmdb import glpi, ingest
from cmdb.errors import EpicentreError, Misconfigured
from cmdb.inventories import read
from cmdb.store import Store
from cmdb.words import section_hash

PAYLOAD = Path(__file__).with_name("glpi_inventory.json")
SHOP, OTHER = "s" * 40, "o" * 40


def payload(**changes: Any) -> dict[str, Any]:
    """The recorded inventory with some of its outer fields changed."""
    return {**json.loads(PAYLOAD.read_text()), **changes}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """A server that takes inventories of two sites."""
    with front_door(tmp_path / "door", inventory_tokens_file=tokens(tmp_path)) as opened:
        yield opened


def tokens(folder: Path) -> Path:
    """The file with the sites' tokens."""
    path = folder / "sites"
    path.write_text(f"# shops\nshop {SHOP}\nother {OTHER}\n")
    return path


def send(door: Door, body: Any, token: str = SHOP, kind: str = "application/json") -> Reply:
    """An inventory as an agent sends it, the token in the header."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return door.call("POST", "/inventory", raw, {"Content-Type": kind, "Authorization": f"Bearer {token}"})


def queued(door: Door) -> int:
    """Reports that wait to be applied."""
    return door.services.inbox.depth()


# --- who is let in -----------------------------------------------------------------------------------------


def test_a_token_lets_in_by_header_by_password_and_by_address(door: Door) -> None:
    """Whichever way an agent can be told a token, it is the same one; the answer is what the agent waits for."""
    basic = base64.b64encode(f"anybody:{SHOP}".encode()).decode()
    for path, header in (
        ("/inventory", f"Bearer {SHOP}"), ("/inventory", f"Basic {basic}"), (f"/inventory/{SHOP}", ""),
    ):  # fmt: skip
        headers = {"Content-Type": "application/json", **({"Authorization": header} if header else {})}
        answer = door.call("POST", path, orjson.dumps(payload()), headers)
        assert (answer.status, answer.body["status"], answer.body["expiration"]) == (202, "ok", 24)
    assert queued(door) == 3


@pytest.mark.parametrize("token", ["", "x", SHOP[:-1], SHOP + "s", "shop"])
def test_without_a_good_token_nothing_is_taken(door: Door, token: str) -> None:
    """One answer for every wrong token, and nothing is kept of what came with it."""
    answer = send(door, payload(), token)
    assert (answer.status, queued(door)) == (401, 0)
    assert answer.headers["www-authenticate"].startswith('Basic realm="')  # an agent shows no password before


def test_a_token_is_good_for_this_address_alone(door: Door) -> None:
    """It opens neither reports nor questions."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {SHOP}"}
    for path in ("/snapshots", "/graphql", "/rotate"):
        assert door.call("POST", path, b"{}", headers).status == 401


def test_a_line_taken_away_ends_a_token_with_the_next_request(door: Door, tmp_path: Path) -> None:
    """No restart is needed, and the other site goes on."""
    assert send(door, payload()).status == 202
    (tmp_path / "sites").write_text(f"other {OTHER}\n")
    assert send(door, payload()).status == 401
    assert send(door, payload(), OTHER).status == 202


def test_nobody_is_let_in_where_no_tokens_are_named(tmp_path: Path) -> None:
    """The route is closed until a site's token is put into the file."""
    with front_door(tmp_path / "closed") as closed:
        assert send(closed, payload()).status == 401


def test_a_device_is_listed_and_sent_away_like_any_agent(door: Door) -> None:
    """It is a node of its site, revoked by the same command, and no second one appears with its next inventory."""
    enrolment = door.services.enrolment
    assert [send(door, payload()).status for _ in range(2)] == [202, 202]
    (known,) = enrolment.agents()
    assert (known.site, known.revoked_at) == ("shop", None)
    enrolment.revoke(known.node)
    assert send(door, payload()).status == 403
    assert queued(door) == 2


def test_short_tokens_are_refused() -> None:
    """A token that could be guessed, or a line that is none, stops with its number."""
    assert set(read(f"a {SHOP}  # note\n\nb {OTHER}")) == {"a", "b"}
    for text in ("a short", f"a {SHOP} c", "alone"):
        with pytest.raises(Misconfigured, match="line 1"):
            read(text)


# --- what is taken -----------------------------------------------------------------------------------------


PROLOGUE = b"""<?xml version="1.0" encoding="UTF-8" ?>
<REQUEST>
  <DEVICEID>till-7-2024-03-11-09-15-22</DEVICEID>
  <QUERY>PROLOG</QUERY>
  <TOKEN>12345678</TOKEN>
</REQUEST>
"""
AGENT = "3a609a2e-947f-4e6a-9af9-32c024ac3944"


@pytest.mark.parametrize(("kind", "pack"), [
    ("application/x-compress-zlib", zlib.compress), ("application/x-compress-gzip", gzip.compress),
    ("application/xml", bytes),
])  # fmt: skip
def test_the_first_question_to_an_unknown_address_is_answered(door: Door, kind: str, pack: Any) -> None:
    """An agent whose address was changed asks in XML once, and hears in JSON, with its own id, to go on in JSON."""
    headers = {"Content-Type": kind, "Authorization": f"Bearer {SHOP}", "GLPI-Agent-ID": AGENT}
    answer = door.call("POST", "/inventory", pack(PROLOGUE), headers)
    assert (answer.status, answer.body["status"], answer.body["expiration"]) == (200, "ok", 24)
    assert (answer.headers["content-type"], answer.headers["glpi-agent-id"]) == ("application/json", AGENT)
    assert queued(door) == 0


def test_an_agent_that_makes_itself_known_is_told_what_to_do(door: Door) -> None:
    """It sends inventories in the format named, asks nothing in XML again, and leaves the tasks nobody serves here."""
    answer = send(door, {"action": "contact", "deviceid": "till-7", "name": "GLPI-Agent", "version": "1.7.1",
                         "enabled-tasks": ["inventory", "netdiscovery", "deploy", 7]})  # fmt: skip
    assert (answer.status, answer.body) == (200, {
        "status": "ok", "expiration": 24, "tasks": {"inventory": {"server": "glpi", "version": "10.0.0"}},
        "disabled": ["deploy", "netdiscovery"],
    })  # fmt: skip
    bare = send(door, {"action": "contact", "deviceid": "till-7", "enabled-tasks": "inventory"})
    assert "disabled" not in bare.body
    assert queued(door) == 0


def test_an_agent_reads_the_reason_of_a_refusal(door: Door) -> None:
    """Each refusal has the words that agents write into their log, and the id by which they tell answers apart."""
    headers = {"Content-Type": "application/json", "GLPI-Request-ID": "42E6A9AF", "GLPI-Agent-ID": "x\ty"}
    for token, body in (("wrong", payload()), (SHOP, payload(itemtype="Printer")), (SHOP, b"{")):
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        answer = door.call("POST", f"/inventory/{token}", raw, headers)
        assert answer.status >= 400
        assert (answer.body["status"], answer.body["message"]) == ("error", answer.body["error"]["message"])
        assert answer.headers["glpi-request-id"] == "42E6A9AF"
        assert "glpi-agent-id" not in answer.headers


@pytest.mark.parametrize(("kind", "pack"), [
    ("application/x-compress-zlib", zlib.compress), ("application/x-compress-gzip", gzip.compress),
])  # fmt: skip
def test_packed_inventories_are_unpacked(door: Door, kind: str, pack: Any) -> None:
    """As agents pack them by default; what would unpack beyond the bound is refused."""
    assert send(door, pack(orjson.dumps(payload())), kind=kind).status == 202
    assert send(door, pack(b" " * (21 * 2**20)), kind=kind).status == 413
    assert send(door, pack(orjson.dumps(payload()))[:-9], kind=kind).status == 400


@pytest.mark.parametrize(("body", "where"), [
    (b"{", "body"), (b"[]", "$"), ({"action": "deploy", "deviceid": "x"}, "$.action"),
    ({"content": {"bios": {}}}, "$.deviceid"), (payload(content={"softwares": []}), "$.content.hardware"),
    (payload(content=[]), "$.content"), (payload(itemtype="NetworkEquipment"), "$.itemtype"),
    (payload(content={"bios": "x"}), "$.content.bios"), (payload(content={"networks": ["eth0"]}), "$.content.networks"),
])  # fmt: skip
def test_what_is_wrong_is_named(door: Door, body: Any, where: str) -> None:
    """Each refusal says the place; nothing is kept."""
    answer = send(door, body)
    assert answer.status in {400, 422}
    assert answer.body["error"]["where"] == where
    assert queued(door) == 0


@pytest.mark.parametrize(("kind", "pack"), [
    ("application/x-compress-zlib", zlib.compress), ("application/xml", bytes), ("application/json", bytes),
])  # fmt: skip
def test_an_agent_that_speaks_xml_is_told_what_to_install(door: Door, kind: str, pack: Any) -> None:
    """FusionInventory names no id and knows XML alone: it hears what would be taken. Nor is an inventory in XML."""
    inventory = PROLOGUE.replace(b"PROLOG", b"INVENTORY")
    for sent, agent in ((PROLOGUE, ""), (PROLOGUE, "no uuid"), (inventory, AGENT)):
        headers = {"Content-Type": kind, "Authorization": f"Bearer {SHOP}", "GLPI-Agent-ID": agent}
        answer = door.call("POST", "/inventory", pack(sent), headers)
        assert (answer.status, queued(door)) == (400, 0)
        assert "install GLPI agent 1.0 or later" in answer.body["message"]


def test_the_word_of_older_agents_is_known(door: Door) -> None:
    """Converted inventories say `query` in place of `action`; what else may stand there is refused."""
    older = {k: v for k, v in payload(query="INVENTORY").items() if k not in ("action", "itemtype")}
    assert send(door, older).status == 202
    answer = send(door, {**older, "query": "SNMP"})
    assert (answer.status, answer.body["error"]["where"]) == (422, "$.query")


def test_a_partial_inventory_of_what_is_not_kept_changes_nothing(door: Door) -> None:
    """Batteries or databases of a known device are taken without an error, alone or beside the host."""
    full = payload()
    assert send(door, full).status == 202
    extra = {"versionclient": "GLPI-Agent_v1.7.1", "databases_services": [{"type": "mysql", "version": "10.11"}]}
    host = {name: full["content"][name] for name in ("bios", "hardware")}
    assert send(door, payload(partial=True, content={**extra, **host})).status == 202
    assert send(door, payload(partial=True, content=extra)).status == 202


def test_every_category_of_the_format_is_taken_or_left_on_purpose(door: Door) -> None:
    """Each is one or the other, and the one that is left harms nothing, whatever stands in it."""
    assert not glpi.TAKEN & glpi.LEFT
    full = payload()
    full["content"] |= {name: [{"name": "x"}, 1, None] for name in glpi.LEFT} | {"of_tomorrow": {"a": 1}}
    assert send(door, full).status == 202
    assert glpi.sections(glpi.message(full), {}) == glpi.sections(glpi.message(payload()), {})
    page = Path("docs/agent.md").read_text()
    assert not [name for name in glpi.TAKEN - {"versionclient"} if f"`{name}`" not in page]


def test_volumes_lie_on_what_their_group_is_made_of() -> None:
    """They are named as the kernel names them; without the disks nothing is complete, so no disk is gone."""
    volumes = {
        "physical_volumes": [{"device": "/dev/sda2", "vg_uuid": "G1", "size": 100}, {"device": "/dev/sdb", "size": 9}],
        "logical_volumes": [{"lv_name": "root-2", "vg_name": "vg-a", "vg_uuid": "G1", "size": 50},
                            {"lv_name": "lost", "vg_name": "vg-b"}],
    }  # fmt: skip
    (alone,) = glpi.sections(glpi.message(payload(content=volumes)), {})
    assert (alone.name, alone.complete) == ("storage", False)
    assert [(i.key, i.attributes.get("volume_group")) for i in alone.items] == [
        ("sda2", None), ("sdb", None), ("vg--a-root--2", "vg-a"), ("vg--b-lost", "vg-b")
    ]  # fmt: skip
    assert [(k.source.key, k.target.key) for k in alone.links] == [("vg--a-root--2", "sda2")]
    (both,) = glpi.sections(glpi.message(payload(content={**volumes, "storages": [{"name": "sda"}]})), {})
    assert (both.complete, len(both.items)) == (True, 5)


def test_bonds_and_aliases_are_carried() -> None:
    """Through members that are told themselves."""
    rows = [{"description": "bond0", "slaves": "eth0, eth1,gone", "type": "aggregate"}, {"description": "eth0"},
            {"description": "eth1"}, {"description": "bond0:1", "base": "bond0", "type": "alias"}]  # fmt: skip
    (found,) = glpi.sections(glpi.message(payload(content={"networks": rows})), {})
    assert [(k.type, k.source.key, k.target.key) for k in found.links] == [
        ("CARRIED_BY", "bond0", "eth0"), ("CARRIED_BY", "bond0", "eth1"), ("CARRIED_BY", "bond0:1", "bond0")
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "full", "version", "system", "package"), [
    ("Debian", "Debian GNU/Linux 12 (bookworm)", "12.11", "os:debian/Debian GNU%2FLinux/12",
     "pkg:deb/debian/vim@9?arch=all"),
    ("Ubuntu", "Ubuntu 22.04.3 LTS", "22.04", "os:ubuntu/Ubuntu/22.04", "pkg:deb/ubuntu/vim@9?arch=all"),
    ("Debian GNU/Linux", "Debian GNU/Linux 12 (bookworm)", "12", "os:debian/Debian GNU%2FLinux/12",
     "pkg:deb/debian/vim@9?arch=all"),
    ("RedHatEnterprise", "Red Hat Enterprise Linux 9.4 (Plow)", "9.4", "os:rhel/Red Hat Enterprise Linux/9.4",
     "pkg:deb/rhel/vim@9?arch=all"),
    ("", "", "", None, "pkg:deb/vim@9?arch=all"),
])  # fmt: skip
def test_a_version_is_the_one_that_agents_of_ours_name(
    name: str, full: str, version: str, system: str | None, package: str
) -> None:
    """A system and a package have the keys of our own reports, so that both hosts have the same thing; also when only
    the packages come anew.
    """
    said = {"operatingsystem": {"name": name, "full_name": full, "version": version}, "hardware": {"name": "x"}}
    packages = {"softwares": [{"name": "vim", "version": "9", "from": "deb", "arch": "all"}]}
    found = {s.name: s for s in glpi.sections(glpi.message(payload(content={**said, **packages})), {})}
    assert [k.target.key for k in found["host"].links] == ([system] if system else [])
    (alone,) = glpi.sections(glpi.message(payload(content=packages, partial=True)), said)
    assert [k.target.key for k in found["packages"].links] == [k.target.key for k in alone.links] == [package]


def test_windows_says_its_drives_and_accounts_in_other_words() -> None:
    """There `type` is the kind of a drive, not its place, and an account has a name and no login."""
    content = {
        "drives": [{"letter": "C:", "type": "Local Disk", "total": 10}, {"letter": "D:", "type": "Local Disk"}],
        "local_users": [{"id": "S-1-5-21-1", "name": "Administrator"}],
        "local_groups": [{"id": "S-1-5-32-544", "name": "Administrators", "members": ["Administrator"]}],
    }
    drives, accounts = glpi.sections(glpi.message(payload(content=content)), {})
    assert [i.key for i in drives.items] == ["C:", "D:"]
    assert [(i.key, i.attributes) for i in accounts.items] == [("Administrator", {"groups": ("Administrators",)})]


def test_interfaces_say_all_that_the_format_has() -> None:
    """Masks of both kinds give their length, a bad one none; speed and kind are told in our own words."""
    rows = [
        {"description": "bond0", "ipaddress": "10.0.0.5", "ipmask": "255.255.252.0", "status": "up", "speed": "10000",
         "type": "aggregate"},
        {"description": "bond0", "ipaddress6": "fd00::5", "ipmask6": "ffff:ffff:ffff:ffff::", "status": "up"},
        {"description": "eth0", "ipaddress": "10.0.9.5", "ipmask": "255.0.255.0", "status": "down", "speed": "-1"},
    ]  # fmt: skip
    (found,) = glpi.sections(glpi.message(payload(content={"networks": rows})), {})
    lengths = {i.name: i.attributes.get("prefix_length") for i in found.items if i.cls == "IPAddress"}
    assert lengths == {"10.0.0.5": 22, "fd00::5": 64, "10.0.9.5": None}
    said = [(i.name, i.attributes) for i in found.items if i.cls == "NetworkInterface"]
    ports = {name: (values.get("kind"), values.get("speed_mbps")) for name, values in said}
    assert ports == {"bond0": ("bond", 10_000), "eth0": (None, None)}


def test_a_partial_inventory_of_a_stranger_says_what_it_is_or_is_refused(door: Door) -> None:
    """An agent whose first inventory got lost goes on with what has changed, and says each time what its host is; from
    that it is known. Without it nothing is, and no trace of it is left.
    """
    nameless = payload(partial=True, content={"softwares": []})
    answer = send(door, nameless)
    assert (answer.status, answer.body["error"]["where"]) == (422, "$.partial")
    assert door.services.enrolment.agents() == []
    host = {name: payload()["content"][name] for name in ("bios", "hardware")}
    assert send(door, payload(partial=True, content={**host, "softwares": []})).status == 202
    assert send(door, nameless).status == 202


NAMES = st.sampled_from(["name", "mac", "ipaddress", "ipmask", "type", "total", "version", "from", "login", "disksize",
                         "device", "vg_uuid", "vg_name", "lv_name", "slaves", "base", "members", "dns"])  # fmt: skip
ROWS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=2000)
@given(ROWS, st.sampled_from(sorted(glpi.TAKEN)))
def test_any_content_is_a_report_or_is_refused(value: Any, category: str) -> None:
    """Whatever a category holds, its sections are ones that our own ingest takes, or the refusal is one of ours."""
    content = {**json.loads(PAYLOAD.read_text())["content"], category: value}
    try:
        found = glpi.sections(glpi.message(payload(content=content)), {})
    except EpicentreError:
        return
    bodies = {s.name: s.to_wire() for s in found}
    wire = {"schema": 1, "report_id": "r", "node": "nd_1", "boot_id": glpi.boot(content), "seq": 1,
            "taken_at": "2026-11-29T12:00:00Z",
            "sections": {n: {"hash": section_hash(b), **b} for n, b in bodies.items()}}  # fmt: skip
    assert ingest.parse(orjson.dumps(wire)).sections


# --- as the graph ------------------------------------------------------------------------------------------


def live(store: Store, cls: str) -> dict[str, dict[str, Any]]:
    """The live CIs of a class by name."""
    return {row["name"]: row for row in store.find(cls, first=100) if row["status"] == "live"}


def apply(door: Door) -> None:
    """Everything that waits, into the graph."""
    while door.services.applier.step():
        pass


@pytest.mark.neo4j
def test_an_inventory_becomes_a_host_with_all_it_has(store: Store, tmp_path: Path) -> None:
    """Host, disks, filesystems, interfaces, addresses, packages and accounts; no process and no secret."""
    with front_door(tmp_path / "door", store, inventory_tokens_file=tokens(tmp_path)) as door:
        send(door, payload())
        apply(door)
        till = live(store, "Host")["till-7"]
        assert (till["serial"], till["cpu_cores"], till["virtualisation"]) == ("5Q0T6N2", 6, "none")
        assert till["memory_modules"] == ["DIMM1: 8192 MiB DDR4", "DIMM2: 8192 MiB DDR4"]
        assert store.counts() == {
            "Account": 2, "Disk": 1, "Filesystem": 2, "Host": 1, "IPAddress": 3, "NetworkInterface": 2,
            "OperatingSystem": 1, "SoftwareVersion": 2,
        }  # fmt: skip
        assert live(store, "IPAddress")["10.40.0.17"]["prefix_length"] == 24
        assert "hunter2" not in json.dumps([store.find(None, first=100), store.journal()], default=str)


@pytest.mark.neo4j
def test_a_partial_inventory_adds_and_never_deletes(store: Store, tmp_path: Path) -> None:
    """What it does not name stays, of lists and of the host's own values; a full one afterwards takes away."""
    with front_door(tmp_path / "door", store, inventory_tokens_file=tokens(tmp_path)) as door:
        send(door, payload())
        new = {"login": "ben", "id": "1001"}
        send(
            door,
            payload(partial=True, content={"local_users": [new], "bios": {"ssn": "5Q0T6N2", "bversion": "1.28.0"}}),
        )
        apply(door)
        assert set(live(store, "Account")) == {"anna", "root", "ben"}
        till = live(store, "Host")["till-7"]
        assert (till["bios_version"], till["cpu_cores"], till["hostname"]) == ("1.28.0", 6, "till-7")
        full = payload()
        full["content"]["local_users"] = [{"login": "root", "id": "0"}]
        send(door, full)
        apply(door)
        assert set(live(store, "Account")) == {"root"}


@pytest.mark.neo4j
def test_two_sites_with_one_device_name_are_two_devices(store: Store, tmp_path: Path) -> None:
    """The same deviceid under another site's token is another node; with the same hardware a person decides."""
    with front_door(tmp_path / "door", store, inventory_tokens_file=tokens(tmp_path)) as door:
        send(door, payload())
        send(door, payload(), OTHER)
        apply(door)
        assert len(live(store, "Host")) == 1
        assert [entry["kind"] for entry in store.journal()] == ["conflict", "report"]
