"""The edges of a report: what the node now claims, what others go on claiming, and where incoming edges lead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from cmdb.claims import holds, source_of
from cmdb.endpoints import Endpoint, Listeners, meant, parse
from cmdb.plan import EdgeClaim
from cmdb.reconcile.callers import REFUSED, believed, gateways, is_server_word
from cmdb.reconcile.items import Items, addresses_in
from cmdb.reconcile.known import BOTH, CONTAINED, SELF, SURE, WATCHED, EdgeKey, Known, KnownEdge
from cmdb.reconcile.ledger import Ledger, rank
from cmdb.reconcile.placeholders import Placeholders
from cmdb.reconcile.said import scope_of
from cmdb.reconcile.shared import SharedThings
from cmdb.shared import is_shared
from cmdb.words import Evidence, Link, Value

Mine = dict[EdgeKey, dict[str, EdgeClaim]]
"""By edge and scope: what was seen and what was read in a configuration stand beside each other."""


class Edges:
    """The making of one plan's edges, once every item has its id; `known` with everything beyond the host."""

    def __init__(self, items: Items, known: Known) -> None:
        self.snapshot, self.known, self.host, self.links = items.snapshot, known, items.host, items.links
        self._calls = items.calls
        self.catalogue, self.settled, self.live = items.catalogue, items.settled, items.settled.live
        self.ids = {ref: ci.id for ref, ci in known.children.items() if ref in self.live} | items.ids
        self.placeholders = Placeholders(self.known.placeholders, self.known.uses, items.new_id)
        self.shared = SharedThings(self.known.shared, items.new_id)
        self.ledger = Ledger(items.new_id, self.placeholders)
        self.notes: list[str] = []

    def settle(self) -> None:
        """Own edges, then those that lead here, then the placeholders nobody needs any more."""
        mine = self._mine()
        here = {self.host, *self.ids.values()}
        have: set[EdgeKey] = set()
        for edge in self.known.edges:
            # One agent's report says nothing about what a person or another agent claims, unless an end is gone.
            claims = {s: c for s, c in edge.claims.items() if s in self.known.quiet or not self._speaks(s)}
            if edge.source not in here or edge.key in have:
                claims = {}
            elif edge.key in mine:
                claims |= mine[edge.key]
            if self._tells_itself(edge, mine):
                claims = {scope: claim for scope, claim in claims.items() if not is_server_word(claim)}
            claims = self._confirmed(edge.target, claims)
            have |= {edge.key} if claims else set()
            self.ledger.keep(edge, claims)
        for key in sorted(set(mine) - have):
            self.ledger.lay(key, self._confirmed(key[2], mine[key]))
        self._repoint_incoming()
        self.placeholders.tidy()

    def _confirmed(self, target: str, claims: Mapping[str, EdgeClaim]) -> dict[str, EdgeClaim]:
        """The claims on an edge to another host's service, with that host's word if it sees us. Alone it is nothing."""
        seen = {s: c for s, c in claims.items() if c.evidence.kind != BOTH}
        node, used_from = self.known.clients.get(target, ("", frozenset()))
        if used_from & self._addresses and (both := _both(seen)):
            seen[f"{node}/sockets"] = both
        return seen

    def _tells_itself(self, edge: KnownEdge, mine: Mine) -> bool:
        """Whether what a server's end alone said of this host is out of date, since the host itself speaks of it.

        It has told all its connections, this one not: then it came from behind it (NAT), or was too short to matter
        here. Or it tells of one to the same service, with its program.
        """
        if edge.source != self.host:
            return False
        sockets = [section.complete for section in self.snapshot.sections if section.name == "sockets"]
        scope = self.known.scopes.get("sockets")
        if any(sockets) or (scope is not None and scope.complete > 0):
            return True
        return any(k[2] == edge.target and any(c.endpoint for c in said.values()) for k, said in mine.items())

    @cached_property
    def _addresses(self) -> frozenset[str]:
        return frozenset(addresses_in(self.live))

    def _speaks(self, scope: str) -> bool:
        return source_of(scope) == self.snapshot.node

    def _mine(self) -> Mine:
        """What this node claims: containment of what it reports, and its links, by each section's surest sighting."""
        mine: Mine = defaultdict(dict)
        for ref in sorted(self.live):
            own = sorted(s for s in self.live[ref].claims if self._speaks(s) and holds(s))
            if own and (relation := self.catalogue.cls(ref.cls).contained_by):
                mine[relation, self.ids[ref], self.host][own[0]] = EdgeClaim(None, CONTAINED)
        for name, all_said in sorted(self.links.items()):
            for said in (one for one in all_said if not one.link.by_server):
                self._link(mine, scope_of(self.snapshot, name), said.link)
        return mine

    def _link(self, mine: Mine, scope: str, link: Link) -> None:
        source = self.ids.get(link.source)
        if source is None:
            self.notes.append(f"{link.type} from {link.source.cls} {link.source.key!r}: it is not there any more")
            return
        target = self._target(link, source, scope)
        if target is None or target == source:
            return
        endpoint = parse(link.target.key).key if link.target.cls == "Endpoint" else None
        claim, claims = EdgeClaim(endpoint, link.evidence), mine[link.type, source, target]
        if scope not in claims or rank(scope, claim) < rank(scope, claims[scope]):
            claims[scope] = claim

    def _target(self, link: Link, source: str, scope: str) -> str | None:
        ref = link.target
        if ref.cls == "Endpoint":
            endpoint = parse(ref.key)
            return self._resolve(endpoint, scope, self._led.get((link.type, source, scope, endpoint.key)))
        return self.shared.at(ref) if is_shared(ref.cls) else self.ids.get(ref)

    @cached_property
    def listeners(self) -> Listeners:
        """Who listens on this host after the report; asked only once every item has its id."""
        services = [
            (self.ids[ref], _strings(item.attributes.get("listens")))
            for ref, item in sorted(self.live.items(), key=lambda pair: pair[0])
            if ref.cls == "Service"
        ]
        return Listeners.of(services, addresses_in(self.live))

    def _resolve(self, endpoint: Endpoint, scope: str, before: str | None) -> str:
        own, others = self.listeners, self.known.listeners.get(endpoint.key, frozenset())
        found = own.answer(endpoint) if own.owns(endpoint) else meant(others, before)
        return found or self.placeholders.at(endpoint, self.host, scope)

    @cached_property
    def _led(self) -> dict[tuple[str, str, str, str], str]:
        """Where the claims of this host's edges lead until now, by type, source, scope and endpoint."""
        return {
            (edge.type, edge.source, scope, claim.endpoint): edge.target
            for edge in self.known.edges
            for scope, claim in edge.claims.items()
            if claim.endpoint
        }

    def _repoint_incoming(self) -> None:
        """Other hosts' edges follow the address: to the service that now answers there, or back to a placeholder.

        Claims that name no address (a person's) stay where they are; so do those of a host that has the address itself.
        """
        wanted: dict[EdgeKey, dict[str, EdgeClaim]] = defaultdict(dict)
        for edge in self.known.incoming:
            for scope, claim in edge.claims.items():
                if claim.evidence.kind == BOTH or self._speaks(scope):
                    continue  # it is said anew below, where it still holds
                moves = self.known.moved and claim.endpoint
                target = self._now_at(parse(claim.endpoint), scope, edge) if moves else edge.target
                best = wanted[edge.type, edge.source, target]
                if scope not in best or rank(scope, claim) < rank(scope, best[scope]):
                    best[scope] = claim
        for (_, source, target), claims in wanted.items():
            used_from = self._clients.get(target, frozenset())
            if used_from & self.known.reach.get(source, frozenset()) and (both := _both(claims)):
                claims[scope_of(self.snapshot, "sockets")] = both
        for key, claims in self._called(wanted).items():
            wanted[key] |= claims
        for edge in self.known.incoming:
            self.ledger.keep(edge, wanted.pop(edge.key, {}))
        for key, claims in wanted.items():
            if claims:
                self.ledger.lay(key, claims)

    def _called(self, told: Mapping[EdgeKey, Mapping[str, EdgeClaim]]) -> Mine:
        """Whom this host sees at its services that says nothing of it: `told` is what clients themselves say."""
        stated, notes = self._calls
        self.notes += notes
        own = self._addresses | self._gateways
        heard = {
            (address, target)
            for (_, source, target), claims in told.items()
            if any(claim.endpoint for claim in claims.values())
            for address in self.known.reach.get(source, ())
        }
        served = [
            (scope_of(self.snapshot, section), service, link)
            for section, link in stated
            if (service := self.ids.get(link.target)) is not None
            and link.source.key not in own
            and (link.source.key, service) not in heard
        ]
        callers = {
            address: one
            for address, one in self.known.callers.items()
            if one.ci != self.host and self.catalogue.joins(self.catalogue.relation("USES"), one.cls, "Service")
        }
        return believed(served, callers, self._refused)

    @cached_property
    def _gateways(self) -> frozenset[str]:
        now, was = self.settled.touched.get(SELF), self.known.host
        values = now.attributes if now is not None else was.attributes if was is not None else {}
        return gateways(values.get("routes"))

    @cached_property
    def _refused(self) -> frozenset[tuple[str, str]]:
        """Clients and services of this host that people said do not belong together."""
        return frozenset(
            (client, self.ids[ref])
            for ref, item in self.live.items()
            if ref.cls == "Service"
            for client in _strings(item.attributes.get(REFUSED))
        )

    @cached_property
    def _clients(self) -> dict[str, frozenset[str]]:
        """From where each service of this host is used after the report, by its id."""
        live = (
            (self.ids[ref], item.attributes.get("clients")) for ref, item in self.live.items() if ref.cls == "Service"
        )
        return {service: frozenset(_strings(clients)) for service, clients in live if clients}

    def _now_at(self, endpoint: Endpoint, scope: str, edge: KnownEdge) -> str:
        if endpoint.address in self.known.reach.get(edge.source, ()):
            return edge.target
        own = self.listeners.answer(endpoint) if self.listeners.owns(endpoint) else None
        answers = self.known.listeners.get(endpoint.key, frozenset()) | ({own} if own else frozenset())
        return meant(answers, edge.target) or self.placeholders.at(endpoint, self.host, scope)


def _both(claims: Mapping[str, EdgeClaim]) -> EdgeClaim | None:
    """The server's word on what a client saw: of the surest sighting, and as old as that.

    That a server is looked at by who only watches it makes it nobody's dependency, however many see it.
    """
    seen = {scope: c for scope, c in claims.items() if c.endpoint and c.evidence.kind != WATCHED}
    if not seen:
        return None
    best = seen[min(seen, key=lambda scope: rank(scope, seen[scope]))].evidence
    detail = f"{best.detail[:300]}, which the server sees too"
    return EdgeClaim(None, Evidence(BOTH, detail, SURE, best.first_seen, best.last_seen))


def _strings(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
