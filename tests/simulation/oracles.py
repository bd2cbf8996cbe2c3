"""What must hold once a world has come to rest. None of it asks the code that made it so.

What the machines looked like at the last look, what the server said yes to, and a model of ten lines are held against
the graph; then a world without faults must end in the same digest, and the journal must replay into the same graph.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simulation.graph import Memory
from simulation.world import Agent, Unreal, World

from cmdb import chain, replay
from cmdb.store import digest
from cmdb.store.reports import apply_reports
from cmdb.words import Item, Snapshot

Items = Mapping[tuple[str, str], Item]
_NONCE = re.compile(rb'nonce="(\d+)"')
NOW = "2026-11-01T00:00:00.000Z"


def judge(world: World) -> None:
    """Raise Unreal, with a sentence, for the first thing that does not hold."""
    _nothing_is_taken_again(world)
    _numbers_only_rise(world)
    _once_and_all(world)
    _journal(world)
    for agent in world.agents:
        _agent_at_rest(agent)
    said = _said(world)
    for agent in world.agents:
        _machine(world, agent, said.get(agent.node, []))
    _as_if_nothing_had_happened(world, said)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Unreal(otherwise)


def _nothing_is_taken_again(world: World) -> None:
    """Whoever recorded the network and plays it back gets nothing in."""
    before = len(world.server.heard)
    recorded = [request for agent in world.agents for request in agent.line.sent]
    world.serve(world.dice.choice(recorded))
    _must(len(world.server.heard) == before, "a request that was recorded was let in again")


def _numbers_only_rise(world: World) -> None:
    """No agent ever says a number again; the server takes none twice or late, nor a second report of one sequence."""
    for agent in world.agents:
        said = [int(found[1]) for request in agent.line.sent if (found := _NONCE.search(request))]
        _must(said == sorted(set(said)), f"{agent.node} numbered its requests {said}")
    counters: dict[str, int] = {}
    newest: dict[str, int] = {}
    for one in world.server.heard:
        _must(one.counter > counters.get(one.node, 0), f"{one.node}: request {one.counter} was let in late or twice")
        counters[one.node] = one.counter
        if one.receipt.status != "known":
            _must(one.receipt.seq > newest.get(one.node, 0), f"{one.node}: sequence {one.receipt.seq} was taken twice")
            newest[one.node] = one.receipt.seq


def _once_and_all(world: World) -> None:
    """What was acknowledged is in the graph, or was held for a second word, or is in quarantine with its reason."""
    inbox, state = world.server.inbox, world.server.bolt.state
    assert inbox is not None
    kept = {one.report_id: one.reason for one in (*inbox.quarantine(), *inbox.held())}
    _must(all(kept.values()), "a report is in quarantine without a reason")
    for one in world.server.heard:
        name = one.receipt.report_id
        if one.receipt.status == "stored":
            there = name in state.applied or name in kept or name in world.server.store.held_once
            _must(there, f"{name} of {one.node} was acknowledged and is lost")
    reports = Counter(e["report"] for e in state.journal.values() if "report" in e)
    twice = [name for name, times in reports.items() if times > 1]
    _must(not twice, f"applied twice: {twice}")
    _must(set(reports) <= set(world.server.offered), "something was applied that nobody sent")
    _must(inbox.counts()["queued"] == 0, "reports wait for ever")


def _journal(world: World) -> None:
    state = world.server.bolt.state
    entries = [state.journal[seq] for seq in sorted(state.journal)]
    end, broken = chain.walk(entries)
    _must(broken is None and end.seq == state.head["seq"], f"the journal is broken: {broken}")
    again = replay.replay({**one, "ops": json.loads(one["ops"])} for one in entries)
    _must(again == state.graph(), "the journal replays into another graph")


def _agent_at_rest(agent: Agent) -> None:
    _must(agent.outbox.spooled() == (0, 0), f"{agent.node} still keeps {agent.outbox.spooled()}")
    aside = agent.outbox.quarantine()
    _must(all(one["reason"] for one in aside), f"{agent.node} put a report aside without a reason")
    _must(bool(aside) or not agent.refused, f"{agent.node} was refused a report and does not show it")


def _said(world: World) -> dict[str, list[Snapshot]]:
    """What the graph took of each node, in the order of its own numbers."""
    applied = world.server.bolt.state.applied
    found: dict[str, dict[int, Snapshot]] = {}
    for name, one in world.server.offered.items():
        if name in applied:
            found.setdefault(one.node, {})[one.seq] = one.snapshot
    return {node: [by_seq[seq] for seq in sorted(by_seq)] for node, by_seq in found.items()}


def _machine(world: World, agent: Agent, said: Iterable[Snapshot]) -> None:
    """In the graph is what was seen last; what could not be seen is as it was seen before that."""
    model: dict[str, dict[tuple[str, str], Item]] = {}
    for snapshot in said:
        for section in snapshot.sections:
            known = model.setdefault(section.name, {})
            if section.complete:
                known.clear()
            known.update({(item.cls, item.key): item for item in section.items})
    for section in agent.looked:
        seen = {(item.cls, item.key): item for item in section.items}
        had = model.get(section.name, {})
        same = had == seen if section.complete else seen.items() <= had.items()
        _must(same, f"{agent.node}: the last look at {section.name} is not what the graph was told")
    wanted = {key: item for items in model.values() for key, item in items.items()}
    found = _found(world, agent.node)
    _must(set(wanted) == set(found), f"{agent.node}: the graph has {sorted(found)}, not {sorted(wanted)}")
    for key, item in wanted.items():
        facts = {name: list(v) if isinstance(v, tuple) else v for name, v in item.attributes.items()}
        there = {name: found[key].get(name) for name in facts}
        _must(there == facts and found[key]["name"] == item.name, f"{agent.node}: {key} is {there}, not {facts}")


def _found(world: World, node: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    state = world.server.bolt.state
    home = next((ci for scope, ci in state.claims if scope == node), "")
    here = (ci for ci in state.cis.values() if ci["id"] == home or ci.get("parent") == home)
    return {(ci["class"], ci["key"]): ci for ci in here if ci["status"] == "live" and ci["class"] != "Endpoint"}


def _as_if_nothing_had_happened(world: World, said: Mapping[str, list[Snapshot]]) -> None:
    """A clean graph that is told the same, once and in order, has the same digest."""
    clean = Memory()
    ids = iter(range(1_000_000))

    def new_id(kind: str) -> str:
        return f"{kind}_{next(ids)}"

    finals = [_final(agent, said.get(agent.node, [])) for agent in world.agents]
    apply_reports(clean, [one[0] for one in finals if len(one) == 1], NOW, (), new_id)  # type: ignore[arg-type]
    for snapshots in finals:
        for snapshot in snapshots if len(snapshots) > 1 else ():
            _believed(clean, snapshot, new_id)
    there, wanted = (digest.lines(bolt) for bolt in (world.server.bolt, clean))  # type: ignore[arg-type]
    gone, more = sorted(set(wanted) - set(there)), sorted(set(there) - set(wanted))
    _must(there == wanted, f"not as without faults: missing {gone[:3]}, too much {more[:3]}")


def _believed(clean: Memory, snapshot: Snapshot, new_id: Callable[[str], str]) -> None:
    """Apply a report; what it would lose was believed in the end, so here it is at once."""
    (outcome,) = apply_reports(clean, [snapshot], NOW, (), new_id)  # type: ignore[arg-type]
    if outcome.kind == "held":
        clean.state.brakes = {name: {**one, "released_by": "ann"} for name, one in clean.state.brakes.items()}
        apply_reports(clean, [snapshot], NOW, (), new_id)  # type: ignore[arg-type]


def _final(agent: Agent, said: list[Snapshot]) -> list[Snapshot]:
    """The reports that matter in the end: of a node that was seen whole its last look alone, in one."""
    if all(section.complete for section in agent.looked):
        hashes = {section.name: "0" * 64 for section in agent.looked}
        return [Snapshot(f"last-{agent.node}", agent.node, agent.machine.boot, 1, NOW, agent.looked, hashes)]
    return said
