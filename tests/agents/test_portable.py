"""The portable reader on this machine, beside the direct one: what both can see they say alike."""

from __future__ import annotations

import os
import socket

import pytest

from cmdb_agents.run import look
from cmdb_agents.transports import portable
from cmdb_agents.transports.here import here
from cmdb_agents.transports.local import Local
from cmdb_agents.transports.portable import JUST_CLOSED, LACKING, Portable


def test_linux_is_read_directly() -> None:
    """Where there is a /proc the direct reader is taken."""
    assert isinstance(here(), Local)


def test_both_readers_agree() -> None:
    """Interfaces, addresses, mounts' devices and this test's own listener are the same through either."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        direct, other = Local().read(), Portable().read()
    ours, theirs = ({i.name: {(a.address, a.prefix_length) for a in i.addresses} for i in m.interfaces}
                    for m in (direct, other))  # fmt: skip
    assert {name: found for name, found in ours.items() if found} == {n: f for n, f in theirs.items() if f}
    for machine in (direct, other):
        (mine,) = [s for s in machine.sockets if s.local_port == port and s.state == "LISTEN"]
        assert os.getpid() in mine.pids
    assert (direct.platform.hostname, direct.platform.memory_bytes) == (
        other.platform.hostname,
        other.platform.memory_bytes,
    )


def test_what_it_lacks_is_said() -> None:
    """Each section that psutil cannot fill is incomplete, so nothing of it is taken back."""
    _view, sections = look(Portable(), {}, 1_795_000_000)
    incomplete = {s.name for s in sections if not s.complete}
    assert incomplete == {area for area, _ in (*LACKING, JUST_CLOSED)}
    assert next(s for s in sections if s.name == "host").items


def test_sockets_that_may_not_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the list of all sockets is refused, those of one's own programs are read, and the refusal is said."""
    import psutil

    def refuse(kind: str) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", refuse)
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = portable.Portable().read()
        port = server.getsockname()[1]
    assert [s.pids for s in found.sockets if s.local_port == port] == [(os.getpid(),)]
    assert {t.area for t in found.troubles if t.why == "permission denied"} == {"sockets", "services"}
