"""Runs the one script on a host over one SSH connection, and gives the answer as a hand.

In this order: connect, exchange keys, compare the host's key with the pinned one, and only then say who we are. A host
that is unknown, or shows another key, has been sent nothing but our version and algorithms. No agent, no forwarding,
no terminal, no configuration file of anybody.
"""

from __future__ import annotations

import io
import logging
import secrets as random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import paramiko
from paramiko.ssh_exception import AuthenticationException, SSHException

from cmdb.errors import EpicentreError, HostKeyChanged, Invalid, NotAuthenticated, Refused, Unavailable
from cmdb_agents.discover.kind import Place, Secret, ShownKey, Task
from cmdb_agents.transports.ssh_capture import Captured, capture
from cmdb_agents.transports.ssh_hosts import HostKey, HostKeys, at
from cmdb_agents.transports.ssh_meter import BoundedPacketizer, Meter, Metered, dial
from cmdb_agents.transports.ssh_script import script

MAX_TRIES = 3
"""Secrets offered to one host in one look; more would lock accounts there."""

CONNECT_SECONDS = 10.0
BYTES_IN_MEMORY = 4
"""An answer stands in memory this many times while it is read: as chunks, as bytes, as text, as facts."""

COMMAND = "sh -s"
SUDO = "sh -c 'if sudo -n sh -c : 2>/dev/null; then exec sudo -n sh -s; else exec sh -s; fi'"

# What a server says ends up in our error's own sentence, stripped; paramiko would log it as it came.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a host answered: a hand for the reader, and what it cost."""

    hand: Captured
    received: int
    cut: str  # why it ended early, if it did
    host_keys: tuple[ShownKey, ...] = ()


class Silent(paramiko.Transport):
    """Writes no log: nobody reads it, and composing its lines would cost a tenth of a connection.

    A server's debug messages are not even spelt out: paramiko does that byte by byte.
    """

    def _log(self, level: int, msg: object, *args: object) -> None:
        pass

    def _parse_debug(self, m: paramiko.Message) -> None:
        pass


