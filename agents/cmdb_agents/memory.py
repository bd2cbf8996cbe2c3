"""What connections this host is known to make: pure decisions over a remembered table; `outbox.py` keeps it on disk.

A connection is stated for 35 days after it was last seen, so that a monthly batch keeps its dependency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cmdb.words import Evidence

LEASE = 35 * 86_400
RECENT = 15 * 60
MAX_CONNECTIONS = 2_000

SELF = ""
"""The source of a connection whose program is no service, or unknown: the host itself."""

SUPPORT = "?"
"""The source of a sighting that proves some program of this host, but only strengthens what is known already."""

ESTABLISHED, TIME_WAIT = 0.9, 0.7
"""Confidence: rungs of the evidence ladder (one end sees a connection; only its remains are seen)."""

Pair = tuple[str, str]  # (service key or SELF, endpoint key)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A connection seen now. Not `attributed`: its program is unknown."""

    source: str
    target: str
    confidence: float
    attributed: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A remembered connection; times in Unix seconds."""

    first_seen: int
    last_seen: int
    confidence: float
    attributed: bool


def remember(
    known: Mapping[Pair, Known], sightings: Iterable[Sighting], now: int, services: Iterable[str]
) -> dict[Pair, Known]:
    """The table after a look at the sockets. Idempotent: the same look at the same time changes nothing more.

    A sighting without a program supports the one present service known to use its endpoint; without such a service
    (or with several) it is the host's. What the host was said to do without a known program yields to such a service.
    """
    seen = list(sightings)
    table = {pair: _not_later(e, now) for pair, e in known.items() if now - e.last_seen <= LEASE}
    for sighting in seen:
        if sighting.attributed:
            _note(table, (sighting.source, sighting.target), sighting, now)
    users = _users(table, frozenset(services))
    for sighting in seen:
        if not sighting.attributed:
            sole = users.get(sighting.target, ())
            if len(sole) == 1 or sighting.source == SELF:
                _note(table, (sole[0] if len(sole) == 1 else SELF, sighting.target), sighting, now)
    for target, sole in users.items():
        entry = table.get((SELF, target))
        if len(sole) == 1 and entry is not None and not entry.attributed:
            del table[SELF, target]
    if len(table) > MAX_CONNECTIONS:
        newest = sorted(table, key=lambda p: (-table[p].last_seen, -table[p].confidence, p))[:MAX_CONNECTIONS]
        table = {pair: table[pair] for pair in newest}
    return table


def _note(table: dict[Pair, Known], pair: Pair, sighting: Sighting, now: int) -> None:
    old = table.get(pair)
    table[pair] = Known(
        first_seen=old.first_seen if old else now,
        last_seen=now,
        confidence=max(old.confidence, sighting.confidence) if old else sighting.confidence,
        attributed=sighting.attributed or bool(old and old.attributed),
    )


def _not_later(entry: Known, now: int) -> Known:
    # A clock that was years ahead for a while would otherwise keep its entries for years.
    return replace(entry, first_seen=min(entry.first_seen, now), last_seen=min(entry.last_seen, now))


def _users(table: Mapping[Pair, Known], services: frozenset[str]) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {}
    for source, target in sorted(table):
        if source in services:
            users.setdefault(target, []).append(source)
    return users


def evidence(target: str, known: Known, now: int) -> Evidence:
    """The evidence of a stated connection; its words stay the same while nothing happens."""
    protocol, _, place = target.partition("://")
    return Evidence(
        kind="socket",
        detail=f"{protocol} {place}",
        confidence=known.confidence,
        first_seen=_iso(known.first_seen),
        last_seen=None if now - known.last_seen <= RECENT else _iso(known.last_seen - known.last_seen % 3600),
    )


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
