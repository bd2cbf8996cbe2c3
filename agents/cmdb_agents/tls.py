"""TLS to the one server, and whom it may be: whoever this machine trusts.

OpenSSL would be a fifth of the running agent's memory for a moment of each minute, so that moment may be spent apart,
in a child. A child reads anew whom the machine trusts, so it looks into the folder of authorities by their hash first,
where OpenSSL reads the one it needs; only what nobody there vouches for has all of them read, for half a report's CPU.
"""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cmdb_agents.apart import POSSIBLE, in_child
from cmdb_agents.exchange import Reply

if TYPE_CHECKING:
    import ssl

Talk = Callable[[socket.socket], Reply]

TRUST_SECONDS = 3_600
"""How long whom this machine trusts is believed before it is read again: reading it costs half of a report's CPU."""
UNKNOWN = (2, 18, 19, 20, 21)
"""OpenSSL's numbers for a chain that leads to nobody trusted; another authority may mend that, and nothing else."""
GRACE_SECONDS = 1.0
"""What a child may take beyond the time that it keeps by itself."""


class Untrusted(OSError):
    """The server is not whom this machine trusts; nothing was sent to it. `unknown`: nobody trusted vouches for it."""

    def __init__(self, why: str, *, unknown: bool) -> None:
        super().__init__(None, why)
        self.unknown = unknown


class LookFurther(Untrusted):
    """Nobody in the folder vouches for the server; from now on everybody is asked, so try once more."""


class Tls:
    """For one host. `apart`: in a child each time, where this system can, which may keep things in this folder; not for
    a process of several threads."""

    def __init__(self, host: str, *, apart: Path | None) -> None:
        self._host, self._kept = host, apart if POSSIBLE else None
        self._folder_first = True
        self._trust: ssl.SSLContext | None = None
        self._trusted_at = 0.0

    def talk(self, connection: socket.socket, talk: Talk, until: float) -> Reply:
        """Have this said over the connection, secured; Untrusted, LookFurther, OSError or ValueError if not."""
        if (kept := self._kept) is None:
            return self._here(connection, talk)
        said = in_child(lambda: self._there(connection, talk, kept), until + GRACE_SECONDS, [connection.fileno()])
        return self._understood(json.loads(said))

    def _here(self, connection: socket.socket, talk: Talk) -> Reply:
        import ssl

        now = time.monotonic()
        if self._trust is None or now - self._trusted_at > TRUST_SECONDS:
            self._trust, self._trusted_at = ssl.create_default_context(), now
        try:
            return _secured(self._trust, connection, self._host, talk)
        except (OSError, ValueError):
            self._trust = None  # what an administrator mends counts for the next try
            raise

    def _there(self, connection: socket.socket, talk: Talk, kept: Path) -> bytes:
        """In the child: the answer, or what went wrong, for `_understood`."""
        import ssl

        folder = _folder(ssl.get_default_verify_paths(), kept) if self._folder_first else None
        try:
            reply = _secured(ssl.create_default_context(capath=folder), connection, self._host, talk)
        except Untrusted as error:
            return json.dumps({"untrusted": why(error), "unknown": error.unknown, "folder": bool(folder)}).encode()
        except (OSError, ValueError) as error:
            return json.dumps({"failed": why(error)}).encode()
        return json.dumps([reply.status, dict(reply.headers), reply.body.decode("latin-1")]).encode()

    def _understood(self, said: object) -> Reply:
        match said:
            case [int(status), dict(headers), str(body)]:
                return Reply(status, headers, body.encode("latin-1"))
            case {"untrusted": str(reason), "unknown": True, "folder": True}:
                self._folder_first = False
                raise LookFurther(reason, unknown=True)
            case {"untrusted": str(reason), "unknown": bool(unknown)}:
                raise Untrusted(reason, unknown=unknown)
            case {"failed": str(reason)}:
                raise OSError(None, reason)
        raise ValueError(f"what sends for the agent said {said!r}"[:200])


def why(error: Exception) -> str:
    """What went wrong with a connection, in few words."""
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, OSError) and (said := error.strerror):
        return said if said[:2].isupper() else said[0].lower() + said[1:]
    return str(error)[:200] or type(error).__name__


def _secured(context: ssl.SSLContext, connection: socket.socket, host: str, talk: Talk) -> Reply:
    """A double of the connection is secured, so that whoever holds the connection can still shut it down.

    The handshake is under the connection's time-out, so it does not begin by itself.
    """
    import ssl

    with (
        connection.dup() as double,
        context.wrap_socket(double, server_hostname=host, do_handshake_on_connect=False) as secured,
    ):
        try:
            secured.do_handshake()
        except ssl.SSLCertVerificationError as error:
            reason = str(error.verify_message or error.reason or "no reason given").rstrip(".")
            raise Untrusted(reason, unknown=error.verify_code in UNKNOWN) from error
        except ssl.SSLError as error:
            raise OSError(None, f"no TLS: {(error.reason or 'no reason given').replace('_', ' ').lower()}") from error
        return talk(secured)


def _folder(paths: ssl.DefaultVerifyPaths, kept: Path) -> str | None:
    """The system's folder of authorities by their hash, or one made of the bundle; None where all are read as fast."""
    from cmdb_agents import authorities

    named = paths.cafile not in (None, paths.openssl_cafile)  # by SSL_CERT_FILE
    with suppress(OSError, ValueError, LookupError):
        if paths.capath and not named:
            with os.scandir(paths.capath) as entries:
                if any(re.fullmatch(r"[0-9a-f]{8}\.\d+", entry.name) for entry in entries):
                    return paths.capath
        if paths.cafile and Path(paths.cafile).stat().st_size > authorities.SMALL:
            return str(authorities.folder(Path(paths.cafile), kept))
    return None
