"""How an agent becomes known: a one-off token, a signed challenge, a key; and how it is sent away again.

The challenge is not stored: it is a MAC over token, key and time, so asking for one costs no disk and proves nothing.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cmdb import sqlite
from cmdb.errors import Invalid, NotAuthenticated, UnknownName
from cmdb.identity import signer_of
from cmdb.pepper import Pepper, token

MIGRATIONS = (
    """
    CREATE TABLE token (digest TEXT PRIMARY KEY, site TEXT NOT NULL, owner TEXT NOT NULL, expires TEXT NOT NULL,
                        used_by TEXT) WITHOUT ROWID;
    CREATE TABLE node (id TEXT PRIMARY KEY, key BLOB NOT NULL UNIQUE, site TEXT NOT NULL, owner TEXT NOT NULL,
                       enrolled TEXT NOT NULL, revoked TEXT) WITHOUT ROWID;
    """,
    """
    ALTER TABLE node ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE node ADD COLUMN former BLOB;
    ALTER TABLE node ADD COLUMN former_until REAL NOT NULL DEFAULT 0;
    """,
    # A collector looks at machines that have no agent, and reports for each under an id below its own.
    """
    ALTER TABLE token ADD COLUMN collector INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE node ADD COLUMN collector INTEGER NOT NULL DEFAULT 0;
    """,
)
TOKEN_LIFE = timedelta(hours=1)
CHALLENGE_LIFE = timedelta(minutes=2)
OVERLAP = timedelta(hours=24)
"""How long the former key still signs: an agent may be cut off before it hears that the new one was taken."""

ROTATE = b"epicentre-rotate\n"
"""What a new key signs: this, then the node; so nobody can have a key taken that they do not hold."""

PROOF = b"epicentre-enrol\n"
"""What the agent signs: this, then the challenge's bytes; so its signature is good for nothing else."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An enrolled agent; times are ISO 8601 UTC."""

    node: str
    site: str
    owner: str
    enrolled_at: str
    revoked_at: str | None
    collector: bool = False


@dataclass(frozen=True, slots=True)
class _Keys:
    present: bytes
    generation: int
    former: bytes
    former_until: float  # Unix seconds


def _now() -> datetime:
    return datetime.now(UTC)


