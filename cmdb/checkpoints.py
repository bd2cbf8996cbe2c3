"""Signed checkpoints of the journal, in a file outside the database: who rewrites the graph cannot rewrite these.

Each line says which hash the journal had at a sequence, and hashes the line before. A copy of the file kept elsewhere,
or only its last line, proves everything up to it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cmdb.chain import Broken, Link
from cmdb.errors import Misconfigured
from cmdb.moments import after
from cmdb.secret_file import secret_file

EVERY_HOURS = 1.0
KEY, FILE = "audit.key", "checkpoints.jsonl"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The journal's hash at a sequence; `prev`: SHA-256 of the line before, `signature`: Ed25519, in hexadecimal."""

    seq: int
    hash: str
    at: str
    prev: str
    signature: str = ""

    def line(self) -> str:
        """As it stands in the file."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    def signed(self) -> bytes:
        """What the signature is over: everything but itself."""
        return replace(self, signature="").line().encode()


class Checkpoints:
    """The file of checkpoints and the key they are signed with, both in the data folder."""

    def __init__(self, home: Path) -> None:
        self._key_file, self._file = home / KEY, home / FILE
        self._key: Ed25519PrivateKey | None = None

    def public_key(self) -> str:
        """The key that verifies them, in hexadecimal; worth keeping elsewhere. Made the first time it is asked for."""
        return self._signer().public_key().public_bytes_raw().hex()

    def note(self, head: Link, now: str) -> Checkpoint | None:
        """Append a checkpoint if the last one is an hour old and the journal has gone on; on disk when it returns."""
        known = self.read()
        last = known[-1] if known else None
        if head.seq == 0 or (last is not None and (last.seq >= head.seq or _recent(last.at, now))):
            return None
        made = Checkpoint(head.seq, head.hash, now, "" if last is None else _hash(last.line()))
        made = replace(made, signature=self._signer().sign(made.signed()).hex())
        whole = len(self._lines().encode())  # behind it only what a crash cut short
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.truncate(whole)
            file.seek(whole)
            file.write(made.line() + "\n")
            file.flush()
            os.fsync(file.fileno())
        return made

    def read(self) -> list[Checkpoint]:
        """All of them, oldest first. A last line that a crash cut short does not count: it was never told of."""
        try:
            return [Checkpoint(**json.loads(line)) for line in self._lines().splitlines()]
        except (ValueError, TypeError) as error:
            raise Misconfigured(f"{self._file} holds a line that is no checkpoint: {error}") from error

    def _lines(self) -> str:
        """The whole lines of the file."""
        try:
            text = self._file.read_text()
        except FileNotFoundError:
            return ""
        return text[: text.rfind("\n") + 1]

    def _signer(self) -> Ed25519PrivateKey:
        if self._key is None:
            self._key = Ed25519PrivateKey.from_private_bytes(_secret(self._key_file))
        return self._key


def check(known: Sequence[Checkpoint], public_key: str) -> Broken | None:
    """The first checkpoint that was not signed by this key, or does not follow the one before."""
    key, prev = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)), ""
    for number, one in enumerate(known, start=1):
        try:
            key.verify(bytes.fromhex(one.signature), one.signed())
        except (InvalidSignature, ValueError):
            return Broken(one.seq, f"line {number} of the checkpoints bears no signature of this server's key")
        if one.prev != prev:
            return Broken(one.seq, f"line {number} of the checkpoints does not follow the line before")
        prev = _hash(one.line())
    return None


def compare(known: Sequence[Checkpoint], links: Sequence[Link]) -> Broken | None:
    """The first entry whose hash is not what a checkpoint said; `links` are entries with their hashes."""
    said = {one.seq: one for one in known}
    for link in links:
        one = said.get(link.seq)
        if one is not None and one.hash != link.hash:
            return Broken(link.seq, f"the checkpoint of {one.at} knows it with another hash: history was rewritten")
    return None


def missing(known: Sequence[Checkpoint], end: Link) -> Broken | None:
    """Whether a checkpoint knows of entries behind the journal's end."""
    late = next((one for one in known if one.seq > end.seq), None)
    if late is None:
        return None
    return Broken(end.seq + 1, f"it is missing: the checkpoint of {late.at} knows entry {late.seq}")


def _recent(then: str, now: str) -> bool:
    """Less than an hour ago; a clock that was set back makes nothing recent."""
    return then <= now < after(then, EVERY_HOURS)


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _secret(path: Path) -> bytes:
    """The private key's 32 bytes, in a file only its owner reads, made the first time."""
    found = secret_file(path, lambda: Ed25519PrivateKey.generate().private_bytes_raw())
    if len(found) != 32:
        raise Misconfigured(f"{path} holds no Ed25519 key of 32 bytes; bring it back from the backup")
    return found
