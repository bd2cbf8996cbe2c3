"""Connections that wait for their turn: small, in order, and nothing that they send is lost."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI, Request
from support.server_process import until

from cmdb_graphql import patience, serve, waiting
from cmdb_graphql.turnstile import EXPECTED, Turnstile

BODY = b"abcdefgh" * 100
REQUEST = b"POST /say HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Seen:
    """A server with room for one connection, and what was read by it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: list[int] = []
        self.early: list[bool] = []
        self.heard: list[bytes] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        self.looking, self.stuck = threading.Event(), threading.Event()
        self.looking.set()
        seen, app = self, FastAPI(openapi_url=None)

        class One(waiting.Waiting):
            turnstile = Turnstile(EXPECTED)

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                if not seen.looking.is_set():  # the loop is busy with accepting it, and looks at nothing else
                    seen.stuck.set()
                    seen.looking.wait(5)

            def connection_made(self, transport: Any) -> None:
                self.place = len(seen.read)
                seen.read.append(0)
                seen.loop = asyncio.get_running_loop()
                super().connection_made(transport)

            def data_received(self, data: bytes) -> None:
                seen.read[self.place] += len(data)
                seen.early.append(self._waits)
                super().data_received(data)

        @app.post("/say")
        async def say(request: Request) -> dict[str, int]:
            self.heard.append(await request.body())
            return {"number": len(self.heard)}

        monkeypatch.setattr(serve, "waiting", lambda: One)
        monkeypatch.setattr(waiting, "HASTE", 9.0)
        self.server = serve.Server(app, "127.0.0.1", 0)

    def connect(self) -> socket.socket:
        """A connection that is accepted."""
        place = len(self.read)
        made = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
        until(lambda: len(self.read) > place, 5)
        return made


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """Such a server, running."""
    made = Seen(monkeypatch)
    made.server.start()
    yield made
    made.server.stop()


def answer(one: socket.socket) -> bytes:
    """All that comes until the server closes."""
    parts = iter(partial(one.recv, 65536), b"")
    return b"".join(parts)


def test_what_waits_for_its_turn_stays_in_the_kernel(seen: Seen) -> None:
    """No byte of a connection that waits is read before there is room: ten thousand at once cost no more than ten."""
    with seen.connect() as first, seen.connect() as second:
        second.sendall(REQUEST)
        time.sleep(0.3)
        assert seen.read == [0, 0], "the first has the turn and says nothing"
        first.shutdown(socket.SHUT_RDWR)
        assert answer(second).startswith(b"HTTP/1.1 200")
        assert seen.heard == [BODY]


def test_who_hangs_up_while_it_waits_takes_nobodys_turn(seen: Seen) -> None:
    """The one behind it is answered, and nothing of it is kept."""
    with seen.connect() as first, seen.connect() as second, seen.connect() as third:
        second.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        second.close()
        third.sendall(REQUEST)
        first.close()
        assert answer(third).startswith(b"HTTP/1.1 200")
    until(lambda: not seen.server._server.server_state.connections, 5)


def test_a_server_that_stops_hangs_up_on_who_waits(seen: Seen) -> None:
    """At once, whether it has its turn or not, and though it has sent something."""
    with seen.connect() as first, seen.connect() as second:
        second.sendall(REQUEST)
        begun = time.monotonic()
        seen.server.stop()
        assert time.monotonic() - begun < 4
        assert answer(first) == b""
        with pytest.raises(ConnectionResetError):  # it sent what nobody read
            answer(second)
        assert not seen.heard


def test_what_is_read_before_its_turn_waits_with_it(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel wakes us for the first bytes all the same, they are worked on in turn and none is lost."""
    monkeypatch.setattr(waiting, "MUCH", 1)
    with seen.connect() as first:
        assert seen.loop is not None
        go_on = threading.Event()
        seen.loop.call_soon_threadsafe(go_on.wait, 5)
        with socket.create_connection(("127.0.0.1", seen.server.port), timeout=10) as second:
            second.sendall(REQUEST[:200])
            go_on.set()
            until(lambda: seen.read == [0, 200], 5)
            assert seen.early == [True]
            second.sendall(REQUEST[200:])
            time.sleep(0.1)
            assert seen.read == [0, 200]
            first.close()
            assert answer(second).startswith(b"HTTP/1.1 200")
            assert seen.heard == [BODY]


def test_silence_goes_to_the_end_of_the_line(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says nothing in its turn lets the next one go first, and is heard when it speaks later."""
    monkeypatch.setattr(waiting, "HASTE", 0.1)
    with seen.connect() as first, seen.connect() as second:
        second.sendall(REQUEST)
        assert b'{"number":1}' in answer(second)
        first.sendall(REQUEST)
        assert b'{"number":2}' in answer(first)


def test_who_has_sent_is_not_silent_though_we_look_late(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may look at the clock first, long after all patience was over: it is read all the same."""
    monkeypatch.setattr(waiting, "HASTE", 0.2)
    monkeypatch.setattr(patience, "PATIENCE", 0.1)
    with seen.connect() as first, seen.connect():
        seen.looking.clear()
        with socket.create_connection(("127.0.0.1", seen.server.port)):
            until(seen.stuck.is_set, 5)
            first.sendall(REQUEST)
            time.sleep(0.4)
            seen.looking.set()
            assert answer(first).startswith(b"HTTP/1.1 200")