class Enrolment:
    """Tokens and keys in one SQLite file. Safe to use from any thread."""

    def __init__(self, path: Path, pepper: bytes) -> None:
        self._path = path
        self._pepper = Pepper(pepper)
        self._db = sqlite.connect(path, MIGRATIONS)
        self._lock = threading.Lock()
        self._keys: dict[str, _Keys] = {}
        self._revoked: frozenset[str] = frozenset()
        self._collectors: frozenset[str] = frozenset()
        self._load()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def create_token(self, site: str = "", owner: str = "", collector: bool = False) -> str:
        """A new enrolment token, shown this once: one use, one hour. `collector`: for one that looks at others."""
        text = token("epe_")
        row = (self._pepper.digest(text), site, owner, (_now() + TOKEN_LIFE).isoformat(), collector)
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            self._db.execute("INSERT INTO token (digest, site, owner, expires, collector) VALUES (?, ?, ?, ?, ?)", row)
            self._db.execute("DELETE FROM token WHERE expires < ?", ((_now() - timedelta(days=30)).isoformat(),))
        return text

    def challenge(self, token_text: str, public_key: bytes) -> bytes:
        """What a new agent must sign. The token must be good, and is not used up yet."""
        _check_key(public_key)
        with self._lock, sqlite.errors(self._path):
            self._usable(token_text)
        stamp = int(_now().timestamp()).to_bytes(8, "big")
        return stamp + self._pepper.sign(stamp + public_key + token_text.encode())[:24]

    def enrol(self, token_text: str, public_key: bytes, challenge: bytes, signature: bytes) -> str:
        """Use up the token and make the key's owner a node; its random id is never reused."""
        _check_key(public_key)
        stamp = challenge[:8]
        expected = stamp + self._pepper.sign(stamp + public_key + token_text.encode())[:24]
        age = _now().timestamp() - int.from_bytes(stamp, "big")
        if not hmac.compare_digest(expected, challenge) or not -5 <= age <= CHALLENGE_LIFE.total_seconds():
            raise NotAuthenticated("the challenge is not ours or too old: ask for another", code="bad_signature")
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, PROOF + challenge)
        except InvalidSignature as error:
            raise NotAuthenticated("the signature does not fit the key", code="bad_signature") from error
        return self._make_node(token_text, public_key)

    def _make_node(self, token_text: str, public_key: bytes) -> str:
        node = "nd_" + base64.b32encode(secrets.token_bytes(15)).decode().lower()
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            row = self._usable(token_text)
            if self._db.execute("SELECT 1 FROM node WHERE key = ?", (public_key,)).fetchone():
                raise Invalid("this key belongs to a node already: make a new one", where="public_key")
            # Taking the token and making the node are one transaction: of two at once exactly one finds it unused.
            self._db.execute("UPDATE token SET used_by = ? WHERE digest = ?", (node, row[0]))
            self._db.execute(
                "INSERT INTO node (id, key, site, owner, enrolled, collector) VALUES (?, ?, ?, ?, ?, ?)",
                (node, public_key, row[1], row[2], _now().isoformat(timespec="milliseconds"), row[3]),
            )
        self._load()
        return node

    def adopt(self, node: str, site: str) -> None:
        """Make a device that reports through its site's token a node: listed, and sent away, like all others.

        Its key is one whose private half nobody ever has, so nobody signs as this node.
        """
        if node in self._keys:
            return
        key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        row = (node, key, site, _now().isoformat(timespec="milliseconds"))
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            self._db.execute("INSERT OR IGNORE INTO node (id, key, site, owner, enrolled) VALUES (?, ?, ?, '', ?)", row)
        self._load()

    def _usable(self, token_text: str) -> tuple[str, str, str, int]:
        row = self._db.execute(
            "SELECT digest, site, owner, expires, used_by, collector FROM token WHERE digest = ?",
            (self._pepper.digest(token_text),),
        ).fetchone()
        if row is None or row["used_by"] is not None or row["expires"] < _now().isoformat():
            # One sentence for all three: an answer that told them apart would help who tries tokens.
            raise NotAuthenticated("this enrolment token is unknown, used or expired: ask for another")
        return row["digest"], row["site"], row["owner"], row["collector"]

    def speaks_for(self, node: str, about: str) -> bool:
        """Whether a node may report about another id: its own, and as a collector those below it."""
        return about == node or (node in self._collectors and signer_of(about) == node)

    def rotate(self, key_id: str, public_key: bytes, proof: bytes) -> str:
        """Take a node's next key, vouched for by the present one; returns the id it signs under.

        Said again with the former key it changes nothing: the agent had not heard the answer. So no captured request
        ever brings an earlier key back.
        """
        _check_key(public_key)
        node = node_of(key_id)
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(proof, ROTATE + node.encode())
        except InvalidSignature as error:
            raise NotAuthenticated("the proof does not fit the new key", code="bad_signature") from error
        self.key(key_id)
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            row = self._db.execute("SELECT key, generation FROM node WHERE id = ?", (node,)).fetchone()
            present = _key_id(node, row["generation"])
            if bytes(row["key"]) == public_key:
                return present
            if key_id != present:
                raise NotAuthenticated("only the present key vouches for the next one", code="bad_signature")
            if self._db.execute("SELECT 1 FROM node WHERE ? IN (key, former)", (public_key,)).fetchone():
                raise Invalid("this key was used before: make a new one", where="public_key")
            self._db.execute(
                "UPDATE node SET former = key, former_until = ?, key = ?, generation = generation + 1 WHERE id = ?",
                ((_now() + OVERLAP).timestamp(), public_key, node),
            )
        self._load()
        return _key_id(node, row["generation"] + 1)

    def key(self, key_id: str) -> bytes:
        """A node's public key, 32 bytes: the present one, or for a day the one before; unknown and revoked: none."""
        node = node_of(key_id)
        if node in self._revoked:
            raise NotAuthenticated("this agent's key was revoked: enrol it again", code="revoked")
        if node not in self._keys:
            raise NotAuthenticated("no such agent is enrolled here", code="unknown")
        known = self._keys[node]
        if key_id == _key_id(node, known.generation):
            return known.present
        if known.former and key_id == _key_id(node, known.generation - 1) and _now().timestamp() < known.former_until:
            return known.former
        raise NotAuthenticated("this key was replaced by a newer one", code="unknown")

    def revoke(self, node: str) -> None:
        """Send a node away; its next request is refused."""
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            now = _now().isoformat(timespec="seconds")
            changed = self._db.execute("UPDATE node SET revoked = coalesce(revoked, ?) WHERE id = ?", (now, node))
            if changed.rowcount != 1:
                raise UnknownName(f"there is no agent {node!r}")
        self._load()

    def revoked(self) -> Collection[str]:
        """The nodes that were sent away."""
        return self._revoked

    def agents(self) -> list[Agent]:
        """Every node ever enrolled, oldest first."""
        with self._lock, sqlite.errors(self._path):
            rows = self._db.execute(
                "SELECT id, site, owner, enrolled, revoked, collector FROM node ORDER BY enrolled, id"
            )
            return [Agent(r[0], r[1], r[2], r[3], r[4], bool(r[5])) for r in rows]

    def _load(self) -> None:
        with self._lock, sqlite.errors(self._path):
            rows = self._db.execute(
                "SELECT id, key, generation, former, former_until, revoked, collector FROM node"
            ).fetchall()
        self._keys = {
            row["id"]: _Keys(
                bytes(row["key"]),
                row["generation"],
                bytes(row["former"]) if row["former"] else b"",
                row["former_until"],
            )
            for row in rows
        }
        self._revoked = frozenset(row["id"] for row in rows if row["revoked"])
        self._collectors = frozenset(row["id"] for row in rows if row["collector"])


def node_of(key_id: str) -> str:
    """The node a key belongs to: its first key has the node's own id, later ones a number behind it."""
    return key_id.partition(".")[0]


def _key_id(node: str, generation: int) -> str:
    return node if generation == 1 else f"{node}.{generation}"


def _check_key(public_key: bytes) -> None:
    if len(public_key) != 32:
        raise Invalid("an Ed25519 public key has 32 bytes", where="public_key")
