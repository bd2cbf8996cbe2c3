"""Readers on trees of files as Linux machines have them, below another root, and on this machine."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from agents.test_parsers import CERTIFICATE

from cmdb_agents.parsers.packages import dpkg as parsed
from cmdb_agents.transports import hand as hands
from cmdb_agents.transports import settings
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.linux import (
    accounts,
    blocks,
    certificates,
    containers,
    neighbours,
    packages,
    resolver,
    targets,
    translations,
)
from cmdb_agents.transports.reader import Readers


def write(root: Path, **files: str) -> Hand:
    """Files below a root, / written as __; the hand that reads there."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Hand(str(root))


def device(root: Path, name: str, place: str, **files: str) -> None:
    """A block device at its place in sysfs, with the link that lists it."""
    folder = root / "sys/devices" / place
    for file, text in files.items():
        path = folder / file.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    (root / "sys/class/block").mkdir(parents=True, exist_ok=True)
    (root / "sys/class/block" / name).symlink_to(f"../../devices/{place}")


def test_a_volume_is_followed_down_to_its_disks(tmp_path: Path) -> None:
    """A logical volume on an array on partitions on disks: every layer names the one below, without root or lsblk."""
    for n, disk in enumerate(("sda", "sdb")):
        device(tmp_path, disk, f"pci0/block/{disk}", size="937703088", dev=f"8:{n * 16}", queue__rotational="0",
               device__model="SSDSC2KB480G8", device__vendor="ATA")  # fmt: skip
        device(
            tmp_path, f"{disk}1", f"pci0/block/{disk}/{disk}1", size="937701040", dev=f"8:{n * 16 + 1}", partition="1"
        )
        write(tmp_path, **{f"run__udev__data__b8:{n * 16}": f"E:ID_SERIAL_SHORT=BTYF{n}\nE:ID_WWN=0x5{n}\nS:disk/x\n"})
    device(
        tmp_path,
        "md0",
        "virtual/block/md0",
        size="937000000",
        dev="9:0",
        md__level="raid1",
        slaves__sda1="",
        slaves__sdb1="",
    )
    device(tmp_path, "dm-0", "virtual/block/dm-0", size="104857600", dev="254:0", dm__uuid="LVM-x", dm__name="vg0-root",
           slaves__md0="")  # fmt: skip
    device(tmp_path, "loop0", "virtual/block/loop0", size="0", dev="7:0")
    found = {b.name: b for b in blocks.read(Hand(str(tmp_path)))}
    assert {name: b.parents for name, b in found.items()} == {
        "sda": (), "sdb": (), "sda1": ("sda",), "sdb1": ("sdb",), "md0": ("sda1", "sdb1"), "vg0-root": ("md0",),
    }  # fmt: skip
    assert (found["sda"].serial, found["sda"].wwn, found["sda"].vendor) == ("BTYF0", "0x50", "")
    assert found["vg0-root"].group == "vg0"


def test_an_iscsi_disk_names_its_server(tmp_path: Path) -> None:
    """The portal of the session in a disk's path is where the disk really is."""
    device(tmp_path, "sdc", "platform/host3/session1/target3:0:0/3:0:0:1/block/sdc", size="2048", dev="8:32")
    write(tmp_path, **{"sys__class__iscsi_connection__connection1:0__persistent_address": "10.0.0.50\n",
                       "sys__class__iscsi_connection__connection1:0__persistent_port": "3260\n"})  # fmt: skip
    assert [b.portal for b in blocks.read(Hand(str(tmp_path)))] == ["tcp://10.0.0.50:3260"]


