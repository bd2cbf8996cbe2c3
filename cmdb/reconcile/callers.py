"""Who uses a host's services by the word of the host's own end alone, because the client says nothing itself. Pure.

A node reports facts about itself; what it saw of others is a claim of its own on the edge, and changes nothing of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import islice

from cmdb.plan import EdgeClaim, Said
from cmdb.reconcile.known import WATCHED, Caller, EdgeKey
from cmdb.reconcile.ledger import rank
from cmdb.words import GLANCED, SERVED, Link, Value

MOST_CLIENTS, MOST_CALLS = 128, 4_000
"""Clients of one service, and of all services of a host, that become edges: the surest, then the longest known."""

MANY = 20
"""Hosts of which a client takes short looks, and keeps no connection to, from which on it watches them."""

REFUSED = "refused_clients"
"""The attribute of a service in which people say who is none of its clients."""

BRIEF = (GLANCED, WATCHED)
"""Evidence of short looks."""

FORWARDS = frozenset({"switch", "router", "access point", "modem", "firewall", "gateway"})
"""Kinds of devices whose address may stand for whoever is behind them; what they need, their neighbours need not."""


def is_server_word(claim: EdgeClaim) -> bool:
    """Whether a claim on an edge is only the word of the server's end."""
    return claim.endpoint is None and claim.evidence.kind in (SERVED, GLANCED, WATCHED)


def calls(links: Mapping[str, Collection[Said]]) -> tuple[list[tuple[str, Link]], list[str]]:
    """What a host's sections say of clients as (section, link), bounded; and a sentence for each bound that was hit."""
    by_service: dict[str, list[tuple[str, Link]]] = defaultdict(list)
    for section, all_said in sorted(links.items()):
        for said in all_said:
            if said.link.by_server:
                by_service[said.link.target.key].append((section, said.link))
    notes = [
        f"{len(some):,} clients of {service!r}: {MOST_CLIENTS} of them become edges"
        for service, some in sorted(by_service.items())
        if len(some) > MOST_CLIENTS
    ]
    kept = [one for _, some in sorted(by_service.items()) for one in sorted(some, key=_surest)[:MOST_CLIENTS]]
    if len(kept) > MOST_CALLS:
        notes.append(f"{len(kept):,} clients of all services: {MOST_CALLS:,} of them become edges")
    return list(islice(kept, MOST_CALLS)), notes


def _surest(one: tuple[str, Link]) -> tuple[float, str, str]:
    evidence = one[1].evidence
    return (-evidence.confidence, evidence.first_seen or "", one[1].source.key)


def addresses_of(kept: Collection[tuple[str, Link]]) -> tuple[frozenset[str], frozenset[str]]:
    """The clients' addresses that the store is to look up, and those of them that were only glanced from."""
    every = frozenset(link.source.key for _, link in kept)
    return every, frozenset(link.source.key for _, link in kept if link.evidence.kind == GLANCED)


def gateways(routes: Value) -> frozenset[str]:
    """The addresses a host sends on through, from routes such as `0.0.0.0/0 via 10.20.0.1 dev eth0`.

    What comes from such an address may come from anybody behind it.
    """
    said = routes if isinstance(routes, tuple) else ()
    return frozenset(words[0] for route in said if (words := route.partition(" via ")[2].split()))


def _forwards(caller: Caller) -> bool:
    return caller.cls == "Firewall" or caller.kind in FORWARDS


def believed(
    served: Iterable[tuple[str, str, Link]], callers: Mapping[str, Caller], refused: Collection[tuple[str, str]]
) -> dict[EdgeKey, dict[str, EdgeClaim]]:
    """The edges that follow from (scope, service id, link): who has the address, and does not speak itself, uses it.

    Who only takes short looks at many hosts watches them. `refused`: (client id, service id) that people said are none.
    """
    best: dict[tuple[str, str], tuple[str, EdgeClaim]] = {}
    for scope, service, link in served:
        caller = callers.get(link.source.key)
        if caller is None or caller.speaks or _forwards(caller) or (caller.ci, service) in refused:
            continue
        watches = link.evidence.kind == GLANCED and caller.looks + 1 >= MANY
        claim = EdgeClaim(None, replace(link.evidence, kind=WATCHED) if watches else link.evidence)
        was = best.get((caller.ci, service))
        if was is None or rank(scope, claim) < rank(*was):
            best[caller.ci, service] = (scope, claim)
    return {
        ("COMMUNICATES_WITH" if claim.evidence.kind == WATCHED else "USES", ci, service): {scope: claim}
        for (ci, service), (scope, claim) in best.items()
    }
