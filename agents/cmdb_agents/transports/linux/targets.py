"""Whom the configuration of this machine's services names: addresses and ports, never anything else of a file."""

from __future__ import annotations

from cmdb_agents.addresses import endpoint
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Target
from cmdb_agents.transports.settings import addresses, settings

MAX_TARGETS = 1_000


def read(hand: Hand) -> tuple[Target, ...]:
    """Every target whose address is known; a name nobody could tell is said."""
    found = [(s, named) for s in settings(hand, "configuration") for named in s.parsed.named]
    known = addresses(hand, (named.host for _, named in found))
    for host in sorted({named.host for _, named in found} - known.keys()):
        hand.trouble("configuration", f"the address of {host[:200]}", "no name server tells it", hides=False)
    targets = {
        Target(
            program=setting.programs[0] if setting.programs else "",
            unit=setting.unit,
            file=setting.path,
            endpoint=endpoint(named.protocol, known[named.host], named.port),
            said=f"{named.host}:{named.port}",
        )
        for setting, named in found
        if named.host in known
    }
    rows = sorted(targets, key=lambda t: (t.unit, t.program, t.endpoint, t.file, t.said))
    if len(rows) > MAX_TARGETS:
        hand.trouble("configuration", f"targets after the first {MAX_TARGETS}", "truncated")
    return tuple(rows[:MAX_TARGETS])


TARGETS = Reader("targets", "configuration", read, every=600)
