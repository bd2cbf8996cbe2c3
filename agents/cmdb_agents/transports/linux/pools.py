"""Which of those that this machine's configuration names stand in for each other."""

from __future__ import annotations

from dataclasses import fields

from cmdb_agents.addresses import endpoint
from cmdb_agents.configuration import Terms
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Pool
from cmdb_agents.transports.settings import addresses, settings

MAX_POOLS, MAX_MEMBERS = 200, 250
"""A rule with more members is longer than the graph takes."""


def read(hand: Hand) -> tuple[Pool, ...]:
    """Every pool; a member whose address nobody tells is kept by its name, so that it is missed and not forgotten."""
    found = [(s, pool) for s in settings(hand, "configuration") for pool in s.parsed.pools]
    known = addresses(hand, (named.host for _, pool in found for named in pool.members))
    pools = {
        Pool(
            file=setting.path,
            members=tuple(
                endpoint(m.protocol, known[m.host], m.port) if m.host in known else f"{m.host}:{m.port}"
                for m in pool.members
            ),
            program=setting.programs[0] if setting.programs else "",
            unit=setting.unit,
            **{term.name: getattr(pool, term.name) for term in fields(Terms)},
        )
        for setting, pool in found
    }
    rows = sorted(pools, key=lambda p: (p.unit, p.program, p.file, p.members, p.needs))
    for pool in [p for p in rows if len(p.members) > MAX_MEMBERS]:
        hand.trouble("configuration", f"the pool of {len(pool.members)} servers in {pool.file}", "too many members")
    if len(rows) > MAX_POOLS:
        hand.trouble("configuration", f"pools after the first {MAX_POOLS}", "truncated")
    return tuple([p for p in rows if len(p.members) <= MAX_MEMBERS][:MAX_POOLS])


POOLS = Reader("pools", "configuration", read, every=600)
