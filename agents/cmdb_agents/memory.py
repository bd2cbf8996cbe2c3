"""What connections this host is known to make: pure decisions over a remembered table; `outbox.py` keeps it on disk.

A connection is stated for 35 days after it was last seen, so that a monthly batch keeps its dependency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf

from cmdb.words import GLANCED, SERVED, Evidence
from cmdb_agents.moments import iso

LEASE = 35 * 86_400
RECENT = 15 * 60
DAY = 86_400
MAX_CONNECTIONS, MAX_CLIENTS = 2_000, 128
FAN_OUT = 20

SELF = ""
"""The source of a connection whose program is no service, or unknown: the host itself."""

SUPPORT = "?"
"""The source of a sighting that proves some program of this host, but only strengthens what is known already."""

CLIENT = "<"
"""Starts the source of a remembered client: the service behind it was seen being used from the target's address."""

HELD, LASTS = 2, 3
"""Looks in a row, less those that saw only its remains, after which a connection counts as lasting (at most).

Of a client the server's end must see it lasting LASTS times more: a poll that is met now and then stays a poll.
"""

ESTABLISHED, TIME_WAIT = 0.9, 0.7
"""Confidence: rungs of the evidence ladder (one end sees a connection; only its remains are seen)."""

SERVER_SAW, SERVER_REMAINS = 0.8, 0.6
"""The same of a connection that only the server's end sees: which program of the client it is remains unknown."""

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
    held: int = 0  # 0: only its remains were seen of late, as of a poll or a scan


def remember(
    known: Mapping[Pair, Known], sightings: Iterable[Sighting], now: int, services: Iterable[str]
) -> dict[Pair, Known]:
    """The table after a look at the sockets. Idempotent: the same look at the same time changes nothing more.

    A sighting without a program supports the one present service known to use its endpoint; without such a service
    (or with several) it is the host's. What the host was said to do without a known program yields to such a service.
    """
    seen = sorted(_folded(sightings, known), key=lambda sighting: -sighting.confidence)
    table = {pair: _not_later(e, now) for pair, e in known.items() if now - e.last_seen <= LEASE}
    for sighting in seen:
        if sighting.attributed:
            _note(table, (sighting.source, sighting.target), sighting, now)
    users = _sole_users(table, frozenset(services))
    for sighting in seen:
        if not sighting.attributed:
            source = users.get(sighting.target, SELF)
            if source != SELF or sighting.source == SELF:
                _note(table, (source, sighting.target), sighting, now)
    for target in users:
        entry = table.get((SELF, target))
        if entry is not None and not entry.attributed:
            del table[SELF, target]
    return _bounded(table)


def _folded(sightings: Iterable[Sighting], known: Mapping[Pair, Known]) -> Iterator[Sighting]:
    """The surest sighting of each connection; of a crowd only as many as can be remembered, and those that would be."""
    kinds: dict[tuple[str, bool], dict[Pair, float]] = {}
    for one in sightings:
        crowd = SUPPORT if one.source == SUPPORT else _crowd(one.source)
        best = kinds.setdefault((crowd, one.attributed), {})
        pair = (one.source, one.target)
        if one.confidence > best.get(pair, 0.0):
            best[pair] = one.confidence
            most = _most(crowd)
            if 2 * len(best) >= 3 * most:
                _keep_surest(best, known, most)
    for (crowd, attributed), best in kinds.items():
        _keep_surest(best, known, _most(crowd))
        for (source, target), confidence in best.items():
            yield Sighting(source, target, confidence, attributed)


def _keep_surest(best: dict[Pair, float], known: Mapping[Pair, Known], most: int) -> None:
    def rank(pair: Pair) -> tuple[float, float, Pair]:
        before = known.get(pair)
        longest = (before.first_seen if before else inf) if pair[0].startswith(CLIENT) else 0
        return longest, -max(best[pair], before.confidence if before else 0.0), pair

    if len(best) > most:
        for pair in sorted(best, key=rank)[most:]:
            del best[pair]


def _crowd(source: str) -> str:
    """A service's clients are counted by themselves, all else together."""
    return source if source.startswith(CLIENT) else SELF


def _most(crowd: str) -> int:
    return MAX_CLIENTS if crowd.startswith(CLIENT) else MAX_CONNECTIONS


