"""A real SMTP server on loopback that keeps what it takes and answers as told: greeting, STARTTLS, AUTH, DATA."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class MailServer:
    """`got` are (recipient, message); `answers` the replies to the next recipients, then 250."""

    def __init__(self, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None) -> None:
        self.got: list[tuple[str, EmailMessage]] = []
        self.answers: list[str] = []
        self.secret: list[bool] = []
        self.tls, self.login = tls, login
        mine = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _Conversation(mine, self).hold()

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])


class _Conversation:
    def __init__(self, server: MailServer, handler: Any) -> None:
        self.server, self.handler = server, handler
        self.read, self.socket = handler.rfile, handler.request
        self.secret, self.known, self.to = False, server.login is None, ""

    def say(self, line: str) -> None:
        self.socket.sendall(line.encode() + b"\r\n")

    def hold(self) -> None:
        with suppress(OSError):  # a client that does not trust us hangs up
            self.talk()
        self.read.close()
        self.socket.close()

    def talk(self) -> None:
        self.say("220 test ready")
        while line := self.read.readline():  # anew each time: STARTTLS changes what is read
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "QUIT":
                self.say("221 bye")
                return
            getattr(self, f"do_{verb.lower()}", self.unknown)(rest)

    def unknown(self, _rest: str) -> None:
        self.say("502 what?")

    def do_ehlo(self, _rest: str) -> None:
        offers = ["test"] + ["STARTTLS"] * (self.server.tls is not None and not self.secret)
        offers += ["AUTH PLAIN"] * (self.server.login is not None)
        for offer in offers[:-1]:
            self.say(f"250-{offer}")
        self.say(f"250 {offers[-1]}")

    def do_starttls(self, _rest: str) -> None:
        assert self.server.tls is not None
        self.say("220 go ahead")
        self.socket = self.server.tls.wrap_socket(self.socket, server_side=True)
        self.read, self.secret = self.socket.makefile("rb"), True

    def do_auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.split(" ")[1]).decode().split("\0")
        self.known = (user, password) == self.server.login
        self.say("235 welcome" if self.known else "535 who are you?")

    def do_mail(self, _rest: str) -> None:
        self.say("250 ok" if self.known else "530 log in first")

    def do_rcpt(self, rest: str) -> None:
        answer = self.server.answers.pop(0) if self.server.answers else "250 ok"
        self.to = rest.partition("<")[2].rstrip(">").partition(">")[0]
        self.say(answer)

    def do_rset(self, _rest: str) -> None:
        self.say("250 ok")

    def do_data(self, _rest: str) -> None:
        self.say("354 go on")
        lines = []
        for line in iter(self.read.readline, b".\r\n"):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.server.secret.append(self.secret)
        self.server.got.append((self.to, message_from_bytes(b"".join(lines), policy=policy.default)))  # type: ignore[arg-type]  # the policy makes it one
        self.say("250 taken")


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None) -> Iterator[MailServer]:
    """A running one."""
    made = MailServer(tls, login)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
