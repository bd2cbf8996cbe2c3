"""One look at one machine: every collector runs, and what fails in one is said in its own section."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import chain

from cmdb.registry import discover
from cmdb.words import Problem, Section
from cmdb_agents import collectors, forwards
from cmdb_agents.collector import Collector, View
from cmdb_agents.memory import Known, Pair, remember
from cmdb_agents.ownership import own
from cmdb_agents.transports.readings import Transport


@cache
def all_collectors() -> dict[str, Collector]:
    """Every collector there is, by the name of its section."""
    return discover(collectors, Collector)


def look(transport: Transport, known: Mapping[Pair, Known], now: int) -> tuple[View, tuple[Section, ...]]:
    """Read the machine and say what every collector makes of it; `now` in Unix seconds."""
    view = read(transport, known, now)
    return view, tuple(sections(view))


def read(transport: Transport, known: Mapping[Pair, Known], now: int) -> View:
    """One look at the machine, and what is remembered after it.

    Its sockets are not kept beyond that: who is connected to whom has been decided, and of a busy host they are many.
    """
    from cmdb_agents.collectors.sockets import sightings

    machine = transport.read()
    ownership = own(machine)
    seen = chain(sightings(machine, ownership), forwards.sightings(machine, ownership))
    table = remember(known, seen, now, ownership.services)
    passed_on = forwards.services(table, ownership)
    return View(
        replace(machine, sockets=()), replace(ownership, services={**ownership.services, **passed_on}), table, now
    )


def sections(view: View) -> Iterator[Section]:
    """What every collector makes of it, one after the other: who writes each down at once never holds them all."""
    for collector in all_collectors().values():
        yield _one(collector, view)


def _one(collector: Collector, view: View) -> Section:
    try:
        return collector.collect(view)
    except Exception as error:
        # A mistake in one collector must not silence the others; an incomplete section retracts nothing.
        return Section(collector.name, False, problems=(Problem(f"the {collector.name} collector", repr(error)[:200]),))


def unseen(view: View) -> tuple[str, ...]:
    """What could not be seen, one line each, with what root would add."""
    lines = (
        f"{t.area}: {t.what} ({t.why})" + ("; root would add it" if t.root_helps else "") for t in view.machine.troubles
    )
    return tuple("".join(c for c in text if c.isprintable())[:300] for text in lines)
