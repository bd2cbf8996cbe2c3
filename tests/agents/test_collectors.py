"""Every collector on recorded machines: what it maps, and that it maps only to what is declared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agents.recorded_machines import FOLDER, NAMES, NOW, edges, listens, looked

from cmdb.classes import catalogue
from cmdb.words import Section, section_hash
from cmdb_agents.collector import View
from cmdb_agents.run import all_collectors, look
from cmdb_agents.transports.recorded import Recorded, dump, load

TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "int": int, "float": (int, float), "boolean": bool, "datetime": str, "strings": tuple,
}  # fmt: skip


def attributes(section: Section, key: str) -> dict[str, Any]:
    """The attributes of one item."""
    return next(dict(i.attributes) for i in section.items if i.key == key)


def test_collectors_are_found() -> None:
    """The sections of a report come from files that nobody lists."""
    assert list(all_collectors()) == [
        "accounts", "certificates", "configuration", "containers", "filesystems", "host", "neighbours", "network",
        "packages", "services", "sockets", "storage",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_declared(name: str) -> None:
    """Each value lands on a declared attribute of its type, required ones are there, and links join declared ends."""
    known = catalogue()
    for section in looked(name)[1].values():
        for item in section.items:
            cls = known.cls(item.cls)
            assert item.cls in all_collectors()[section.name].classes
            for attribute, value in item.attributes.items():
                declared = cls.attribute(attribute)
                assert declared is not None, f"{item.cls}.{attribute}"
                assert isinstance(value, TYPES[declared.type]), f"{item.cls}.{attribute}={value!r}"
                assert not declared.volatile, f"{item.cls}.{attribute} would change the section's hash every time"
            assert {a.name for a in cls.attributes if a.required} <= set(item.attributes)
        for link in section.links:
            relation = known.relation(link.type)
            assert link.by_server or link.source.cls in relation.sources
            assert link.target.cls in relation.targets


@pytest.mark.parametrize("name", NAMES)
def test_every_link_has_its_source(name: str) -> None:
    """A link starts at an item of the same report, so that no edge hangs in the air; a server's word ends at one."""
    sections = looked(name)[1].values()
    items = {i.ref for s in sections for i in s.items}
    assert {k.target if k.by_server else k.source for s in sections for k in s.links} <= items


@pytest.mark.parametrize("name", NAMES)
def test_order_does_not_matter(name: str) -> None:
    """The same machine read in another order gives the same bytes."""
    data = json.loads((FOLDER / f"{name}.json").read_text())
    for rows in ("processes", "sockets", "interfaces", "mounts", "containers", "units"):
        data[rows] = list(reversed(data.get(rows) or ())) if data.get(rows) is not None else None
    _, sections = look(_Fixed(data), {}, NOW)
    expected = {n: section_hash(s.to_wire()) for n, s in looked(name)[1].items()}
    assert expected == {s.name: section_hash(s.to_wire()) for s in sections}


class _Fixed:
    def __init__(self, data: dict[str, Any]) -> None:
        self._data = {k: v for k, v in data.items() if v is not None}

    def read(self) -> Any:
        return load(self._data)


@pytest.mark.parametrize("name", NAMES)
def test_recording_keeps_everything(name: str) -> None:
    """A reading written down and read again is the same reading."""
    machine = Recorded(FOLDER / f"{name}.json").read()
    assert machine == load(json.loads(json.dumps(dump(machine))))


# --- one machine after the other ---------------------------------------------------------------------------


def test_own_server_and_its_neo4j() -> None:
    """The server is `epicentre`, its embedded database `neo4j`, and the first depends on the second; a person's psql
    is only a contact, and the agent does not see itself."""
    _, sections = looked("epicentre-host")
    names = {i.key: i.name for i in sections["services"].items}
    assert names == {"epicentre@8480": "epicentre", "neo4j@17687": "neo4j"}
    assert {
        ("epicentre@8480", "DEPENDS_ON", "tcp://127.0.0.1:17687"),
        ("self", "COMMUNICATES_WITH", "tcp://192.168.1.9:5432"),
    } == edges(sections["sockets"])


