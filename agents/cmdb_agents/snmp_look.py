"""One look at one device by SNMP: its walk, its VLANs' tables where they are apart, and the Device all that makes."""

from __future__ import annotations

import time
from dataclasses import replace

from cmdb.errors import NotAuthenticated, Unavailable
from cmdb.words import Problem
from cmdb.words.device import Device
from cmdb_agents.device import CONTEXT_COLUMNS, contexts, make, wanted
from cmdb_agents.transports.snmp import Target, read
from cmdb_agents.transports.snmp_walk import Bounds, Walk

MOST_CONTEXTS = 128


async def look(target: Target, bounds: Bounds | None = None) -> tuple[Device, Walk]:
    """The device at a target and what it was made from. All contexts together cost no more than `bounds` allow."""
    bounds = bounds or Bounds()
    started = time.monotonic()
    walk = await read(target, wanted, bounds)
    names = contexts(walk)
    inner: dict[str, Walk] = {}
    problems = []
    for n, name in enumerate(names[:MOST_CONTEXTS]):
        left = bounds.seconds - (time.monotonic() - started)
        if left <= 0:
            problems.append(Problem("VLANs' forwarding tables", f"no time for {len(names) - n} of {len(names)}"))
            break
        try:
            context = f"vlan-{name}" if target.version == "3" else name
            patience = replace(bounds, seconds=left, tries=min(2, bounds.tries))  # many devices know no contexts
            inner[name] = await read(target, lambda _: CONTEXT_COLUMNS, patience, context)
        except (Unavailable, NotAuthenticated):
            problems.append(Problem("VLANs' forwarding tables", f"no answer in the context of VLAN {name}"))
            break
    if len(names) > MOST_CONTEXTS:
        problems.append(Problem("VLANs' forwarding tables", f"only {MOST_CONTEXTS} of {len(names)} are read"))
    walk = replace(walk, contexts=inner)
    device = make(walk, target.address)
    return replace(device, problems=(*device.problems, *problems)), walk