def test_targets_of_every_kind_of_file(tmp_path: Path) -> None:
    """Names are looked up in /etc/hosts, each file's target is its service's, and a name nobody knows is said."""
    hand = write(
        tmp_path,
        etc__hosts="10.0.0.5 db.shop.example db\n",
        **{
            "etc__nginx__sites-enabled__shop": "server { location / { proxy_pass http://10.0.0.11:8080; } }",
            "etc__haproxy__haproxy.cfg": "backend b\n  server a nowhere.invalid:80\n",
            "etc__systemd__system__shop.service": "[Service]\nEnvironment=CACHE_URL=redis://10.0.0.6\n"
                                                  "EnvironmentFile=-/etc/shop/env\nEnvironmentFile=/etc/%i/env\n",
            "etc__shop__env": "DATABASE_URL=postgres://u:pw@db.shop.example/x\n",
            "etc__default__worker": "MQ_HOST=db\nMQ_PORT=5672\n",
        },
    )  # fmt: skip
    found = {(t.program, t.unit, t.endpoint) for t in targets.read(hand)}
    assert found == {
        ("nginx", "", "tcp://10.0.0.11:8080"),
        ("", "shop.service", "tcp://10.0.0.6:6379"),
        ("", "shop.service", "tcp://10.0.0.5:5432"),
        ("", "worker.service", "tcp://10.0.0.5:5672"),
    }
    assert [(t.what, t.hides) for t in hand.troubles] == [("the address of nowhere.invalid", False)]


