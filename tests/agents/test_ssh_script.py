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
from cmdb_agents.transports.linux import containers
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
def test_of_a_bundle_its_names_leave_and_nothing_else(awk: list[str], tmp_path: Path) -> None:
    """The file reads as on the host, but for mounts; what a container was given never leaves, whatever it is."""
    notes = {"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": "web",
             "io.kubernetes.cri.sandbox-name": "shop-7f", "io.kubernetes.cri.sandbox-namespace": "prod",
             "io.kubernetes.cri.image-name": "registry.example/shop:1.2@sha256:ab", "other": "s3cret0"}  # fmt: skip
    given = {
        "env": ["PASSWORD=s3cret1", 'X="nerdctl/name":"s3cret2"', "nerdctl/image=s3cret3"],
        "args": ["-p", "s3cret4"],
    }
    spaced = {"process": given, "annotations": {**notes, "nerdctl/name": "a s3cret5"}}
    for number, body in enumerate((spaced, {"annotations": {}, "process": given})):
        for indent in (None, 2):
            path = tmp_path / f"{number}{indent}.json"
            path.write_text(json.dumps(body, indent=indent))
            done = subprocess.run([*awk, ssh_bundles.KEEP, str(path)], capture_output=True, text=True, check=True)
            name, _, kept = done.stdout.partition(":")
            assert (name, "s3cret" in kept, done.stderr) == (str(path), False, "")
            whole = containers.of_bundle("a" * 64, "k8s.io", json.dumps({"annotations": {
                k: v for k, v in body["annotations"].items() if "s3cret" not in v}}))  # fmt: skip
            assert containers.of_bundle("a" * 64, "k8s.io", kept) == whole


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
