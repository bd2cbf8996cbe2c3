"""What recordings claim, done for real where this machine can: rpm, podman, containerd, loop disks, bridges and more.

Each test says why it is skipped: no root, a program that is not installed, or a kernel that has not the thing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from cmdb_agents.run import look
from cmdb_agents.transports.local import Local

SECTIONS = (
    "import json, sys; from cmdb_agents.run import look; from cmdb_agents.transports.local import Local\n"
    "print(json.dumps({s.name: s.to_wire() for s in look(Local(), {}, 0)[1]}))"
)
SPEC = """Name: shop-demo
Version: 1.2
Release: 3
Epoch: 2
Summary: A package that holds nothing
License: none
BuildArch: noarch
%description
Nothing.
%files
"""


def needs(*programs: str) -> None:
    """Skip where this user is not root, or one of the programs is missing."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")


def run(*command: str, check: bool = True) -> str:
    """What a command prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    if check and done.returncode:
        raise AssertionError(f"{command}: {done.stderr[-500:]}")
    return done.stdout


def inside(spaces: str, script: str) -> dict[str, Any]:
    """The sections that an agent says after a script, in namespaces of its own; what it mounts ends with them."""
    # The root is private first: a mount would reach the machine itself otherwise.
    shell = f'set -e; mount --make-rprivate /; {script}\nexec "$0" -c "$1"'
    return dict(json.loads(run("unshare", spaces, "-m", "sh", "-c", shell, sys.executable, SECTIONS)))


def links(section: dict[str, Any]) -> set[tuple[str, str, str]]:
    """(source key, relation, target key)."""
    return {(one["from"]["key"], one["type"], one["to"]["key"]) for one in section["links"]}


def attributes(section: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Of each item, by its key."""
    return {one["key"]: one["attributes"] for one in section["items"]}


def test_rpm(tmp_path: Path) -> None:
    """A package that rpm built and installed is software of the host, with epoch and release."""
    needs("rpm", "rpmbuild", "unshare")
    (tmp_path / "demo.spec").write_text(SPEC)
    run("rpmbuild", "-bb", "--define", f"_topdir {tmp_path}", str(tmp_path / "demo.spec"))
    (package,) = tmp_path.glob("RPMS/noarch/*.rpm")
    macros = tmp_path / "macros"
    # Debian's rpm keeps its database at its user's home; the systems that live by it keep it here.
    macros.write_text(Path("/usr/lib/rpm/macros").read_text(encoding="utf-8") + "\n%_dbpath /var/lib/rpm\n")
    (tmp_path / "db").mkdir()
    found = inside("-i", f"""
        mount --bind {macros} /usr/lib/rpm/macros
        mkdir -p /var/lib/rpm; mount --bind {tmp_path}/db /var/lib/rpm
        rpm -i --nodeps --justdb --force-debian {package} 2>/dev/null || rpm -i --nodeps --justdb {package}
    """)["packages"]  # fmt: skip
    rows = [target for _, _, target in links(found) if target.startswith("pkg:rpm/")]
    assert [row.rpartition("/")[2] for row in rows] == ["shop-demo@2:1.2-3?arch=noarch"]
    assert found["complete"]


SERVER = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={port}, bind='127.0.0.1')"


def own_programs(folder: Path) -> Path:
    """A root filesystem made of links to the machine's own programs: no image has to be fetched."""
    path = folder / "root.tar"
    with tarfile.open(path, "w") as tar:
        for link in ("bin", "lib", "lib64", "sbin"):
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname = tarfile.SYMTYPE, f"usr/{link}"
            tar.addfile(entry)
    return path


def serving(port: int) -> list[str]:
    """A program that listens there."""
    program = f"import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={port}, bind='127.0.0.1')"
    return [str(Path(sys.executable).resolve()), "-c", program]


VOLUMES = [f"--volume={path}:{path}:ro" for path in sorted({"/usr", sys.base_prefix})]
LIMITS = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000"]
"""What a sandbox without the right to raise limits lets a runtime set."""
LABELS = ["--label=com.docker.compose.project=shop", "--label=db_password=hunter22"]


def listening(key: str) -> Mapping[str, Any]:
    """The attributes of a service as soon as it listens, and no later than after ten seconds."""
    found: Mapping[str, Any] = {}
    for _ in range(50):
        _view, sections = look(Local(), {}, 0)
        found = next((i.attributes for s in sections for i in s.items if i.key == key), {})
        if found.get("listens"):
            break
        time.sleep(0.2)
    return found


