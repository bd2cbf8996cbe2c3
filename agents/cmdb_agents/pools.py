"""Redundancy rules of services from what their configuration says of whom they name. Pure.

A rule names members by their addresses, for an agent knows no other host's things by anything else; who answers there
is found out where the graph is. A member nobody can be found for stays in the rule: missing it is a problem, told
beside every answer, and never taken for one that is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cmdb.errors import Invalid
from cmdb.words import Problem, Redundancy, Share
from cmdb_agents.addresses import is_loopback
from cmdb_agents.configuration import majority
from cmdb_agents.matching import services_of
from cmdb_agents.memory import Known, Pair
from cmdb_agents.ownership import Found
from cmdb_agents.transports.readings import Machine, Pool

RELATION = "DEPENDS_ON"
Votes = dict[str, int]


@dataclass(frozen=True, slots=True)
class Ruled:
    """The rules of each service that has any, by its key, and what of the configuration can be no rule.

    `itself` are the members of clusters that are the service itself: nobody depends on himself.
    """

    rules: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...]
    itself: frozenset[Pair]


def ruled(machine: Machine, services: Mapping[str, Found], known: Mapping[Pair, Known]) -> Ruled:
    """What the pools of a machine mean for its services; `known` are the connections that were seen."""
    own = frozenset(a.address for i in machine.interfaces for a in i.addresses)
    found: dict[str, dict[str, None]] = {}
    problems: list[Problem] = []
    itself: set[Pair] = set()
    for pool in machine.pools:
        mine = {m for m in pool.members if _is_here(m, own)} if pool.peers else set[str]()
        for key in services_of(services, pool.program, pool.unit):
            itself |= {(key, member) for member in mine}
            try:
                rule = _ruled(pool, key, services[key], mine, known)
            except Invalid as error:
                why = error.message.partition(": ")[2]
                problems.append(Problem(f"the redundancy that {pool.file} describes", why))
                continue
            if rule is not None:
                found.setdefault(key, {})[str(rule)] = None
    return Ruled({key: tuple(said) for key, said in found.items()}, tuple(problems), frozenset(itself))


def _ruled(
    pool: Pool, key: str, service: Found, mine: Collection[str], known: Mapping[Pair, Known]
) -> Redundancy | None:
    """The rule of one pool for one service; None where nothing is left of it. Invalid: it can never be kept."""
    votes: Votes = dict(zip(pool.members, pool.weights or (1,) * len(pool.members), strict=True))
    if pool.seen:
        votes = dict.fromkeys(_seen(key, service, known), 1)
    if not pool.peers:
        return _rule({m: w for m, w in votes.items() if m not in service.listens}, pool.needs, pool)
    others = {member: weight for member, weight in votes.items() if member not in mine}
    weight = sum(votes[member] for member in mine) or 1
    needs = (pool.needs or majority(sum(others.values()) + weight)) - weight
    return _rule(others, needs, pool)


def _rule(votes: Votes, needs: int, pool: Pool) -> Redundancy | None:
    """Of what is left of the pool; who needs none of the others to live is degraded without them."""
    if not votes:
        return None
    full = Share(min(pool.full, sum(votes.values()))) if pool.full > max(needs, 1) else None
    return Redundancy(RELATION, Share(max(needs, 1)), full, pool.soft or needs < 1, tuple(votes.items()))


def _seen(key: str, service: Found, known: Mapping[Pair, Known]) -> list[str]:
    """Whom the service was seen to talk to at a port that it listens on itself."""
    ports = {place.rpartition(":")[2] for place in service.listens}
    targets = {target for source, target in known if source == key}
    return sorted(t for t in targets if t.startswith("tcp://") and t.rpartition(":")[2] in ports)


def _is_here(member: str, own: Collection[str]) -> bool:
    address = member.partition("://")[2].rpartition(":")[0].strip("[]")
    return address in own or is_loopback(address)
