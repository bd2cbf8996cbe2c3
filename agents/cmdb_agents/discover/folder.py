"""A collector's folder: who it is, its targets, its secrets, and what it remembers of each place."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path

from cmdb.errors import Misconfigured, UnknownName
from cmdb.registry import discover
from cmdb_agents.discover import kinds
from cmdb_agents.discover.kind import Kind, Place
from cmdb_agents.discover.targets import Target, parse
from cmdb_agents.home import Home

MAX_TRIES = 3
"""Wrong secrets at one place before it is left alone: more would lock accounts there."""

KEEP_RUNS = 200
_TABLES = """
CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, target TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL,
                                sent INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tries (place TEXT PRIMARY KEY, wrong INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (node TEXT PRIMARY KEY, target TEXT NOT NULL, present INTEGER NOT NULL) WITHOUT ROWID;
"""


def all_kinds() -> dict[str, Kind]:
    """Every way of looking from outside there is."""
    return discover(kinds, Kind)


def kind_named(name: str) -> Kind:
    """The kind of that name."""
    found = all_kinds()
    if name not in found:
        raise UnknownName(f"there is no kind of discovery {name!r}; there are {', '.join(found)}")
    return found[name]


def default_folder() -> Path:
    """/var/lib for root, else beside the agent's own state."""
    from cmdb_agents.home import default_home

    return default_home().with_name("epicentre-collector")


class Folder:
    """Everything below one folder with mode 0700. Close it when done."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.home.make()
        self.path = self.home.path
        self._db = sqlite3.connect(self.path / "runs.db", isolation_level=None, timeout=10, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_TABLES)
        self._lock = threading.Lock()  # targets are run side by side, and share the one connection

    def close(self) -> None:
        """Close the files."""
        self._db.close()

    def targets(self) -> dict[str, Target]:
        """The targets as they are written now, each of a kind there is."""
        path = self.path / "targets.toml"
        try:
            found = parse(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{path} cannot be read: {error}") from error
        for target in found.values():
            kind_named(target.kind)
        return found

    def target(self, name: str) -> Target:
        """The target of that name."""
        found = self.targets()
        if name not in found:
            known = ", ".join(found) or "none yet"
            raise UnknownName(f"there is no target {name!r} in {self.path / 'targets.toml'}; there are {known}")
        return found[name]

    def spool(self, kind: str, place: Place) -> Path:
        """Where the reports of a place wait, and what was said of it last."""
        folder = self.path / "places"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{slug(kind, place)}.db"

    def state(self, kind: str) -> Path:
        """What a kind remembers of places: host keys, engine ids."""
        folder = self.path / kind
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    # --- tries ---------------------------------------------------------------------------------------------

    def locked(self, place: Place) -> bool:
        """Whether too many wrong secrets were offered there."""
        row = self._db.execute("SELECT wrong FROM tries WHERE place = ?", (str(place),)).fetchone()
        return row is not None and row[0] >= MAX_TRIES

    def wrong(self, place: Place, tries: int) -> None:
        """Count secrets that a place has not taken."""
        self._db.execute(
            "INSERT INTO tries VALUES (?, ?) ON CONFLICT (place) DO UPDATE SET wrong = wrong + excluded.wrong",
            (str(place), tries),
        )

    def right(self, place: Place) -> None:
        """Forget them: a secret was taken, or a person unlocked the place."""
        self._db.execute("DELETE FROM tries WHERE place = ?", (str(place),))

    def unlock(self, at: str) -> int:
        """Unlock the places at an address or of a name; how many."""
        rows = [r[0] for r in self._db.execute("SELECT place FROM tries")]
        chosen = [r for r in rows if at in (r, r.rpartition(":")[0].strip("[]")) or r.startswith(f"{at} (")]
        self._db.executemany("DELETE FROM tries WHERE place = ?", [(r,) for r in chosen])
        return len(chosen)

    # --- runs ----------------------------------------------------------------------------------------------

    def present(self, target: str) -> set[str]:
        """The nodes that the last run of a target has seen."""
        return {r[0] for r in self._db.execute("SELECT node FROM seen WHERE target = ? AND present = 1", (target,))}

    def known(self, target: str) -> set[str]:
        """The nodes that any run of a target has seen."""
        return {r[0] for r in self._db.execute("SELECT node FROM seen WHERE target = ?", (target,))}

    def keep(self, run_id: str, target: str, at: str, wire: Mapping[str, object], now_there: set[str]) -> None:
        """Keep a run and which nodes are there now."""
        row = (run_id, target, at, json.dumps(wire))
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, 0)", row)
            self._db.execute("UPDATE seen SET present = 0 WHERE target = ?", (target,))
            self._db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, 1)", [(n, target) for n in now_there])
            self._db.execute(
                "DELETE FROM run WHERE id NOT IN (SELECT id FROM run ORDER BY at DESC, id LIMIT ?)", (KEEP_RUNS,)
            )
            self._db.execute("COMMIT")

    def runs(self, unsent: bool = False) -> list[dict[str, object]]:
        """The kept runs, newest first."""
        where = "WHERE sent = 0 " if unsent else ""
        rows = self._db.execute(f"SELECT body FROM run {where}ORDER BY at DESC, rowid DESC")  # noqa: S608  # two fixed texts
        return [json.loads(r[0]) for r in rows]

    def sent(self, ids: list[str]) -> None:
        """These runs are on the server's page."""
        self._db.executemany("UPDATE run SET sent = 1 WHERE id = ?", [(one,) for one in ids])

    def last_run(self, target: str) -> str:
        """When a target was last run, ISO 8601 UTC, or nothing."""
        row = self._db.execute("SELECT max(at) FROM run WHERE target = ?", (target,)).fetchone()
        return str(row[0] or "")


def slug(kind: str, place: Place) -> str:
    """The id of a place below its collector's: the same for ever, whatever the target is called."""
    return hashlib.sha256(f"{kind} {place.address} {place.port}".encode()).hexdigest()[:20]