def container(name: str) -> Mapping[str, Any]:
    """The attributes of a container, if there is one."""
    _view, sections = look(Local(), {}, 0)
    return next((i.attributes for s in sections for i in s.items if (i.cls, i.key) == ("Container", name)), {})


@contextmanager
def daemon(folder: Path, socket: Path, *command: str) -> Iterator[None]:
    """A runtime of our own, gone afterwards."""
    with (folder / "daemon.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as child:
        try:
            for _ in range(200):
                if socket.exists() or child.poll() is not None:
                    break
                time.sleep(0.1)
            else:
                child.kill()
            if not socket.exists():
                said = (folder / "daemon.log").read_text(encoding="utf-8", errors="replace")
                pytest.skip(f"{command[0]} does not start here: {said.strip()[-300:]}")
            yield
        finally:
            child.terminate()
            child.wait(30)


def started(command: list[str]) -> None:
    """Start a container, or skip with the runtime's own words."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    if done.returncode:
        pytest.skip(f"{command[0]} runs no container here: {done.stderr.strip()[-300:]}")


@contextmanager
def podman_container(folder: Path, name: str, port: int) -> Iterator[None]:
    """A running container on the host's network."""
    base = ["podman", "--root", f"{folder}/store", "--runroot", f"{folder}/run", "--storage-driver", "vfs"]
    base += ["--runtime", "runc"] if shutil.which("runc") else []
    run(*base, "import", str(own_programs(folder)), "localhost/shop:1")
    try:
        started([*base, "run", "--detach", "--name", name, "--network=host", *LIMITS, *LABELS, *VOLUMES,
                 "localhost/shop:1", *serving(port)])  # fmt: skip
        yield
    finally:
        run(*base, "rm", "--all", "--force", "--time=0", check=False)
        run(*base, "rmi", "--all", "--force", check=False)


def test_podman(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that podman runs is seen by its files, says more at podman's socket, and is gone when it has ended,
    although podman leaves its file behind."""
    from cmdb_agents.transports.linux import containers

    needs("podman")
    port = 18_099
    # Podman takes no path of over 50 characters.
    with TemporaryDirectory(prefix="pod") as short, podman_container(Path(short), "shop-web", port):
        monkeypatch.setattr(containers, "PODMAN", f"{short}/store/vfs-containers")
        monkeypatch.setattr(containers, "PIDS", f"{short}/run/vfs-containers")
        monkeypatch.setattr(containers, "SOCKETS", ())
        service = listening("container:shop-web")
        assert service["listens"] == (f"tcp://127.0.0.1:{port}",)
        assert service["image"] == "localhost/shop:1"

        path = Path(short) / "podman.sock"
        base = ["podman", "--root", f"{short}/store", "--runroot", f"{short}/run", "--storage-driver", "vfs"]
        with daemon(Path(short), path, *base, "system", "service", "--time=0", f"unix://{path}"):
            monkeypatch.setattr(containers, "SOCKETS", (str(path),))
            one = container("shop-web")
        assert (one["runtime"], one["owner"]) == ("podman", "compose shop")
        assert one["labels"] == ("com.docker.compose.project=shop", "db_password=***")

        monkeypatch.setattr(containers, "SOCKETS", ())
        run(*base, "kill", "shop-web")
        run(*base, "wait", "shop-web", check=False)
        assert "shop-web" in run(*base, "ps", "--all")
        assert container("shop-web") == {}


def test_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker's daemon tells name, image, digest, labels and networks; what listens in the container is its service."""
    from cmdb_agents.transports.linux import containers

    needs("dockerd", "docker")
    path = tmp_path / "docker.sock"
    places = [f"--data-root={tmp_path}/data", f"--exec-root={tmp_path}/exec", f"--pidfile={tmp_path}/pid"]
    options = ["--storage-driver=vfs", "--iptables=false", "--bridge=none"]
    docker = ["docker", "-H", f"unix://{path}"]
    with daemon(tmp_path, path, "dockerd", *places, *options, "-H", f"unix://{path}"):
        run(*docker, "import", str(own_programs(tmp_path)), "shop:1")
        try:
            options = ["--detach", "--name=shop-api", "--network=host", *LIMITS, *LABELS, *VOLUMES]
            started([*docker, "run", *options, "shop:1", *serving(18_098)])
            monkeypatch.setattr(containers, "SOCKETS", (str(path),))
            assert listening("container:shop-api")["listens"] == ("tcp://127.0.0.1:18098",)
            one = container("shop-api")
        finally:
            run(*docker, "rm", "--force", "shop-api", check=False)
        assert (one["runtime"], one["image"], one["networks"]) == ("docker", "shop:1", ("host",))
        assert (len(one["image_digest"]), one["labels"][1]) == (64, "db_password=***")
        assert container("shop-api") == {}
    run("umount", f"{tmp_path}/exec/netns/default", check=False)  # the daemon leaves it


def test_containerd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What containerd runs without Docker is seen by its bundle, and so is what listens in it."""
    from cmdb_agents.transports.linux import containers

    needs("containerd", "ctr")
    path, name = tmp_path / "c.sock", "c0ffee" * 10 + "babe"
    (tmp_path / "config.toml").write_text(
        f'version = 2\nroot = "{tmp_path}/root"\nstate = "{tmp_path}/state"\n[grpc]\naddress = "{path}"\n'
    )
    rootfs = tmp_path / "rootfs"
    rootfs.mkdir()
    with tarfile.open(own_programs(tmp_path)) as tar:
        tar.extractall(rootfs, filter="fully_trusted")
    mounts = [f"--mount=type=bind,src={p},dst={p},options=rbind:ro" for p in sorted({"/usr", sys.base_prefix})]
    ctr = ["ctr", "-a", str(path)]
    monkeypatch.setattr(containers, "CONTAINERD", f"{tmp_path}/state/io.containerd.runtime.v2.task")
    with daemon(tmp_path, path, "containerd", "--config", f"{tmp_path}/config.toml"):
        try:
            started([*ctr, "run", "--detach", "--net-host", *mounts, "--rootfs", str(rootfs), name, *serving(18_097)])
            assert listening(f"container:{name[:12]}")["listens"] == ("tcp://127.0.0.1:18097",)
            assert container(name[:12])["runtime"] == "containerd"
        finally:
            run(*ctr, "task", "kill", "--signal=KILL", name, check=False)
            time.sleep(1)
            run(*ctr, "container", "rm", name, check=False)


def test_a_bridge_a_tunnel_and_what_carries_them() -> None:
    """A bridge with a cable's end in it, a VXLAN over it and a macvlan are what they are, on what they run."""
    needs("ip", "unshare")
    found = inside("-n", """
        mount -t sysfs sysfs /sys
        ip link add br0 type bridge; ip link add v1 type veth peer name v2
        ip link set v1 master br0; ip link set v1 up; ip link set v2 up; ip link set br0 up
        ip address add 10.9.9.1/24 dev br0; ip address add 10.9.9.2/24 dev v2
        ip link add vx0 type vxlan id 7 dev v2 dstport 4789 || true
        ip link add mv0 link v2 type macvlan mode bridge 2>/dev/null || true
    """)["network"]  # fmt: skip
    shown = attributes(found)
    assert (shown["br0"]["kind"], shown["v2"]["kind"]) == ("bridge", "virtual")
    assert "v1" not in shown  # the end of a cable without an address is plumbing
    assert shown["br0 10.9.9.1"]["prefix_length"] == 24
    if "vx0" in shown:
        assert ("vx0", "CARRIED_BY", "v2") in links(found)
        assert shown["vx0"]["kind"] == "tunnel"
    if "mv0" in shown:
        assert ("mv0", "CARRIED_BY", "v2") in links(found)


@pytest.mark.parametrize("kind", ["bond", "vlan"])
def test_bonds_and_vlans(kind: str) -> None:
    """A bond names its members and mode, a VLAN its number, and both what carries them."""
    needs("ip", "unshare")
    bond, vlan = "bond0 type bond mode active-backup", "link x name x.120 type vlan id 120"
    tried = f"ip link add x type veth peer name y && ip link add {bond if kind == 'bond' else vlan}"
    done = subprocess.run(["unshare", "-n", "sh", "-c", tried], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        pytest.skip(f"this kernel has no {kind}: {done.stderr.strip()[-200:]}")
    found = inside("-n", f"""
        mount -t sysfs sysfs /sys; mount -t proc proc /proc 2>/dev/null || true
        {tried}; ip link set y up; ip link set x down
        test {kind} = vlan || ip link set x master bond0
    """)["network"]  # fmt: skip
    shown = attributes(found)
    if kind == "bond":
        assert (shown["bond0"]["kind"], shown["bond0"]["bond_mode"]) == ("bond", "active-backup")
        assert ("bond0", "CARRIED_BY", "x") in links(found)
    else:
        assert (shown["x.120"]["kind"], shown["x.120"]["vlan_id"]) == ("vlan", 120)
        assert ("x.120", "CARRIED_BY", "x") in links(found)


@contextmanager
def loops(folder: Path, count: int) -> Iterator[list[str]]:
    """Disks that are files."""
    made: list[str] = []
    try:
        for number in range(count):
            with (folder / f"{number}.img").open("wb") as file:
                file.truncate(64 * 2**20)
            done = subprocess.run(
                ["losetup", "--find", "--show", str(folder / f"{number}.img")],
                capture_output=True, text=True, timeout=30, check=False,
            )  # fmt: skip
            if done.returncode:
                pytest.skip(f"no loop device: {done.stderr.strip()[-200:]}")
            made.append(done.stdout.strip())
        yield made
    finally:
        for device in made:
            run("losetup", "--detach", device, check=False)


def test_a_disk_that_is_a_file(tmp_path: Path) -> None:
    """A filesystem on a loop device lies on that volume, with its size and type."""
    needs("losetup", "mkfs.ext4", "unshare")
    with loops(tmp_path, 1) as (device,):
        run("mkfs.ext4", "-q", device)
        (tmp_path / "mnt").mkdir()
        found = inside("-i", f"mount -o ro {device} {tmp_path}/mnt")
    name = device.removeprefix("/dev/")
    assert attributes(found["storage"])[name] == {"kind": "loop", "size_bytes": 64 * 2**20}
    mounted = attributes(found["filesystems"])[f"{tmp_path}/mnt"]
    assert (mounted["type"], mounted["device"], mounted["read_only"]) == ("ext4", device, True)
    assert 32 * 2**20 < mounted["size_bytes"] < 64 * 2**20
    assert (f"{tmp_path}/mnt", "STORED_ON", name) in links(found["filesystems"])


def test_a_mirror(tmp_path: Path) -> None:
    """An array that mdadm makes is a volume of its level on its members, and of the redundancy that follows."""
    needs("losetup", "mdadm")
    if (
        not Path("/proc/mdstat").exists()
        and subprocess.run(["modprobe", "raid1"], check=False, capture_output=True).returncode
    ):
        pytest.skip("this kernel has no RAID (md)")
    with loops(tmp_path, 2) as devices:
        run("mdadm", "--create", "/dev/md77", "--run", "--level=1", "--raid-devices=2", "--metadata=1.2", *devices)
        try:
            found = {s.name: s.to_wire() for s in look(Local(), {}, 0)[1]}["storage"]
        finally:
            run("mdadm", "--stop", "/dev/md77")
    assert attributes(found)["md77"]["level"] == "raid1"
    assert {(s, t) for s, kind, t in links(found) if kind == "STORED_ON" and s == "md77"} == {
        ("md77", device.removeprefix("/dev/")) for device in devices
    }


def test_a_logical_volume(tmp_path: Path) -> None:
    """A volume that LVM makes is one of its group, on the device below."""
    needs("losetup", "lvcreate")
    if "device-mapper" not in Path("/proc/misc").read_text(encoding="ascii"):
        pytest.skip("this kernel has no device mapper, so neither LVM nor multipath")
    with loops(tmp_path, 1) as (device,):
        run("pvcreate", "-q", device)
        run("vgcreate", "-q", "ag77", device)
        try:
            run("lvcreate", "-q", "-n", "data", "-L", "16M", "ag77")
            found = {s.name: s.to_wire() for s in look(Local(), {}, 0)[1]}["storage"]
        finally:
            run("vgremove", "-f", "-q", "ag77", check=False)
    assert attributes(found)["ag77-data"]["volume_group"] == "ag77"
    assert ("ag77-data", "STORED_ON", device.removeprefix("/dev/")) in links(found)
