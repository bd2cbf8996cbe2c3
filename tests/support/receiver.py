"""A real HTTP(S) server on loopback that keeps what is posted to it and answers as told."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """`got` are (path, headers, body); `answers` the statuses of the next requests, then 200; `then` is before each."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.location: str | None = None
        self.then: Callable[[], None] | None = None
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mine.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                if mine.then:
                    mine.then()
                self.send_response(mine.answers.pop(0) if mine.answers else 200)
                if mine.location:
                    self.send_header("Location", mine.location)
                self.end_headers()
                self.wfile.write(b"seen\x1b[2J")

            def do_GET(self) -> None:
                mine.got.append((self.path, {}, b""))

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hook?a=1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def receiver(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """One that serves."""
    made = Receiver(tls)
    made.start()
    try:
        yield made
    finally:
        made.stop()
