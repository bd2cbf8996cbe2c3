"""One conversation with the mail server (RFC 5321), for the letters of a batch."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

from cmdb.errors import Unavailable

PATIENCE = 20.0
"""Seconds the mail server may take for an answer."""


@dataclass(frozen=True, slots=True)
class Post:
    """The mail server: where it is, who we are there, and how the way is kept secret."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None  # for tests

    @contextmanager
    def open(self) -> Iterator[smtplib.SMTP]:
        """A connection, logged in. Unavailable when it cannot be had now."""
        context = self.tls or ssl.create_default_context()
        with ExitStack() as stack:
            try:
                server = self._connected(context)
                stack.callback(_quit, server)
                if self.security == "starttls":
                    server.starttls(context=context)
                if self.user is not None:
                    server.login(self.user, self.password or "")
            except (OSError, smtplib.SMTPException) as error:
                raise Unavailable(f"the mail server {self.host}:{self.port} did not let us in: {error}") from error
            yield server

    def _connected(self, context: ssl.SSLContext) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=PATIENCE)


def _quit(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def send(server: smtplib.SMTP, letter: EmailMessage) -> tuple[Literal["sent", "waiting", "refused"], str]:
    """Hand a letter over: sent; refused for good (a code of 5xx); or to be tried again. With what was answered."""
    try:
        server.send_message(letter)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _verdict(code), f"{code} {_text(text)}"
    except smtplib.SMTPResponseException as error:
        return _verdict(error.smtp_code), f"{error.smtp_code} {_text(error.smtp_error)}"
    except (OSError, smtplib.SMTPException) as error:
        return "waiting", str(error)
    return "sent", "250 taken"


def _verdict(code: int) -> Literal["waiting", "refused"]:
    return "refused" if 500 <= code < 600 else "waiting"


def _text(raw: bytes | str) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
