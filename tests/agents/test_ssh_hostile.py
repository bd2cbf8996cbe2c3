"""Servers that are broken or mean: each costs its time and bytes at most, learns no secret, and is said to be so."""

from __future__ import annotations

import contextlib
import gzip
import resource
import socket
import time
from collections.abc import Callable
from pathlib import Path

import paramiko
import pytest
from support.hostile_ssh import listening, rogue
from support.ssh_server import new_key, pin, shown

from cmdb.errors import EpicentreError, NotAuthenticated, Refused, Unavailable
from cmdb_agents.discover.kind import Place, Secret, Task
from cmdb_agents.discover.kinds.ssh import SSH

SECRET = Secret("rack", "password", "probe", "correct horse battery")
MiB = 2**20


def task(place: Place, folder: Path, seconds: float = 5.0, most: int = 64 * MiB) -> Task:
    """A look with the one secret."""
    return Task(place, folder, (SECRET,), now=1, seconds=seconds, max_bytes=most)


def endless(channel: paramiko.Channel) -> None:
    """Answers for ever."""
    with contextlib.suppress(OSError):
        while True:
            channel.sendall(b"x" * 2**20)


def one_byte_a_second(channel: paramiko.Channel) -> None:
    """Answers, but not in this life."""
    with contextlib.suppress(OSError):
        for _ in range(60):
            channel.sendall(b"x")
            time.sleep(0.3)


def silent(channel: paramiko.Channel) -> None:
    """Takes the script and says nothing."""
    time.sleep(20)


def closing(channel: paramiko.Channel) -> None:
    """Closes in the middle of its answer."""
    nonce = script_word(channel)
    channel.sendall(b"\n@" + nonce + b" begin who\n0\n77\nweb\n6.1\nx86_64\n\n@" + nonce + b" end who 0\n")
    channel.sendall(b"\n@" + nonce + b" begin tables\n/proc/net/tcp:  sl")
    channel.close()


def script_word(channel: paramiko.Channel) -> bytes:
    """The random word of the script, once all of it is here."""
    script = b""
    while b"main </dev/null" not in script:
        script += channel.recv(65536)
    return script.partition(b"word=")[2].partition(b"\n")[0]


def bomb(channel: paramiko.Channel) -> None:
    """A packed answer of a gigabyte in a megabyte."""
    with contextlib.suppress(OSError):
        channel.sendall(b"\n@" + script_word(channel) + b" packed\n" + gzip.compress(bytes(2**24)) * 64)
        channel.close()


def mid_packet(channel: paramiko.Channel) -> None:
    """Cuts the connection in the middle of an encrypted packet."""
    channel.sendall(b"\n@" + script_word(channel) + b" begin who\n")
    with contextlib.suppress(OSError):
        link = channel.get_transport().sock  # type: ignore[union-attr]  # there is one
        link.sendall(b"\0\0\x40\0" + b"x" * 100)
        link.shutdown(socket.SHUT_RDWR)
        link.close()


@pytest.mark.parametrize("then", [bomb, mid_packet])
def test_an_answer_that_cannot_be_read_is_no_answer(then: Callable[[paramiko.Channel], None], tmp_path: Path) -> None:
    """A packed answer without an end, and one cut in a packet, cost little and are said not to have run the script."""
    with rogue(SECRET.secret, then) as server:
        pin(tmp_path, server.place, server.key)
        before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        with pytest.raises(Unavailable, match=r"did not run the script|does not answer"):
            SSH.look(task(server.place, tmp_path))
        assert time.monotonic() - started < 6
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 96


@pytest.mark.parametrize("then", [endless, one_byte_a_second, silent])
def test_a_session_that_never_ends_is_ended(then: Callable[[paramiko.Channel], None], tmp_path: Path) -> None:
    """Endless, slow and silent answers end at their bound of bytes or time, and the host is said not to answer."""
    with rogue(SECRET.secret, then) as server:
        pin(tmp_path, server.place, server.key)
        before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        with pytest.raises(Unavailable, match=r"did not run the script: it (sent more than|took longer)"):
            SSH.look(task(server.place, tmp_path, seconds=2.0))
        assert time.monotonic() - started < 6
        # Both ends of the connection live in this process, so both ends' buffers are in the figure.
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 96


