"""Devices that report by another agent: whose token lets them in, and which node each of them is.

A token is a site's, stands in a file that only the server's user can read, and is good for inventories alone. Taking
its line away ends it with the next request.
"""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cmdb import sqlite
from cmdb.errors import Misconfigured, NotAuthenticated

MIGRATIONS = (
    """
    CREATE TABLE device (site TEXT NOT NULL, device TEXT NOT NULL, node TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL,
                         said TEXT NOT NULL, PRIMARY KEY (site, device)) WITHOUT ROWID;
    """,
)
SHORTEST = 32
"""Characters of a token: fewer could be guessed."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device as it is known: its node, the number of its next report, and what it said of its host last."""

    node: str
    seq: int
    said: Mapping[str, Any]


class Inventories:
    """Tokens from a file, devices in one SQLite file. Safe to use from any thread."""

    def __init__(self, path: Path, tokens: Path | None) -> None:
        self._path, self._tokens = path, tokens
        self._db = sqlite.connect(path, MIGRATIONS)
        self._lock = threading.Lock()
        self._read: tuple[int, dict[str, bytes]] = (-1, {})

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def site(self, token: str) -> str:
        """The site a token belongs to."""
        given = sha256(token.encode()).digest()
        found = [site for site, known in self._sites().items() if hmac.compare_digest(known, given)]
        if not found:
            raise NotAuthenticated("this address takes inventories with a site's token only", code="unknown")
        return found[0]

    def _sites(self) -> dict[str, bytes]:
        if self._tokens is None:
            return {}
        try:
            stamp = self._tokens.stat().st_mtime_ns
            if stamp != self._read[0]:
                self._read = (stamp, read(self._tokens.read_text(encoding="utf-8")))
        except OSError:
            return {}  # a file that is gone lets nobody in
        return self._read[1]

    def knows(self, site: str, device: str) -> bool:
        """Whether this device has said what it is."""
        with self._lock, sqlite.errors(self._path):
            row = self._db.execute(
                "SELECT 1 FROM device WHERE site = ? AND device = ? AND said <> '{}'", (site, device)
            ).fetchone()
        return row is not None

    def device(self, site: str, device: str, new_node: str) -> Device:
        """The device, with the number of its next report; one that is not known yet becomes `new_node`."""
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            self._db.execute("INSERT OR IGNORE INTO device VALUES (?, ?, ?, 0, '{}')", (site, device, new_node))
            self._db.execute("UPDATE device SET seq = seq + 1 WHERE site = ? AND device = ?", (site, device))
            row = self._db.execute(
                "SELECT node, seq, said FROM device WHERE site = ? AND device = ?", (site, device)
            ).fetchone()
        return Device(row["node"], row["seq"], json.loads(row["said"]))

    def keep(self, node: str, said: Mapping[str, Any]) -> None:
        """What a device said of its host, once its report is safe."""
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            self._db.execute("UPDATE device SET said = ? WHERE node = ?", (json.dumps(dict(said)), node))


def read(text: str) -> dict[str, bytes]:
    """Sites with the digests of their tokens, from lines of `site token`; Misconfigured names the line that is none."""
    found: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or len(words[1]) < SHORTEST:
            raise Misconfigured(f"line {number} of the site tokens is not a site and a token of {SHORTEST} characters")
        found[words[0]] = sha256(words[1].encode()).digest()
    return found
