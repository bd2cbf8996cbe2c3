"""Secrets of devices, outside the graph: each under a key of its own (AES-256-GCM), wrapped by the master key.

Written and never shown again. Each is bound to networks and names, and is opened for a place inside them only: who
changes a target cannot send a secret elsewhere. What is bound with it (id, version, purpose) is authenticated, so a
row that was moved, or put back from an old copy under a new version, does not open.
"""

from __future__ import annotations

import ipaddress
import json
import re
import secrets as random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cmdb.errors import Forbidden, Invalid, Misconfigured, UnknownName
from cmdb.secret_file import secret_file
from cmdb_agents.discover.kind import Place, Secret

MAX_SECRET = 64 * 2**10
NONCE = 12
_REF = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_TABLE = """
CREATE TABLE IF NOT EXISTS credential (
    ref TEXT PRIMARY KEY, version INTEGER NOT NULL, kind TEXT NOT NULL, user TEXT NOT NULL, bound TEXT NOT NULL,
    options TEXT NOT NULL, wrapped BLOB NOT NULL, sealed BLOB NOT NULL, changed TEXT NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """What may be shown of a credential."""

    ref: str
    kind: str
    user: str
    bound: tuple[str, ...]
    version: int
    changed: str


def master_key(path: Path) -> bytes:
    """The master key, made at first use; refused when others can read its file."""
    try:
        raw = secret_file(path, lambda: random.token_bytes(32))
        if path.stat().st_mode & 0o077:
            raise Misconfigured(f"{path} can be read by others; chmod 600 it and change every secret it has sealed")
    except OSError as error:
        raise Misconfigured(f"the master key {path} cannot be used: {error.strerror}") from error
    if len(raw) != 32:
        raise Misconfigured(f"{path} does not hold a master key of 32 bytes")
    return raw


class Credentials:
    """The store, one SQLite file of the collector."""

    def __init__(self, path: Path, master: bytes) -> None:
        self._path, self._master = path, AESGCM(master)
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA secure_delete=ON")  # an old secret must not stay in a free page
        self._db.executescript(_TABLE)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def put(
        self, ref: str, kind: str, user: str, secret: str, bound: Sequence[str], options: Mapping[str, str], at: str
    ) -> None:
        """Keep a secret, in place of the one of that name; `bound` are networks, addresses and names."""
        if not _REF.fullmatch(ref):
            raise Invalid("a credential's name has 1 to 40 small letters, digits, - and _", where="ref")
        if not secret or len(secret) > MAX_SECRET:
            raise Invalid(f"a secret has 1 to {MAX_SECRET} characters", where="secret")
        if not bound:
            raise Invalid("a credential is bound to networks or names, such as 10.0.7.0/24", where="bound")
        bound = tuple(dict.fromkeys(map(_bound, bound)))
        with self._transaction():
            row = self._db.execute("SELECT version FROM credential WHERE ref = ?", (ref,)).fetchone()
            version = row[0] + 1 if row else 1
            aad = _aad(ref, version, kind, bound)
            key = AESGCM.generate_key(256)
            wrapped, sealed = _seal(self._master, key, aad), _seal(AESGCM(key), secret.encode(), aad)
            self._db.execute(
                "INSERT OR REPLACE INTO credential VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (ref, version, kind, user, json.dumps(bound), json.dumps(dict(options)), wrapped, sealed, at),
            )

    def remove(self, ref: str) -> None:
        """Forget a secret."""
        if self._db.execute("DELETE FROM credential WHERE ref = ?", (ref,)).rowcount != 1:
            raise UnknownName(f"there is no credential {ref!r}")

    def listed(self) -> tuple[Listed, ...]:
        """Every credential, without its secret."""
        rows = self._db.execute("SELECT ref, kind, user, bound, version, changed FROM credential ORDER BY ref")
        return tuple(Listed(r[0], r[1], r[2], tuple(json.loads(r[3])), r[4], r[5]) for r in rows)

    def open(self, ref: str, place: Place) -> Secret:
        """The secret for this place; Forbidden when it is not bound to it."""
        row = self._db.execute(
            "SELECT version, kind, user, bound, options, wrapped, sealed FROM credential WHERE ref = ?", (ref,)
        ).fetchone()
        if row is None:
            raise UnknownName(f"there is no credential {ref!r}; see `epicentre discover credential list`")
        version, kind, user, bound, options, wrapped, sealed = row
        names = tuple(json.loads(bound))
        if not binds(names, place):
            raise Forbidden(f"credential {ref} is bound to {', '.join(names)}, not to {place}")
        aad = _aad(ref, version, kind, names)
        try:
            key = self._master.decrypt(wrapped[:NONCE], wrapped[NONCE:], aad)
            secret = AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], aad)
        except InvalidTag as error:
            raise Misconfigured(f"credential {ref} does not open with this master key, or was tampered with") from error
        return Secret(ref, kind, user, secret.decode(), json.loads(options))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise


def binds(bound: Sequence[str], place: Place) -> bool:
    """Whether a credential bound so may be used at a place. A name binds only what was resolved from that name."""
    address = ipaddress.ip_address(place.address)
    for one in bound:
        try:
            network = ipaddress.ip_network(one)
        except ValueError:
            if place.name and one.lower().rstrip(".") == place.name.lower().rstrip("."):
                return True
        else:
            if network.version == address.version and address in network:
                return True
    return False


def _bound(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        if "/" in text or not re.fullmatch(r"[A-Za-z0-9_.-]{1,253}", text):
            raise Invalid(f"{text[:80]!r} is no network, address or name", where="bound") from None
        return text.lower()


def _aad(ref: str, version: int, purpose: str, bound: Sequence[str]) -> bytes:
    return json.dumps([ref, version, purpose, list(bound)]).encode()


def _seal(cipher: AESGCM, plain: bytes, aad: bytes) -> bytes:
    nonce = random.token_bytes(NONCE)
    return nonce + cipher.encrypt(nonce, plain, aad)