def test_systemd_services() -> None:
    """Running, failed and enabled-but-down units are services; helpers that ran once and logins are not."""
    _, sections = looked("systemd-host")
    keys = {i.key.removeprefix("unit:").removesuffix(".service") for i in sections["services"].items}
    assert {"nginx", "postgresql@15-main", "shop", "ssh", "cron", "backup", "reports"} == keys
    nginx = attributes(sections["services"], "unit:nginx.service")
    assert nginx["listens"] == ("tcp://0.0.0.0:443", "tcp://0.0.0.0:80")
    assert attributes(sections["services"], "unit:backup.service")["state"] == "failed"
    assert attributes(sections["services"], "unit:reports.service")["state"] == "inactive"


def test_systemd_dependencies() -> None:
    """Workers speak for their unit, psql inside an ssh session does not speak for sshd, TIME_WAIT nobody owns is the
    host's, and TIME_WAIT towards what one service uses adds no second edge."""
    _, sections = looked("systemd-host")
    assert {
        ("unit:nginx.service", "DEPENDS_ON", "tcp://127.0.0.1:8000"),
        ("unit:shop.service", "DEPENDS_ON", "tcp://127.0.0.1:5432"),
        ("self", "COMMUNICATES_WITH", "tcp://10.0.0.9:5432"),
        ("self", "COMMUNICATES_WITH", "tcp://10.0.0.30:6379"),
        ("10.0.0.77", "USES", "unit:ssh.service"),
    } == edges(sections["sockets"])


def test_titles_do_not_flutter() -> None:
    """A command that counts sessions in its title is shown by its unit's line, with secrets masked."""
    _, sections = looked("systemd-host")
    assert attributes(sections["services"], "unit:ssh.service")["command"] == "/usr/sbin/sshd -D"
    assert "DB_PASSWORD=*** shop.wsgi" in attributes(sections["services"], "unit:shop.service")["command"]


def test_filesystems() -> None:
    """Kernel views, snaps and bind mounts are left out; a remote mount is kept and never asked for its size."""
    _, sections = looked("systemd-host")
    assert [i.key for i in sections["filesystems"].items] == ["/", "/mnt/media", "/srv/data"]
    media = attributes(sections["filesystems"], "/mnt/media")
    assert (media["device"], media["read_only"]) == ("nas.shop.example:/media", True)
    assert "size_bytes" not in media


def test_containers() -> None:
    """A container owns its published ports although docker-proxy holds them, and its inner ones by its address."""
    _, sections = looked("docker-host")
    found = listens(sections["services"])
    assert found["container:shop-web"] == ("tcp://0.0.0.0:8080", "tcp://172.18.0.2:80", "tcp://[::]:8080")
    assert found["container:shop-db"] == ("tcp://172.18.0.3:5432",)
    assert found["unit:docker.service"] == ()


def test_container_dependencies() -> None:
    """Connections inside container namespaces are the containers', TIME_WAIT too; their loopback stays inside."""
    _, sections = looked("docker-host")
    assert {
        ("container:shop-web", "DEPENDS_ON", "tcp://172.18.0.3:5432"),
        ("container:shop-web", "DEPENDS_ON", "tcp://198.51.100.20:443"),
        ("unit:docker.service", "DEPENDS_ON", "tcp://198.51.100.30:443"),
    } == edges(sections["sockets"])


def test_containers_without_their_runtime() -> None:
    """Containers seen by control group alone are still services, named by their program, and the gap is said."""
    data = json.loads((FOLDER / "docker-host.json").read_text())
    _, sections = look(_Fixed({**data, "containers": []}), {}, NOW)
    services = next(s for s in sections if s.name == "services")
    assert {i.key: i.name for i in services.items if i.key.startswith("container:")} == {
        "container:aaaaaaaaaaaa": "server",
        "container:bbbbbbbbbbbb": "postgres",
    }
    assert services.problems


def test_plumbing_is_left_out() -> None:
    """The host's end of a container's cable is renamed at each start and says nothing."""
    _, sections = looked("docker-host")
    assert {"br-shop", "ens3", "lo"} == {i.key for i in sections["network"].items if i.cls == "NetworkInterface"}


def test_placeholders_identify_nobody() -> None:
    """What a maker forgot to fill in is no serial number; what only root can read is said and not guessed."""
    _, sections = looked("bare-machine")
    host = attributes(sections["host"], "self")
    assert not {"serial", "board_serial", "chassis_serial", "smbios_uuid", "vendor", "model"} & set(host)
    assert host["macs"] == ("70:85:c2:01:02:03",)
    assert not sections["host"].complete
    assert sections["host"].problems


