"""From the graph's rows to the nouns that decisions are made from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cmdb import identity, reconcile
from cmdb.claims import Asserted, from_json, source_of
from cmdb.classes import catalogue
from cmdb.commands import Around
from cmdb.cypher import commands, facts
from cmdb.cypher import identity as questions
from cmdb.endpoints import answering, parse
from cmdb.identity import Candidate
from cmdb.plan import ScopeState
from cmdb.reconcile import Caller, Items, Known, KnownCI, KnownEdge
from cmdb.shared import parse as parse_shared
from cmdb.store.session import Run
from cmdb.words import RESERVED, CIClass, Ref, Value


def _values(properties: Mapping[str, Any]) -> dict[str, Value]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in properties.items() if k not in RESERVED}


def known_ci(properties: Mapping[str, Any], claims: Collection[list[Any]] = ()) -> KnownCI:
    """A CI from its properties and its rows of (scope, sequence, said)."""
    return KnownCI(
        id=properties["id"],
        cls=properties["class"],
        key=properties["key"],
        name=properties["name"],
        status=properties["status"],
        rev=properties["rev"],
        source=properties["source"],
        attributes=_values(properties),
        claims={scope: Asserted(seq, from_json(said)) for scope, seq, said in claims},
        parent=properties.get("parent"),
        since=properties["valid_from"],
    )


def known_edge(row: Sequence[Any]) -> KnownEdge:
    """An edge from (properties, type, source id, target id)."""
    properties, kind, source, target = row
    return KnownEdge(
        properties["id"], kind, source, target, properties["scope"], properties.get("endpoint"),
        facts.evidence(properties), facts.edge_claims(properties.get("also")),
    )  # fmt: skip


def known(node: str, state: Mapping[str, Any], around: Mapping[str, Any] | None) -> Known:
    """What is known of a node's host before its report is settled; `around` is None when the host is new."""
    return Known(
        host=known_ci(around["host"], around["claims"]) if around is not None else None,
        children={
            # What a removed extension had declared stays as it is: nobody can say any more what belongs to it.
            Ref(p["class"], p["key"]): known_ci(p, claims)
            for p, claims in (around["children"] if around is not None else ())
            if p["class"] in catalogue().classes
        },
        scopes={
            section: ScopeState(complete, tuple(facts.said_from_json(parts) for parts in json.loads(links or "[]")))
            for section, complete, links in state["scopes"]
        },
        quiet=frozenset(f"{node}/{section}" for section, _, links in state["scopes"] if links is None),
    )


def beyond(run: Run, items: Items) -> Known:
    """What edges need besides: the host's own, what they point at, and what points at it from elsewhere."""
    named = reconcile.endpoints_named(items.links)
    own = reconcile.addresses(items)
    foreign = {parse(k).address for k in named if not parse(k).loopback} - own
    clients = reconcile.doubtful(items)
    reached = own | reconcile.addresses_before(items) if clients is None else frozenset[str]()
    parameters: dict[str, Any] = {"host": items.host, "keys": sorted(named), "own": sorted(reached)}
    called, glanced = reconcile.addresses_of(items.calls[0])
    parameters |= {"foreign": sorted(foreign), "callers": sorted(called), "glanced": sorted(glanced)}
    parameters |= {"brief": reconcile.BRIEF, "most": reconcile.MANY - 1, "clients": _rows(items, clients or ())}
    parameters |= {"quiet": sorted(items.known.quiet), **_shared(reconcile.shared_named(items.links))}
    row = run(facts.BEYOND if clients is None else facts.beyond_of(), parameters)[0]
    hosts = [
        (frozenset(addresses), [(service, tuple(listens)) for service, listens, _, _ in services])
        for addresses, services in row["listeners"]
    ]
    edges = tuple(known_edge(one) for one in row["edges"])
    incoming = {one[0]["id"]: known_edge(one[:4]) for one in row["incoming"]}
    named |= {claim.endpoint for edge in incoming.values() for claim in edge.claims.values() if claim.endpoint}
    return replace(
        items.known,
        edges=edges,
        incoming=tuple(incoming.values()),
        reach={one[2]: frozenset(one[4]) for one in row["incoming"]},
        clients={
            service: (source_of(source), frozenset(clients))
            for _, services in row["listeners"]
            for service, _, clients, source in services
            if clients
        },
        callers={address: Caller(*told) for address, *told in row["callers"]},
        listeners=answering(named, hosts),
        placeholders={(p.get("parent"), p["key"]): known_ci(p) for p, _ in row["placeholders"]},
        uses=_uses(row["placeholders"], (*edges, *incoming.values())),
        # Sorted by status, live before retired: of several the first one counts.
        shared={Ref(cls, key): known_ci(p) for cls, key, p in reversed(row["shared"])},
        moved=clients is None,
    )