def test_an_answer_that_breaks_off_is_no_absence(tmp_path: Path) -> None:
    """What came before the end is kept; every section that lacks something is incomplete and says so."""
    with rogue(SECRET.secret, closing) as server:
        pin(tmp_path, server.place, server.key)
        sight = SSH.look(task(server.place, tmp_path))
    assert sight.name == "web"
    assert [s.name for s in sight.sections if s.complete] == []
    assert any("no whole answer" in line for line in sight.unseen)


def test_a_host_with_another_key_is_offered_no_secret(tmp_path: Path) -> None:
    """Neither a changed nor an unknown host key ever sees a login, not even the user's name."""
    with rogue(SECRET.secret, silent) as server:
        with pytest.raises(Refused, match="nothing was sent"):
            SSH.look(task(server.place, tmp_path))
        pin(tmp_path, server.place, shown(new_key(tmp_path / "first")))
        with pytest.raises(Refused, match="ANOTHER HOST KEY"):
            SSH.look(task(server.place, tmp_path))
        assert server.offered == []


def test_a_wrong_secret_is_offered_once(tmp_path: Path) -> None:
    """A secret that is not taken is offered once in a look, and stands in no error."""
    with rogue("another", silent) as server:
        pin(tmp_path, server.place, server.key)
        with pytest.raises(NotAuthenticated, match="1 credentials bound to it: rack") as caught:
            SSH.look(task(server.place, tmp_path))
        assert server.offered == [f"password probe {SECRET.secret}"]
        assert SECRET.secret not in str(caught.value)


def flood(link: socket.socket) -> None:
    """A greeting without an end."""
    while True:
        link.sendall(b"x" * 65536)


def drip(link: socket.socket) -> None:
    """A greeting at one byte a second."""
    for byte in b"SSH-2.0-" + b"x" * 100:
        link.sendall(bytes([byte]))
        time.sleep(1)


def huge(link: socket.socket) -> None:
    """A packet that says it has four gigabytes."""
    link.sendall(b"SSH-2.0-rogue\r\n\xff\xff\xff\xf0" + b"\0" * 1000)
    time.sleep(20)


def gone(link: socket.socket) -> None:
    """A greeting, then nothing."""
    link.sendall(b"SSH-2.0-rogue\r\n")


def terminal(link: socket.socket) -> None:
    """A greeting made for the reader's terminal."""
    link.sendall(b"SSH-9.9-\x1b]0;owned\x07\r\n")


@pytest.mark.parametrize("serve", [flood, drip, huge, gone, terminal])
def test_what_is_no_ssh_server_costs_little(serve: Callable[[socket.socket], None], tmp_path: Path) -> None:
    """Before the key exchange ends nothing can be made of a server: it costs 256 KiB and its time, and no more."""
    with listening(serve) as place:
        started, cpu = time.monotonic(), time.process_time()
        with pytest.raises(EpicentreError) as caught:
            SSH.look(task(place, tmp_path, seconds=3.0))
        assert time.monotonic() - started < 6
        assert time.process_time() - cpu < 2
    assert caught.value.message.isprintable()


def test_a_broken_device_delays_nobody(tmp_path: Path) -> None:
    """While one server drips, another is looked at in its own time."""
    from concurrent.futures import ThreadPoolExecutor

    with listening(drip) as slow, rogue(SECRET.secret, closing) as fine, ThreadPoolExecutor(2) as pool:
        pin(tmp_path, fine.place, fine.key)
        stuck = pool.submit(SSH.look, task(slow, tmp_path, seconds=4.0))
        started = time.monotonic()
        assert SSH.look(task(fine.place, tmp_path)).name == "web"
        assert time.monotonic() - started < 3
        with pytest.raises(Unavailable):
            stuck.result()
