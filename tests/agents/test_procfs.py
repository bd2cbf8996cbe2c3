"""Texts of Linux and systemd, as they are and as they should never be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cmdb_agents.addresses import from_bytes
from cmdb_agents.transports import procfs
from cmdb_agents.transports.readings import Mount

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   113        0 23456 1 0 100 0 0 10 0
   1: 0500000A:9C40 0900000A:1538 01 00000000:00000000 00:00000000 00000000   113        0 34567 1 0 20 4 30 10 -1
   2: 0500000A:9C42 0900000A:1538 06 00000000:00000000 03:00000B5C 00000000     0        0 0 3 0
   3: 0500000A:9C44 0900000A:1538 02 00000000:00000000 01:00000B5C 00000000     0        0 9 3 0
"""
TCP6 = (
    "sl\n 0: 00000000000000000000000000000000:2384 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 11 1 0\n"
    " 1: 0000000000000000FFFF00000100007F:2384 0000000000000000FFFF00000100007F:9C40 01 0:0 0:0 0 0 0 12 1 0\n"
    " 2: B80D0120000000000000000005000000:9C40 B80D0120000000000000000009000000:1538 01 0:0 0:0 0 0 0 13 1 0\n"
)


def test_tcp() -> None:
    """Listeners, connections and TIME_WAIT are read; a connection still being made is not one yet."""
    here, there, loopback = bytes([10, 0, 0, 5]), bytes([10, 0, 0, 9]), bytes([127, 0, 0, 1])
    assert [
        ("LISTEN", loopback, 5432, bytes(4), 0, 23456),
        ("ESTABLISHED", here, 40000, there, 5432, 34567),
        ("TIME_WAIT", here, 40002, there, 5432, 0),
    ] == list(procfs.sockets(TCP, "tcp"))


def test_tcp6() -> None:
    """IPv6 is shortened and an IPv4-mapped address is IPv4; a listener has no peer."""
    found = [(from_bytes(row[1]), from_bytes(row[3])) for row in procfs.sockets(TCP6, "tcp")]
    assert found == [
        ("::", "::"),
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8::5", "2001:db8::9"),
    ]


def test_stat_with_a_hostile_name() -> None:
    """A process may call itself anything, brackets and spaces included."""
    text = "42 (a) b) (c) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 1 2"
    assert procfs.stat(text) == ("a) b) (c", 7, 123456)


def test_cgroups() -> None:
    """Unified and split hierarchies alike; the container's id is found wherever its runtime puts it."""
    assert procfs.cgroup("0::/system.slice/nginx.service\n") == "/system.slice/nginx.service"
    assert procfs.cgroup("4:memory:/x\n1:name=systemd:/user.slice\n0::/\n") == "/user.slice"
    assert procfs.cgroup("4:memory:/docker/x\n0::/\n") == "/docker/x"
    one = "0123456789abcdef" * 4
    for group in (
        f"/docker/{one}", f"/system.slice/docker-{one}.scope", f"/machine.slice/libpod-{one}.scope/container",
        f"/kubepods.slice/kubepods-pod1.slice/cri-containerd-{one}.scope", f"/kubepods/besteffort/pod1/{one}",
    ):  # fmt: skip
        assert one == procfs.container_id(group)
    assert procfs.container_id(f"/machine.slice/libpod-conmon-{one}.scope") == ""
    assert procfs.container_id("/system.slice/nginx.service") == ""


def test_mounts() -> None:
    """Escaped blanks are blanks, optional fields do not shift the rest, and read-only is either side's word."""
    text = (
        "36 35 98:0 /mnt1 /srv/my\\040data rw,noatime shared:1 master:2 - ext3 /dev/root rw,errors=continue\nnonsense\n"
    )
    assert [Mount("/srv/my data", "/dev/root", "ext3", "/mnt1", "98:0", read_only=False)] == list(procfs.mounts(text))
    assert next(procfs.mounts("1 2 0:1 / /x ro - nfs s:/e rw")).read_only


def test_units() -> None:
    """Loaded services only, with the command as it was written."""
    text = (
        "Type=notify\nMainPID=612\nUser=\nExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D $OPTS ; "
        "ignore_errors=no ; start_time=[n/a] ; pid=0 }\nId=ssh.service\nLoadState=loaded\nActiveState=active\n"
        "SubState=running\nUnitFileState=enabled\n\nId=gone.service\nLoadState=not-found\n\nId=x.socket\nLoadState=loaded\n"
    )
    (unit,) = procfs.units(text)
    assert (
        unit.name, unit.type, unit.main_pid, unit.command, unit.enabled,
    ) == ("ssh.service", "notify", 612, "/usr/sbin/sshd -D $OPTS", "enabled")  # fmt: skip


def test_cpu() -> None:
    """Cores are counted per package, so that two threads of one core are one."""
    core = "processor\t: {0}\nmodel name\t: X  9\nphysical id\t: {1}\ncore id\t: {2}\nflags\t: fpu hypervisor\n\n"
    text = "".join(core.format(n, n // 4, n // 2 % 2) for n in range(8))
    assert procfs.cpu(text) == ("X 9", 4, 8, True)


def test_full_name_without_asking_anybody() -> None:
    """The host's own name if it is full, else its line in hosts; never a placeholder domain."""
    assert procfs.fqdn("web.shop.example", []) == "web.shop.example"
    assert procfs.fqdn("web", ["127.0.1.1 web.shop.example web # me"]) == "web.shop.example"
    assert procfs.fqdn("web", ["127.0.1.1 web.localdomain web"]) == ""
    assert procfs.fqdn("web", []) == ""


@given(st.text(max_size=400))
def test_nonsense_is_survived(text: str) -> None:
    """Text that is no table gives rows or nothing, and never an exception the transport does not expect."""
    for read in (
        lambda: list(procfs.mounts(text)),
        lambda: procfs.assignments(text),
        lambda: procfs.cpu(text),
        lambda: procfs.cgroup(text),
        lambda: procfs.fqdn("web", text.splitlines()),
    ):
        read()
    for risky in (
        lambda: list(procfs.sockets(text, "tcp")),
        lambda: procfs.stat(text),
        lambda: list(procfs.units(text)),
    ):
        try:
            risky()
        except (ValueError, IndexError):
            continue  # what Local._guard turns into a Trouble


def test_a_protected_service_still_sees_what_is_read_only() -> None:
    """Where a sandbox shows every mount read-only, the filesystem's own word counts; elsewhere the mount's does too."""
    rows = "1 0 8:1 / / {} - ext4 /dev/sda1 rw\n2 1 8:2 / /srv {} - ext4 /dev/sdb1 {}\n"
    found = [[m.read_only for m in procfs.mounts(rows.format(*options))]
             for options in (("ro", "ro", "rw"), ("ro", "ro", "ro"), ("rw", "ro", "rw"))]  # fmt: skip
    assert found == [[False, False], [False, True], [False, True]]
