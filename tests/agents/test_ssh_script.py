"""The script and its answer: what the reader wants is in it, half an answer is no absence, nothing can be forged."""

from __future__ import annotations

import fnmatch
import gzip
import json
import re
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmdb_agents.transports import ssh_bundles
from cmdb_agents.transports.hand import MAX_SMALL, Hand
from cmdb_agents.transports.linux import containers, targets
from cmdb_agents.transports.local import Linux, Local
from cmdb_agents.transports.ssh import SUDO
from cmdb_agents.transports.ssh_capture import capture, frames, unpacked
from cmdb_agents.transports.ssh_script import PARTS, script

WORD = "5ec2e7"
AWKS = [[path] for name in ("mawk", "gawk", "original-awk") if (path := shutil.which(name))]
AWKS += [[path, "awk"] for path in [shutil.which("busybox")] if path]


@pytest.fixture(scope="module")
def answer() -> bytes:
    """What this host answers, packed."""
    return subprocess.run(["sh", "-s"], input=script(WORD).encode(), capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def plain(answer: bytes) -> bytes:
    """The same answer as a host without gzip would give it."""
    return unpacked(answer, WORD, 2**26)


class Watched(Hand):
    """A hand on this host that writes down what was asked of it."""

    def __init__(self, asked: set[str] | None = None, commands: set[tuple[str, ...]] | None = None) -> None:
        super().__init__()
        self.asked: set[str] = set() if asked is None else asked
        self.ordered: set[tuple[str, ...]] = set() if commands is None else commands

    def fresh(self) -> Watched:
        return Watched(self.asked, self.ordered)

    def raw(self, path: str, limit: int = MAX_SMALL) -> bytes:
        self.asked.add(path)
        return super().raw(path, limit)

    def fragments(self, path: str, limit: int, size: int = 2**16, end: bytes = b"\n\n") -> Iterator[str]:
        self.asked.add(path)
        return super().fragments(path, limit, size, end)

    def link(self, path: str) -> str:
        self.asked.add(path)
        return super().link(path)

    def names(self, path: str) -> list[str]:
        self.asked.add(f"{path}/*")
        return super().names(path)

    def exists(self, path: str) -> bool:
        self.asked.add(path)
        return super().exists(path) or path.endswith((".sqlite", "lldpd.socket"))

    def is_folder(self, path: str) -> bool:
        self.asked.add(path)
        return super().is_folder(path) or path == "/run/systemd/system"

    def matching(self, pattern: str) -> list[str]:
        self.asked.add(pattern)
        return []

    def output(self, command: Any, seconds: float = 0.0, limit: int = 0) -> str:
        self.ordered.add(tuple(command))
        raise FileNotFoundError


def patterns() -> Iterator[str]:
    """The paths that the script names, as shell patterns."""
    for part in PARTS:
        for word in re.findall(r"/(?:proc|sys|etc|run|usr|var|lib|\.)[^\s|'\"<>;)]*", part.shell):
            yield word.replace("$pid", "[0-9]*").replace("$t", "*").rstrip(":")


def test_every_path_the_reader_asks_for_is_in_the_script() -> None:
    """Whoever teaches the reader another file or command is told here that SSH must bring it too."""
    hand = Watched()
    Linux(hand).read()
    named = [*patterns()]
    missing = {
        path
        for path in hand.asked
        if not any(fnmatch.fnmatch(path, pattern) for pattern in named)
        and not re.fullmatch(r"/proc/\d+/fd/\d+", path)  # long listings of the folder bring these
    }
    assert missing == set()
    assert len(hand.ordered) == 3
    assert hand.ordered <= {part.command for part in PARTS}


def test_every_shell_brings_the_same(answer: bytes) -> None:
    """The script runs in whatever POSIX shells there are, and each part comes to its end."""
    shells = [[path] for name in ("dash", "bash", "ksh", "busybox") if (path := shutil.which(name))]
    for shell in shells:
        command = [*shell, "sh", "-s"] if shell[0].endswith("busybox") else [*shell, "-s"]
        done = subprocess.run(command, input=script(WORD).encode(), capture_output=True, check=True)
        assert [
            name for name, a in frames(unpacked(done.stdout, WORD, 2**26), WORD).items() if a.status is not None
        ] == [p.name for p in PARTS]
        assert done.stderr == b""
    assert shells


@pytest.mark.parametrize("form", ["answer", "plain"])
def test_a_cut_answer_is_never_absence(form: str, request: pytest.FixtureRequest) -> None:
    """Cut anywhere, the answer makes the sections incomplete that need what is missing; it never raises."""
    answer: bytes = request.getfixturevalue(form)
    whole = Linux(capture(answer, WORD)).read()
    assert not {t for t in capture(answer, WORD).lacking if "no whole answer" in t.why}
    for at in range(0, len(answer), len(answer) // 40):
        hands = capture(answer[:at], WORD)
        machine = Linux(hands).read()
        lacking = {t.area for t in hands.lacking}
        for area, mine, there in (
            ("network", machine.interfaces, whole.interfaces),
            ("filesystems", machine.mounts, whole.mounts),
            ("sockets", machine.sockets, whole.sockets),
            ("services", machine.processes, whole.processes),
        ):
            assert mine == there or area in lacking, (at, area)


def test_an_answer_is_packed_where_there_is_gzip(answer: bytes, plain: bytes, tmp_path: Any) -> None:
    """It is a third of the size at most and brings every part, as it does from a host that has no gzip."""
    assert len(answer) * 3 < len(plain)
    assert all(a.status is not None for a in frames(plain, WORD).values())
    text = script(WORD).replace("has gzip", "has no-gzip-here")
    done = subprocess.run(["sh", "-s"], input=text.encode(), capture_output=True, check=True)
    assert unpacked(done.stdout, WORD, 2**26) == done.stdout
    assert frames(done.stdout, WORD).keys() == frames(plain, WORD).keys()


def test_what_unpacks_without_end_is_cut(answer: bytes) -> None:
    """A packed answer that would fill the memory is taken up to its bound; a damaged one up to the damage."""
    bomb = b"\n@%s packed\n" % WORD.encode() + gzip.compress(bytes(50 * 2**20))
    assert len(bomb) < 2**16
    tracemalloc.start()
    assert len(unpacked(bomb * 3, WORD, 2**20)) == 2**20
    assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    tracemalloc.stop()
    damaged = bytearray(answer)
    damaged[len(answer) // 2 : len(answer) // 2 + 8] = b"\xff" * 8
    assert Linux(capture(bytes(damaged), WORD)).read().platform.hostname
    assert capture(bytes(damaged), WORD).lacking


@pytest.mark.parametrize("awk", AWKS, ids=lambda awk: Path(awk[0]).name)
def test_of_a_bundle_its_names_and_mounts_leave_and_nothing_else(awk: list[str], tmp_path: Path) -> None:
    """The file reads as on the host; what a container was given never leaves, whatever it is."""
    notes = {"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": "web",
             "io.kubernetes.cri.sandbox-name": "shop-7f", "io.kubernetes.cri.sandbox-namespace": "prod",
             "io.kubernetes.cri.image-name": "registry.example/shop:1.2@sha256:ab", "other": "s3cret0"}  # fmt: skip
    given = {
        "env": [
            "PASSWORD=s3cret1",
            'X="nerdctl/name":"s3cret2"',
            "nerdctl/image=s3cret3",
            'Y={"destination":"/s3cret6","type":"bind","source":"/s3cret7"}',
        ],
        "args": ["-p", "s3cret4"],
    }
    mounts = [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid"]},
        {"destination": "/data", "type": "bind", "source": "/srv/shop data", "options": ["rbind", "{rw}"]},
        {"destination": "/tmp", "type": "tmpfs", "options": ["size=65536k"]},
        {"destination": "/etc/hosts", "type": "bind", "source": "/var/lib/kubelet/pods/7f/etc-hosts"},
        {"destination": "/dev/shm", "source": "shm"},
    ]
    linux = {"namespaces": [{"type": "bind"}, {"type": "pid"}], "devices": [{"path": "/dev/fuse", "type": "c"}]}
    spaced = {"process": given, "mounts": mounts, "annotations": {**notes, "nerdctl/name": "a s3cret5"}, "linux": linux}
    by_name = {**spaced, "mounts": [dict(sorted(one.items())) for one in mounts]}
    for number, body in enumerate((spaced, by_name, {"annotations": {}, "mounts": [], "process": given})):
        for indent in (None, 2):
            path = tmp_path / f"{number}{indent}.json"
            path.write_text(json.dumps(body, indent=indent))
            done = subprocess.run([*awk, ssh_bundles.KEEP, str(path)], capture_output=True, text=True, check=True)
            name, _, kept = done.stdout.partition(":")
            assert (name, "s3cret" in kept, done.stderr) == (str(path), False, "")
            whole = containers.of_bundle("a" * 64, "k8s.io", json.dumps({"mounts": body["mounts"], "annotations": {
                k: v for k, v in body["annotations"].items() if "s3cret" not in v}}))  # fmt: skip
            assert containers.of_bundle("a" * 64, "k8s.io", kept) == whole
            assert whole is not None
            assert len(whole.mounts) == (2 if body["mounts"] else 0)


def test_a_promoted_postgresql_follows_nobody(tmp_path: Path) -> None:
    """Its primary_conninfo is still in its files: seen by the agent and over SSH alike, the standbys alone have one."""
    lines = "primary_conninfo = 'user=repl password=s3cret host=10.0.0.%d'\n"
    data, settings = tmp_path / "var/lib/postgresql/15", tmp_path / "etc/postgresql/15"
    files = {
        data / "promoted/postgresql.auto.conf": lines % 1,
        data / "standby/postgresql.auto.conf": lines % 2,
        settings / "third/postgresql.conf": f"data_directory = '{tmp_path}/srv/pg'\n" + lines % 3,
        settings / "fourth/conf.d/follow.conf": lines % 4,
        settings / "fifth/postgresql.conf": f"data_directory = '{tmp_path}/srv/closed'\n" + lines % 5,
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True)
        path.write_text(text)
    for folder in (data / "promoted", data / "standby", data / "fourth", tmp_path / "srv/pg"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "PG_VERSION").write_text("15\n")
    (data / "standby/standby.signal").touch()
    text = script(WORD).replace("has gzip", "has no-gzip-here")
    for root in ("/var/lib/postgresql", "/etc/postgresql"):
        text = text.replace(root, f"{tmp_path}{root}")
    done = subprocess.run(["sh", "-s"], input=text.encode(), capture_output=True, check=True)
    assert b"s3cret" not in done.stdout
    over = Linux(capture(done.stdout.replace(str(tmp_path).encode(), b""), WORD)).read()
    for path, said in files.items():
        path.write_text(said.replace(str(tmp_path), ""))
    hand = Hand(str(tmp_path))
    here = targets.read(hand)
    followed = {"tcp://10.0.0.2:5432", "tcp://10.0.0.5:5432"}  # whether the fifth is one, nobody may look
    assert {one.endpoint for one in here} == followed
    assert {one.endpoint for one in over.targets if "/postgresql/15/" in one.file} == followed


def test_arguments_are_masked_before_they_leave(tmp_path: Any) -> None:
    """A running program's password is nowhere in the answer, while the rest of its command line is."""
    (tmp_path / "till.py").write_text("import sys; print(1, flush=True); sys.stdin.read()")
    command = [
        sys.executable,
        str(tmp_path / "till.py"),
        "--password",
        "canary-one",
        "amqp://u:canary-two@mq/",
        "--x=1",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline()
        done = subprocess.run(["sh", "-s"], input=script(WORD).encode(), capture_output=True, check=True)
        child.kill()
    raw = unpacked(done.stdout, WORD, 2**26)
    assert b"canary" not in raw
    said = capture(done.stdout, WORD).text(f"/proc/{child.pid}/cmdline").split("\0")
    assert said[1:-1] == [str(tmp_path / "till.py"), "--password", "***", "amqp://u:***@mq/", "--x=1"]


def test_nothing_a_program_prints_passes_for_a_frame(plain: bytes) -> None:
    """A frame without the random word, or one inside a part, changes nothing."""
    forged = plain.replace(
        b"\n@" + WORD.encode() + b" end who 0", b"\n@000000 end who 0\nroot\n@" + WORD.encode() + b" end who 0"
    )
    assert Linux(capture(forged, WORD)).read().platform.hostname == Local().read().platform.hostname
    assert frames(b"\n@ab begin who\na\n@ab begin who\nb\n@ab end system 0\n", "ab")["who"].status is None


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\0" * 1000,
        b"\xff\xfe" * 500,
        b"\n@5ec2e7 end who 0\n" * 50,
        b"\n@5ec2e7 begin processes\n/proc/x/stat:1\n/proc/1/stat:((((\n@5ec2e7 end processes 0\n",
    ],
)
def test_junk_is_read_without_harm(junk: bytes) -> None:
    """Whatever bytes come back, the reader ends with troubles and no exception."""
    assert Linux(capture(junk, WORD)).read().troubles


def test_a_missing_command_is_said(tmp_path: Any) -> None:
    """Without `ip` and `awk` the host is read all the same, and what they would have brought is named."""
    kept = ("cat", "grep", "id", "uname", "ls", "sed", "tr", "head", "sort", "readlink", "df")
    for name in kept:
        (tmp_path / name).symlink_to(shutil.which(name) or "/nowhere")
    text = script(WORD).replace("PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH", f"PATH={tmp_path}")
    done = subprocess.run(["/bin/sh", "-s"], input=text.encode(), capture_output=True, check=True)
    machine_hands = capture(done.stdout, WORD)
    machine = Linux(machine_hands).read()
    assert machine.platform.hostname
    assert ("network", "missing command") in {(t.area, t.why) for t in machine_hands.lacking}


@pytest.mark.parametrize(("grants", "said"), [(True, "granted"), (False, "")])
def test_sudo_is_asked_without_a_password_and_done_without(tmp_path: Any, grants: bool, said: str) -> None:
    """Where sudo grants it the script runs through it, where it refuses the script runs all the same."""
    body = 'test "$1" = -n || exit 9; shift; RAISED=granted exec "$@"' if grants else "exit 1"
    (tmp_path / "sudo").write_text(f"#!/bin/sh\n{body}\n")
    (tmp_path / "sudo").chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "-c", SUDO], input='echo "ran $RAISED"', capture_output=True, text=True, check=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.strip() == f"ran {said}".strip()
