"""Where CIs stand: the ids of the racks, rooms and sites they are in, through what they run on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any

from cmdb_processes.arrangements.questions import INSIDE, UP

Ask = Callable[..., dict[str, Any]]
PLACES = frozenset({"Rack", "Room", "Site"})
STEPS = 8
"""As deep as things are inside each other: a service, its container, its host, the hypervisor, rack, room, sites."""
MOST = 100


def places(ask: Ask, cis: Collection[str]) -> dict[str, frozenset[str]]:
    """The places of each CI, near and far; two questions for each step and 100 CIs."""
    above: dict[str, set[str]] = defaultdict(set)
    kinds: dict[str, str] = {}
    edge = set(cis)
    for _ in range(STEPS):
        found = [pair for part in _parts(edge) for pair in _above(ask, part)]
        edge = set()
        for source, target, kind in found:
            above[source].add(target)
            if target not in kinds:
                kinds[target] = kind
                edge.add(target)
        edge -= above.keys()
        if not edge:
            break
    return {ci: frozenset(one for one in _closure(ci, above) if kinds.get(one) in PLACES) for ci in cis}


def _above(ask: Ask, ids: list[str]) -> list[tuple[str, str, str]]:
    """(id, id of what it is in or on, class of that), for each."""
    nodes = ask(INSIDE, ids=ids)["cis"]["nodes"]
    found = [(node["id"], node["parent"]["id"], node["parent"]["class"]) for node in nodes if node["parent"]]
    after = None
    while True:
        page = ask(UP, of=ids, after=after)["dependencies"]
        found += [(edge["from"]["id"], edge["to"]["id"], edge["to"]["class"]) for edge in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def _closure(ci: str, above: dict[str, set[str]]) -> set[str]:
    seen, left = {ci}, [ci]
    while left:
        new = above.get(left.pop(), set()) - seen
        seen |= new
        left += new
    return seen


def _parts(ids: Collection[str]) -> list[list[str]]:
    ordered = sorted(ids)
    return [ordered[n : n + MOST] for n in range(0, len(ordered), MOST)]