def ask(task: Task, keys: HostKeys, via: Sequence[tuple[Place, Sequence[Secret]]] = (), sudo: bool = False) -> Answered:
    """Run the script at the task's place, through jump hosts if there are any."""
    word = random.token_hex(12)
    meter = Meter(task.seconds, task.max_bytes // BYTES_IN_MEMORY)
    try:
        with _reached(task, keys, via, meter) as (transport, shown):
            raw = _run(transport, SUDO if sudo else COMMAND, script(word), meter)
    except EpicentreError:
        raise
    except (SSHException, EOFError, OSError) as error:
        raise Unavailable(f"{task.place} does not answer: {meter.why or _said(error)}") from error
    finally:
        meter.close()
    hand = capture(raw, word, task.max_bytes // BYTES_IN_MEMORY)
    if not hand.answered:
        raise Unavailable(f"{task.place} let us in and did not run the script: {meter.why or 'it closed the session'}")
    return Answered(hand, meter.received, meter.why, tuple(shown))


@contextmanager
def _reached(
    task: Task, keys: HostKeys, via: Sequence[tuple[Place, Sequence[Secret]]], meter: Meter
) -> Iterator[tuple[paramiko.Transport, list[ShownKey]]]:
    opened: list[paramiko.Transport] = []
    shown: list[ShownKey] = []
    try:
        for place, secrets in (*via, (task.place, task.secrets)):
            before = opened[-1] if opened else None
            transport = _meet(place, before, meter)
            opened.append(transport)
            shown.append(_know(place, transport, keys, task.now))
            _log_in(place, transport, secrets)
            meter.trusted()
        yield opened[-1], shown
    finally:
        for transport in reversed(opened):
            transport.packetizer.close()
        meter.close()
        for transport in opened:
            transport.close()


def _meet(place: Place, before: paramiko.Transport | None, meter: Meter) -> paramiko.Transport:
    """Connect and exchange keys."""
    stream: Any
    if before is None:
        stream = dial(place.address, place.port, min(CONNECT_SECONDS, meter.left()))
    else:
        stream = before.open_channel(
            "direct-tcpip", (place.address, place.port), ("127.0.0.1", 0), timeout=min(CONNECT_SECONDS, meter.left())
        )
    meter.watch(stream)
    transport = Silent(Metered(stream, meter), packetizer_class=BoundedPacketizer)  # type: ignore[arg-type]
    algorithms = transport.get_security_options()
    # The library still offers 3DES, CBC, MD5 and SHA-1 last; GCM first, for one pass over a packet instead of two.
    algorithms.ciphers = tuple(sorted((c for c in algorithms.ciphers if "cbc" not in c), key=lambda c: "gcm" not in c))
    algorithms.digests = tuple(d for d in algorithms.digests if "sha2" in d)
    algorithms.kex = tuple(k for k in algorithms.kex if "sha1" not in k)
    return transport


def _know(place: Place, transport: paramiko.Transport, keys: HostKeys, now: int) -> ShownKey:
    """Exchange keys; the host must show the pinned one."""
    pinned = keys.pinned(place)
    if pinned is not None:
        algorithms = transport.get_security_options()
        same = [one for one in algorithms.key_types if _plain(one) == _plain(pinned.type)]
        algorithms.key_types = (*same, *(one for one in algorithms.key_types if one not in same))
    transport.start_client(timeout=CONNECT_SECONDS)
    shown = transport.get_remote_server_key()
    key = HostKey(shown.get_name(), shown.asbytes())
    if pinned is not None:
        if key.raw != pinned.raw:
            raise _another(place, pinned, key)
        return ShownKey(at(place), pinned.fingerprint, key.fingerprint)
    if keys.offer(place, key, now):
        raise Refused(f"{place} is new: {key.type} {key.fingerprint} is offered for pinning; nothing was sent")
    raise Refused(
        f"{place} is new and shows {key.type} {key.fingerprint}; nothing was sent."
        " Open a window with `epicentre discover keys window` to have its key offered for pinning"
    )


def _another(place: Place, pinned: HostKey, key: HostKey) -> HostKeyChanged:
    return HostKeyChanged(
        f"{place} shows ANOTHER HOST KEY than the pinned one: {key.type} {key.fingerprint}. Somebody may stand"
        " between, or it was installed anew. Nothing was sent; ask its owner before you forget the old key",
        place=at(place),
        pinned=pinned.fingerprint,
        shown=key.fingerprint,
    )


def _plain(algorithm: str) -> str:
    return "ssh-rsa" if algorithm.startswith("rsa-sha2") else algorithm


def _log_in(place: Place, transport: paramiko.Transport, secrets: Sequence[Secret]) -> None:
    """Keys before passwords, each once, at most three in all."""
    order = sorted(secrets, key=lambda one: one.kind != "key")[:MAX_TRIES]
    if not order:
        raise NotAuthenticated(f"no credential is bound to {place}")
    for secret in order:
        try:
            if secret.kind == "key":
                transport.auth_publickey(secret.user, private_key(secret))
            else:
                transport.auth_password(secret.user, secret.secret, fallback=False)
        except AuthenticationException:
            continue  # also a way of logging in that this host does not offer
        if transport.is_authenticated():
            return
    names = ", ".join(secret.ref for secret in order)
    raise NotAuthenticated(f"{place} takes none of the {len(order)} credentials bound to it: {names}")


def private_key(secret: Secret) -> paramiko.PKey:
    """The key of a secret in OpenSSH or PEM form; Invalid when it is none."""
    found = _key(secret.secret, secret.options.get("passphrase") or None)
    if found is None:
        raise Invalid(f"credential {secret.ref} holds no private key that can be read (Ed25519, ECDSA or RSA)")
    return found


# One key opens many hosts: checking an RSA key, or stretching a passphrase, costs as much as looking at five of them.
@lru_cache(maxsize=8)
def _key(text: str, phrase: str | None) -> paramiko.PKey | None:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text), password=phrase)
        except (SSHException, ValueError, IndexError, TypeError):
            continue  # another kind of key
    return None


def _run(transport: paramiko.Transport, command: str, text: str, meter: Meter) -> bytes:
    channel = transport.open_session(timeout=min(CONNECT_SECONDS, meter.left()))
    channel.set_combine_stderr(True)
    channel.settimeout(meter.left() + 1)  # the meter comes first: it knows why
    channel.exec_command(command)
    chunks: list[bytes] = []
    try:
        channel.sendall(text.encode())
        channel.shutdown_write()
        while chunk := channel.recv(2**16):
            chunks.append(chunk)
    except (OSError, EOFError):
        meter.why = meter.why or "the connection ended early"
    return b"".join(chunks)


def _said(error: Exception) -> str:
    """An error's words, which may be the server's own: printable and short."""
    if isinstance(error, TimeoutError):
        return "timed out"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or "it closed the connection"
    return "".join(c for c in text if c.isprintable())[:200]