def test_names_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that never answers costs its time-out once, however many names there are."""
    import time

    monkeypatch.setattr(hands, "NAME_SECONDS", 0.2)
    monkeypatch.setattr(settings.socket, "getaddrinfo", lambda *_a, **_k: time.sleep(5) or [])
    started = time.monotonic()
    assert settings.addresses(Hand("/nowhere"), ["a.example", "b.example", "10.0.0.1"]) == {"10.0.0.1": "10.0.0.1"}
    assert time.monotonic() - started < 2


PEM = """-----BEGIN CERTIFICATE-----
MIIBgDCCASegAwIBAgIUTEST
-----END CERTIFICATE-----
"""


def test_certificates_of_services_and_usual_places(tmp_path: Path) -> None:
    """Of one certificate in two files the one a configuration names counts; a broken one is said and hides nothing."""
    pem = "-----BEGIN CERTIFICATE-----\n" + base64.b64encode(CERTIFICATE).decode() + "\n-----END CERTIFICATE-----\n"
    hand = write(
        tmp_path,
        **{
            "etc__nginx__nginx.conf": "http { server { ssl_certificate ssl/shop.pem; ssl_certificate gone.pem; } }",
            "etc__nginx__ssl__shop.pem": pem,
            "etc__ssl__copy.pem": pem,
            "etc__ssl__broken.pem": PEM,
            "etc__ssl__shop.key": "-----BEGIN PRIVATE KEY-----\n",
            "etc__ssl__certs__ca-certificates.crt": pem,
        },
    )
    (found,) = certificates.read(hand)
    assert (found.path, found.users) == ("/etc/nginx/ssl/shop.pem", ("nginx",))
    assert {t.what: t.hides for t in hand.troubles} == {"/etc/ssl/broken.pem": False, "/etc/nginx/gone.pem": False}


def test_packages_are_read_again_when_they_change(tmp_path: Path) -> None:
    """While the database stays as it is the same rows are given again; after an installation they are read anew."""
    hand = write(tmp_path, var__lib__dpkg__status="Package: a\nStatus: install ok installed\nVersion: 1\n")
    readers = Readers()
    first, again = readers.read(hand)["packages"], readers.read(hand)["packages"]
    assert first is again
    write(tmp_path, var__lib__dpkg__status="Package: a\nStatus: install ok installed\nVersion: 22\n")
    assert [p.version for p in readers.read(hand)["packages"]] == ["22"]


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_a_large_file_is_read_in_pieces(tmp_path: Path, size: int) -> None:
    """Wherever a piece ends, each package is read once and whole."""
    rows = [f"Package: p{n}\nStatus: install ok installed\nDescription: ä\nVersion: {n}\n" for n in range(20)]
    hand = write(tmp_path, status="\n".join(rows))
    found = [p.version for piece in hand.fragments("/status", 2**20, size) for p in parsed(piece)]
    assert found == [str(n) for n in range(20)]


def test_what_is_kept_keeps_its_troubles(tmp_path: Path) -> None:
    """A trouble of a reading that is not repeated is said in each report, or the section would look complete."""
    readers = Readers()
    for _ in range(2):
        hand = Hand(str(tmp_path))
        readers.read(hand)
        assert [t.what for t in hand.troubles if t.area == "accounts"] == ["the accounts reading"]


def test_containerd_pods_from_their_bundles(tmp_path: Path) -> None:
    """A pod's container is named by pod and container; the pod's own pause container is none."""
    base = "run__containerd__io.containerd.runtime.v2.task__k8s.io__"
    notes = {"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": "web",
             "io.kubernetes.cri.sandbox-name": "shop-7f", "io.kubernetes.cri.sandbox-namespace": "prod",
             "io.kubernetes.cri.image-name": "shop:1.2"}  # fmt: skip
    hand = write(tmp_path, **{
        f"{base}{'a' * 64}__config.json": json.dumps({"annotations": notes, "mounts": [
            {"type": "bind", "source": "/srv/x", "destination": "/data"}]}),
        f"{base}{'b' * 64}__config.json": json.dumps({"annotations": {"io.kubernetes.cri.container-type": "sandbox"}}),
        f"{base}{'c' * 64}__config.json": "{broken",
    })  # fmt: skip
    (found,) = [c for c in containers.read(hand) if c.runtime == "containerd"]
    assert (found.name, found.image, found.mounts) == ("shop-7f/web", "shop:1.2", ("/srv/x:/data",))


def test_behind_a_local_stub_are_the_real_servers(tmp_path: Path) -> None:
    """Where systemd-resolved answers on loopback, the servers it asks are reported."""
    hand = write(tmp_path, etc__resolv_conf="", **{"etc__resolv.conf": "nameserver 127.0.0.53\n",
                 "run__systemd__resolve__resolv.conf": "nameserver 10.0.0.53\n"})  # fmt: skip
    assert resolver.read(hand).servers == ("10.0.0.53",)


def test_this_machine() -> None:
    """On the machine the tests run on, disks, packages and accounts are what its own tools list."""
    hand = Hand()
    lsblk = subprocess.run(["lsblk", "-dnbo", "NAME,SIZE,TYPE"], capture_output=True, text=True, check=True).stdout
    disks = {row.split()[0]: int(row.split()[1]) for row in lsblk.splitlines() if row.split()[2] == "disk"}
    ours = {b.name: b.size_bytes for b in blocks.read(hand) if b.kind == "disk"}
    assert ours == {name: size for name, size in disks.items() if size and not name.startswith(("zram", "nbd", "ram"))}
    dpkg = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n"],
                          capture_output=True, text=True, check=True).stdout  # fmt: skip
    installed = {tuple(row.split()[1:]) for row in dpkg.splitlines() if row.startswith("installed ")}
    assert {(p.name, p.version) for p in packages.read(hand) if p.manager == "deb"} == installed
    import pwd

    passwd = {row.split(":")[0] for row in Path("/etc/passwd").read_text().splitlines()}
    assert {(a.name, a.uid) for a in accounts.read(hand)} == {
        (p.pw_name, p.pw_uid) for p in pwd.getpwall() if p.pw_name in passwd
    }


def test_neighbours_are_those_ip_shows() -> None:
    """The kernel's neighbour table is read without a command, and is what `ip` reads."""
    shown = json.loads(subprocess.run(["ip", "-j", "neigh"], capture_output=True, text=True, check=True).stdout)
    theirs = {(n["dst"], n["dev"]) for n in shown if n.get("lladdr") and not n["dst"].startswith(("fe80", "169.254"))}
    assert {(n.address, n.interface) for n in neighbours.read(Hand()) if n.table != "lldp"} == theirs


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_what_only_root_may_read_is_said(tmp_path: Path) -> None:
    """A configuration file that is closed to the agent is named, and what it would say is not taken for absent."""
    write(
        tmp_path, **{"etc__haproxy__haproxy.cfg": "backend b\n  server a 10.0.0.1:80\n", "proc__net__nf_conntrack": "x"}
    )
    (tmp_path / "etc/haproxy/haproxy.cfg").chmod(0o600)
    (tmp_path / "proc/net/nf_conntrack").chmod(0o400)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    code = (
        "import os, sys; from cmdb_agents.transports.hand import Hand\n"
        "from cmdb_agents.transports.linux import targets, translations\n"
        "os.setgid(65534); os.setuid(65534); hand = Hand(sys.argv[1])\n"
        "targets.read(hand); translations.read(hand)\n"
        "print(sorted((t.what, t.why, t.root_helps, t.hides) for t in hand.troubles))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == str([
        ("/etc/haproxy/haproxy.cfg", "permission denied", True, True),
        ("who answers behind rewritten addresses", "permission denied", True, False),
    ])  # fmt: skip
    assert translations.read(Hand(str(tmp_path))) == ()
