"""Runs of collectors as they told them, and what people asked them to run now. One SQLite file; the graph is elsewhere.

A collector decides what it looks at: from here it hears only the names of targets it has itself, never an address, a
command or a secret. So who takes this server over has not taken the collectors.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import orjson

from cmdb import sqlite
from cmdb.errors import Invalid, NotAuthenticated, TooLarge, UnknownName
from cmdb.host_keys import Alarm, follow
from cmdb.moments import iso

MIGRATIONS = (
    """
    CREATE TABLE run (id TEXT NOT NULL, collector TEXT NOT NULL, target TEXT NOT NULL, started TEXT NOT NULL,
                      body TEXT NOT NULL, PRIMARY KEY (collector, id)) WITHOUT ROWID;
    CREATE INDEX run_started ON run (started);
    CREATE TABLE target (collector TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, every INTEGER NOT NULL,
                         hosts TEXT NOT NULL, PRIMARY KEY (collector, name)) WITHOUT ROWID;
    CREATE TABLE asked (collector TEXT NOT NULL, target TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL,
                        PRIMARY KEY (collector, target)) WITHOUT ROWID;
    CREATE TABLE sender (node TEXT PRIMARY KEY, counter INTEGER NOT NULL) WITHOUT ROWID;
    """,
    "ALTER TABLE run ADD COLUMN told INTEGER NOT NULL DEFAULT 0;",  # runs of one second stand as they were told
    """
    CREATE TABLE host_key (collector TEXT NOT NULL, place TEXT NOT NULL, pinned TEXT NOT NULL, shown TEXT NOT NULL,
                           standing TEXT NOT NULL, since TEXT NOT NULL, node TEXT NOT NULL,
                           PRIMARY KEY (collector, place)) WITHOUT ROWID;
    """,
)
MAX_BODY = 8 * 2**20
MAX_RUNS, MAX_PLACES, MAX_TARGETS, MAX_NEIGHBOURS = 20, 4_096, 1_000, 10_000
MAX_TEXT = 500
KEEP_RUNS, KEEP_ALARMS = 200, 200
MAX_KEYS = 10
MET = "met by a host on its own link"
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_COUNTS = ("found", "changed", "gone", "errors")
_PLACE = {"address": str, "name": str, "node": str, "ended": str, "why": str, "seconds": float, "received": int,
          "new": bool, "gone": bool, "changed": int, "unseen": list}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TargetTold:
    """A target that a collector has: its name, kind, interval in seconds (0: by hand) and hosts as written."""

    collector: str
    name: str
    kind: str
    every: int
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunTold:
    """A run: who told it, and its fields as they were told and checked."""

    collector: str
    id: str
    fields: Mapping[str, Any]


def parse(raw: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(runs, targets) of a collector's word, every field checked and bounded; Invalid names the place."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON: {error.msg} at byte {error.pos}", where="body") from error
    if not isinstance(body, dict) or set(body) != {"runs", "targets"}:
        raise Invalid("expected an object of `runs` and `targets`", where="$")
    runs = [_run(one, f"$.runs[{n}]") for n, one in enumerate(_list(body["runs"], "$.runs", MAX_RUNS))]
    targets = [
        _target(one, f"$.targets[{n}]") for n, one in enumerate(_list(body["targets"], "$.targets", MAX_TARGETS))
    ]
    return runs, targets


def _run(one: Any, where: str) -> dict[str, Any]:
    fields = _object(one, where)
    for name in ("id", "target", "kind"):
        if not isinstance(fields.get(name), str) or not _ID.fullmatch(fields[name]):
            raise Invalid("expected 1 to 100 letters, digits or _ . : -", where=f"{where}.{name}")
    for name in ("started_at", "ended_at"):
        if not isinstance(fields.get(name), str) or not _TIME.fullmatch(fields[name]):
            raise Invalid("expected a time like 2026-11-01T12:00:00Z", where=f"{where}.{name}")
    return {
        **{name: fields[name] for name in ("id", "target", "kind", "started_at", "ended_at")},
        **{name: _typed(fields.get(name), int, f"{where}.{name}") for name in _COUNTS},
        "phases": [
            {"name": _text(p.get("name"), where), "seconds": _typed(p.get("seconds"), float, where)}
            for p in _objects(fields.get("phases"), f"{where}.phases", 20)
        ],
        "skipped": [
            {"what": _text(p.get("what"), where), "why": _text(p.get("why"), where)}
            for p in _objects(fields.get("skipped"), f"{where}.skipped", MAX_PLACES)
        ],
        "places": [
            _place(p, f"{where}.places[{n}]")
            for n, p in enumerate(_objects(fields.get("places"), f"{where}.places", MAX_PLACES))
        ],
        "neighbours": [_text(a, where) for a in _list(fields.get("neighbours"), f"{where}.neighbours", MAX_NEIGHBOURS)],
    }


def _place(one: Mapping[str, Any], where: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, kind in _PLACE.items():
        if kind is str:
            made[name] = _text(one.get(name), f"{where}.{name}")
        elif kind is list:
            made[name] = [_text(line, where) for line in _list(one.get(name), f"{where}.{name}", 100)]
        else:
            made[name] = _typed(one.get(name), kind, f"{where}.{name}")
    there = f"{where}.host_keys"
    keys = _objects(one.get("host_keys", []), there, MAX_KEYS)  # collectors did not always tell them
    return {**made, "host_keys": [_key(key, there) for key in keys]}


def _key(one: Mapping[str, Any], where: str) -> dict[str, Any]:
    return {name: _text(one.get(name), f"{where}.{name}") for name in ("at", "pinned", "shown")}


def _target(one: Any, where: str) -> dict[str, Any]:
    fields = _object(one, where)
    return {
        "name": _text(fields.get("name"), f"{where}.name"),
        "kind": _text(fields.get("kind"), f"{where}.kind"),
        "every": _typed(fields.get("every"), int, f"{where}.every"),
        "hosts": [_text(h, where) for h in _list(fields.get("hosts"), f"{where}.hosts", MAX_PLACES)],
    }


def _object(one: Any, where: str) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise Invalid("expected an object", where=where)
    return one


def _objects(value: Any, where: str, most: int) -> list[dict[str, Any]]:
    return [_object(one, where) for one in _list(value, where, most)]


def _list(value: Any, where: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid("expected a list", where=where)
    if len(value) > most:
        raise TooLarge(f"at most {most} entries, not {len(value)}", where=where)
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise Invalid("expected text", where=where)
    return "".join(c for c in value[:MAX_TEXT] if c.isprintable())


def _typed(value: Any, kind: type, where: str) -> Any:
    wanted = (int, float) if kind is float else (kind,)
    if type(value) not in wanted or (kind is not bool and not 0 <= value < 2**53):
        raise Invalid(f"expected {'a number' if kind is not bool else 'true or false'}", where=where)
    return value


class Discoveries:
    """Runs, targets and requests in one file. Safe to use from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = sqlite.connect(path, MIGRATIONS)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def take(
        self, collector: str, counter: int, runs: Sequence[Mapping[str, Any]], targets: Sequence[Mapping[str, Any]],
        now: str | None = None,
    ) -> list[str]:  # fmt: skip
        """Keep what a collector tells, and answer with the targets it is asked to run now."""
        fresh: list[Mapping[str, Any]] = []
        with self._transaction():
            self._count(collector, counter)
            for run in reversed(runs):  # they come newest first
                added = self._db.execute(
                    "INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(told), 0) + 1 FROM run))",
                    (run["id"], collector, run["target"], run["started_at"], json.dumps(run)),
                )
                fresh += [run] if added.rowcount else []
                self._db.execute(
                    "DELETE FROM asked WHERE collector = ? AND target = ? AND at <= ?",
                    (collector, run["target"], run["ended_at"]),
                )
            self._db.execute(
                "DELETE FROM run WHERE collector = ?1 AND id NOT IN"
                " (SELECT id FROM run WHERE collector = ?1 ORDER BY started DESC, told DESC LIMIT ?2)",
                (collector, KEEP_RUNS),
            )
            self._db.execute("DELETE FROM target WHERE collector = ?", (collector,))
            self._db.executemany(
                "INSERT OR REPLACE INTO target VALUES (?, ?, ?, ?, ?)",
                [(collector, t["name"], t["kind"], t["every"], json.dumps(t["hosts"])) for t in targets],
            )
            self._heed(collector, fresh, now or iso(datetime.now(UTC)))
            rows = self._db.execute("SELECT target FROM asked WHERE collector = ? ORDER BY at", (collector,))
            return [row["target"] for row in rows]

    def _heed(self, collector: str, runs: Sequence[Mapping[str, Any]], now: str) -> None:
        """Remember which hosts have shown another key than the pinned one, and what became of it."""
        rows = self._db.execute("SELECT * FROM host_key WHERE collector = ?", (collector,))
        known = {alarm.place: alarm for row in rows if (alarm := Alarm(*row))}
        for place, seen in ((p, key) for run in runs for p in run["places"] for key in p.get("host_keys", ())):
            before = known.get(seen["at"])
            after = follow(before, collector, place, seen, now)
            if after is not None and after is not before:
                known[seen["at"]] = after
                self._db.execute("INSERT OR REPLACE INTO host_key VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(after))
        self._db.execute(
            "DELETE FROM host_key WHERE collector = ?1 AND place NOT IN"
            " (SELECT place FROM host_key WHERE collector = ?1 ORDER BY since DESC, place LIMIT ?2)",
            (collector, KEEP_ALARMS),
        )

    def _count(self, node: str, counter: int) -> None:
        taken = self._db.execute(
            "INSERT INTO sender VALUES (?, ?) ON CONFLICT (node) DO UPDATE SET counter = excluded.counter"
            " WHERE excluded.counter > counter",
            (node, counter),
        )
        if taken.rowcount != 1:
            raise NotAuthenticated("this request was seen before; each needs a higher number", code="replayed")

    def ask(self, collector: str, target: str, who: str) -> None:
        """Ask a collector to run one of its own targets when it next reports."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._transaction():
            there = self._db.execute("SELECT 1 FROM target WHERE collector = ? AND name = ?", (collector, target))
            if there.fetchone() is None:
                raise UnknownName(f"collector {collector} has told of no target {target!r}")
            self._db.execute("INSERT OR IGNORE INTO asked VALUES (?, ?, ?, ?)", (collector, target, who, now))

    def alarms(self) -> list[Alarm]:
        """Every host that has shown another key than the pinned one, the newest word first."""
        rows = self._read("SELECT * FROM host_key ORDER BY since DESC, collector, place")
        return [Alarm(*row) for row in rows]

    def targets(self) -> list[TargetTold]:
        """Every target that a collector has told of."""
        rows = self._read("SELECT collector, name, kind, every, hosts FROM target ORDER BY name, collector")
        return [TargetTold(r[0], r[1], r[2], r[3], tuple(json.loads(r[4]))) for r in rows]

    def runs(self, target: str | None = None) -> list[RunTold]:
        """Every kept run, newest first."""
        rows = self._read(
            "SELECT collector, id, body FROM run WHERE ?1 IS NULL OR target = ?1 ORDER BY started DESC, told DESC",
            target,
        )
        return [RunTold(r[0], r[1], json.loads(r[2])) for r in rows]

    def run(self, run_id: str) -> RunTold:
        """The run of that id."""
        rows = self._read("SELECT collector, id, body FROM run WHERE id = ?", run_id)
        if not rows:
            raise UnknownName(f"there is no discovery run {run_id!r}")
        return RunTold(rows[0][0], rows[0][1], json.loads(rows[0][2]))

    def _read(self, statement: str, *values: str | None) -> list[Any]:
        with self._lock, sqlite.errors(self._path):
            return self._db.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            yield


def latest(runs: Sequence[RunTold]) -> list[RunTold]:
    """The newest run of each target of each collector; `runs` come newest first. Pure."""
    found: dict[tuple[str, str], RunTold] = {}
    for run in runs:
        found.setdefault((run.collector, str(run.fields["target"])), run)
    return list(found.values())


def sighted(runs: Sequence[RunTold]) -> dict[str, str]:
    """Address → how it was noticed in these runs: what a look said of it, else that a host there has met it. Pure."""
    found: dict[str, str] = {}
    for run in runs:
        for place in run.fields["places"]:
            if place["ended"] != "silent":
                found.setdefault(place["address"], f"{run.fields['kind']}: {place['ended']}")
    for run in runs:
        for address in run.fields["neighbours"]:
            found.setdefault(address, MET)
    return found


def is_loopback(address: str) -> bool:
    """Whether every machine has the address for itself. Pure."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def reconciled(run: RunTold, held: Collection[str]) -> list[str]:
    """The nodes that a run has seen and whose reports wait for a person. Pure."""
    return [place["node"] for place in run.fields["places"] if waits(place, held)]


def waits(place: Mapping[str, Any], held: Collection[str]) -> bool:
    """Whether what was seen at a place waits; where nothing was seen, a report of another run may."""
    return place["ended"] in ("seen", "unsent") and place["node"] in held