def _bounded(table: dict[Pair, Known]) -> dict[Pair, Known]:
    """The newest connections, and clients of each service: neither crowds out the other.

    Of clients seen within a day of the newest those known longest stay. Else a crowd that comes and goes would bring
    others with every look, and the graph an edge for each.
    """
    newest = max((one.last_seen for one in table.values()), default=0)

    def order(pair: Pair) -> tuple[float | Pair, ...]:
        one = table[pair]
        if pair[0].startswith(CLIENT) and newest - one.last_seen < DAY:
            return (-newest, one.first_seen, -one.confidence, pair)
        return (-one.last_seen, 0, -one.confidence, pair)

    crowds: dict[str, list[Pair]] = {}
    for pair in table:
        crowds.setdefault(_crowd(pair[0]), []).append(pair)
    for crowd, pairs in crowds.items():
        if len(pairs) > _most(crowd):
            for pair in sorted(pairs, key=order)[_most(crowd) :]:
                del table[pair]
    return table


def clients(known: Mapping[Pair, Known]) -> Mapping[str, tuple[str, ...]]:
    """Service → the addresses from which it is known to be used."""
    found: dict[str, list[str]] = {}
    for source, target in known:
        if source.startswith(CLIENT):
            found.setdefault(source.removeprefix(CLIENT), []).append(target)
    return {service: tuple(sorted(targets)) for service, targets in found.items()}


def polled(known: Mapping[Pair, Known]) -> Mapping[str, frozenset[str]]:
    """Service → its targets, of each that only ever takes a short look at many: it watches or scans them, needs none.

    Twenty hosts or more, none of the connections lasting; what the same service keeps open is not among them.
    """
    short: dict[str, list[str]] = {}
    for (source, target), one in known.items():
        if source and one.held == 0:
            short.setdefault(source, []).append(target)
    return {
        source: frozenset(targets)
        for source, targets in short.items()
        if len({target.rpartition(":")[0] for target in targets}) >= FAN_OUT
    }


def _note(table: dict[Pair, Known], pair: Pair, sighting: Sighting, now: int) -> None:
    old = table.get(pair)
    most = 2 * LASTS if pair[0].startswith(CLIENT) else HELD
    table[pair] = Known(
        first_seen=old.first_seen if old else now,
        last_seen=now,
        confidence=max(old.confidence, sighting.confidence) if old else sighting.confidence,
        attributed=sighting.attributed or bool(old and old.attributed),
        held=_held(old.held if old else 0, sighting, most, repeated=bool(old and old.last_seen == now)),
    )


def _held(before: int, sighting: Sighting, most: int, repeated: bool) -> int:
    """A look counts once, and one lasting connection among several to the same place counts for all."""
    if sighting.confidence == ESTABLISHED:
        return max(1, before) if repeated else min(most, before + 1)
    return before if repeated else max(0, before - 1)


def _not_later(entry: Known, now: int) -> Known:
    # A clock that was years ahead for a while would otherwise keep its entries for years.
    if entry.last_seen <= now and entry.first_seen <= now:
        return entry
    return replace(entry, first_seen=min(entry.first_seen, now), last_seen=min(entry.last_seen, now))


def _sole_users(table: Mapping[Pair, Known], services: frozenset[str]) -> dict[str, str]:
    """Target → the one present service that is known to use it."""
    users: dict[str, str] = {}
    shared = set()
    for source, target in table:
        if source in services and not source.startswith(CLIENT) and users.setdefault(target, source) != source:
            shared.add(target)
    return {target: source for target, source in users.items() if target not in shared} if shared else users


def evidence(target: str, known: Known, now: int) -> Evidence:
    """The evidence of a stated connection; its words stay the same while nothing happens."""
    protocol, _, place = target.partition("://")
    return Evidence(
        kind="socket",
        detail=f"{protocol} {place}",
        confidence=known.confidence,
        first_seen=iso(known.first_seen),
        last_seen=None if now - known.last_seen <= RECENT else iso(known.last_seen - known.last_seen % 3600),
    )


def client_evidence(address: str, known: Known, now: int) -> Evidence:
    """What a server's end says of a client: less sure than the client itself, and in days.

    Hundreds may come and go, and a report whose words change with each of them would never be the same.
    """
    lasts = known.held >= LASTS
    return Evidence(
        kind=SERVED if lasts else GLANCED,
        detail=f"{address} connected{'' if lasts else ' for short times'}, seen by the server only",
        confidence=SERVER_SAW if known.confidence >= ESTABLISHED else SERVER_REMAINS,
        first_seen=iso(known.first_seen),
        last_seen=None if now - known.last_seen <= DAY else iso(known.last_seen - known.last_seen % DAY),
    )