def _rows(items: Items, clients: Collection[tuple[str, Ref]]) -> list[dict[str, str]]:
    known = ((address, items.known.ci(service)) for address, service in clients)
    return sorted(
        ({"address": address, "service": ci.id} for address, ci in known if ci is not None),
        key=lambda row: (row["service"], row["address"]),
    )


def _shared(refs: Collection[Ref]) -> dict[str, Any]:
    rows = {
        cls: [{"key": ref.key, **parse_shared(ref).attributes} for ref in sorted(refs) if ref.cls == cls]
        for cls in ("SoftwareVersion", "OperatingSystem")
    }
    return {"packages": rows["SoftwareVersion"], "systems": rows["OperatingSystem"]}


def candidates(
    run: Run, cls: CIClass, attributes: Mapping[str, Value], revoked: Collection[str] = ()
) -> list[Candidate]:
    """CIs that might be meant, with the live agents that speak for them; one that was merged stands for its winner."""
    keys, _ = identity.keys_of(cls, attributes)
    statement = questions.candidates(cls, keys, attributes)
    rows = run(*statement) if statement is not None else []
    return followed(run, [row["candidate"] for row in rows], revoked)


def followed(run: Run, rows: list[dict[str, Any]], revoked: Collection[str] = ()) -> list[Candidate]:
    """The candidates of such rows. A round trip only where some were merged into others."""
    found: list[Candidate] = []
    while rows:
        found += [
            Candidate(
                row["id"],
                _values(row["attributes"]) | {"name": row["attributes"]["name"]},
                frozenset(node for node in row["nodes"] if identity.signer_of(node) not in revoked),
            )
            for row in rows
            if row["merged"] is None
        ]
        went = {row["merged"]: row["attributes"] for row in rows if row["merged"] is not None}
        rows = [
            {**row, "attributes": went[row["id"]]}
            for row in (run(questions.MERGED, {"ids": sorted(went)}) if went else [])
        ]
    return found


def around(run: Run, ids: Collection[str], *, edges: bool) -> Around:
    """The CIs of a command, what is inside them, and (if asked) every open edge at any of these. Unknown: left out."""
    rows = run(commands.CIS, {"ids": list(ids)})
    cis = {row["ci"]["id"]: known_ci(row["ci"], row["claims"]) for row in rows}
    inside = tuple(known_ci(properties, claims) for row in rows for properties, claims in row["inside"])
    every = [*cis, *(ci.id for ci in inside)]
    found = run(commands.EDGES, {"ids": every}) if edges and every else []
    return Around(cis, inside, edges_of(found))


def edges_of(rows: Collection[Mapping[str, Any]]) -> tuple[KnownEdge, ...]:
    """The edges of rows, each once."""
    found = {row["e"]["id"]: known_edge((row["e"], row["type"], row["source"], row["target"])) for row in rows}
    return tuple(found.values())


def with_places(run: Run, around: Around, host: str) -> Around:
    """The same with the placeholders that a retirement may need or leave unused."""
    keys = {claim.endpoint for edge in around.edges for claim in edge.claims.values() if claim.endpoint}
    targets = {edge.target for edge in around.edges}
    every = [*around.cis, *(ci.id for ci in around.inside)]
    asked = {"keys": sorted(keys), "targets": sorted(targets), "host": host, "every": every}
    (row,) = run(commands.PLACES, asked)
    return Around(
        around.cis,
        around.inside,
        around.edges,
        {(p.get("parent"), p["key"]): known_ci(p) for p, _ in row["placeholders"]},
        _uses(row["placeholders"], around.edges),
    )


def _uses(placeholders: Collection[Sequence[Any]], edges: Collection[KnownEdge]) -> dict[str, int]:
    """How many open edges at least lead to each placeholder: those that are known, and one for all that are not."""
    known = Counter(edge.target for edge in edges)
    return {p["id"]: known[p["id"]] + int(elsewhere) for p, elsewhere in placeholders}
