"""SNMPv2-MIB and SNMP-FRAMEWORK-MIB: what the device calls itself, since when, and its engine's id."""

from __future__ import annotations

from cmdb_agents.mib import Draft, Mib
from cmdb_agents.snmp_text import number, text
from cmdb_agents.transports.snmp_walk import Walk, dotted, oid

ROOT = oid("1.3.6.1.2.1.1")
ENGINE = oid("1.3.6.1.6.3.10.2.1.1")
FORWARDING = oid("1.3.6.1.2.1.4.1")


def read(walk: Walk, draft: Draft) -> None:
    """Names, description and place; a name of raw bytes is a name all the same."""
    said = walk.column(ROOT)
    draft.description = text(said.get((1, 0)), 1_000)
    identified = said.get((2, 0))
    draft.object_id = dotted(identified) if isinstance(identified, tuple) else ""
    draft.uptime_s = number(said.get((3, 0))) // 100
    draft.name = text(said.get((5, 0)), 200)
    draft.location = text(said.get((6, 0)), 200)
    draft.services = number(said.get((7, 0)))
    draft.forwards = walk.values.get((*FORWARDING, 0)) == 1
    engine = walk.values.get((*ENGINE, 0))
    # An engine id that is all zeros behind its first four bytes was never set, and many devices have the same.
    if isinstance(engine, bytes) and 5 <= len(engine) <= 32 and any(engine[4:].strip(b"\x00\xff")):
        draft.engine_id = engine.hex()


SYSTEM = Mib("system", "What the device calls itself.", (ROOT, ENGINE, FORWARDING), read, order=0)