def test_bonds_and_vlans() -> None:
    """Members of a bond keep their burnt-in address although they wear the bond's; each kind gets its word."""
    _, sections = looked("bonds-and-vlans")
    kinds = {i.key: i.attributes["kind"] for i in sections["network"].items if i.cls == "NetworkInterface"}
    assert kinds == {
        "bond0": "bond", "bond0.100": "vlan", "br0": "bridge", "dummy0": "virtual", "eno1": "ethernet",
        "eno2": "ethernet", "lo": "loopback", "wg0": "tunnel",
    }  # fmt: skip
    assert attributes(sections["host"], "self")["macs"] == ("b4:45:06:00:00:01", "b4:45:06:00:00:02")
    assert attributes(sections["network"], "eno2")["permanent_mac"] == "b4:45:06:00:00:02"
    assert ("bond0.100 10.100.0.3", "ASSIGNED_TO", "bond0.100") in edges(sections["network"])


def test_subvolumes() -> None:
    """Subvolumes are filesystems of their own, the same one mounted twice is not, and a shared pool has no size."""
    _, sections = looked("bonds-and-vlans")
    assert [i.key for i in sections["filesystems"].items] == ["/", "/boot/efi", "/home", "/home/.snapshots", "/tank"]
    assert "size_bytes" not in attributes(sections["filesystems"], "/tank")


def test_shared_ports() -> None:
    """Programs on one port are told apart by name, one program's several sockets are one service, and a listener
    inherited by a child stays the parent's."""
    _, sections = looked("shared-ports")
    assert listens(sections["services"]) == {
        "dnsmasq@53": ("tcp://127.0.0.1:53", "udp://127.0.0.1:53"),
        "unbound@53": ("tcp://10.0.0.53:53", "udp://10.0.0.53:53"),
        "haproxy@80": ("tcp://0.0.0.0:1936", "tcp://0.0.0.0:80"),
        "http.server@8000": ("tcp://10.0.0.53:8000", "tcp://127.0.0.1:8000"),
        "worker": ("tcp://0.0.0.0:41999",),
    }
    assert ("unbound@53", "DEPENDS_ON", "tcp://127.0.0.1:53") in edges(sections["sockets"])
    assert ("self", "COMMUNICATES_WITH", "tcp://10.0.0.99:514") in edges(sections["sockets"])


def test_ipv6() -> None:
    """IPv6 endpoints stand in brackets, an IPv4 peer of an IPv6 listener is IPv4, privacy addresses are left out, and
    a service that talks to itself depends on nobody."""
    _, sections = looked("ipv6")
    assert {
        ("app@7000", "DEPENDS_ON", "tcp://127.0.0.1:9092"),
        ("app@7000", "DEPENDS_ON", "udp://[2001:db8::53]:53"),
        ("kafka@9092", "DEPENDS_ON", "tcp://[2001:db8::77]:5432"),
    } == edges(sections["sockets"])
    keys = {i.key for i in sections["network"].items}
    assert "eth0 2001:db8::5" in keys
    assert "eth0 2001:db8::a1b2:c3d4:e5f6:1" not in keys


def test_broken_collector_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in one collector leaves the others whole and makes its own section incomplete, never empty silence."""
    from cmdb_agents import run
    from cmdb_agents.collector import Collector

    def fail(_: View) -> Section:
        raise ValueError("boom")

    broken = {**all_collectors(), "network": Collector("network", "Fails always.", (), fail)}
    monkeypatch.setattr(run, "all_collectors", lambda: broken)
    _, sections = run.look(Recorded(FOLDER / "systemd-host.json"), {}, NOW)
    by_name = {s.name: s for s in sections}
    assert not by_name["network"].complete
    assert "boom" in by_name["network"].problems[0].why
    assert by_name["services"].items


def test_hostile_text_is_cleaned() -> None:
    """Control characters, line breaks, direction marks and endless names from a machine do not get through."""
    data = {
        "platform": {"hostname": "web\x1b[31m\n1", "os_release": {"PRETTY_NAME": "x\u202e" + "y" * 9000}},
        "mounts": [{"mount_point": "/srv/\ud800\x07" + "z" * 2000, "device": "/dev/sda1", "type": "ext4", "root": "/",
                    "number": "8:1"}],
    }  # fmt: skip
    _, sections = look(_Fixed(data), {}, NOW)
    text = json.dumps([s.to_wire() for s in sections], ensure_ascii=False)
    assert text.isprintable()
    assert text.encode()
    assert len(text) < 6_000
