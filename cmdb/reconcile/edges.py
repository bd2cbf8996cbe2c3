"""The edges of a report: what should be open after it, and what must be opened, closed, re-pointed and reworded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from cmdb.endpoints import Endpoint, Listeners, parse
from cmdb.plan import ChangeCI, CloseEdge, NewCI, OpenEdge, Reword
from cmdb.reconcile.items import Items, addresses_in
from cmdb.reconcile.known import CONTAINED, EdgeKey, KnownEdge
from cmdb.reconcile.said import scope_of, stated_links
from cmdb.search import terms
from cmdb.words import Evidence, Link, Value


@dataclass(frozen=True, slots=True)
class _Desired:
    scope: str
    endpoint: str | None
    evidence: Evidence

    @property
    def rank(self) -> tuple[float, str]:
        """Of two sightings of one edge the surer is kept, then the first by endpoint text."""
        return (-self.evidence.confidence, self.endpoint or "")


class Edges:
    """The making of one plan's edges, once every item has its id."""

    def __init__(self, items: Items) -> None:
        self.snapshot, self.known, self.host, self.new_id = items.snapshot, items.known, items.host, items.new_id
        self.catalogue, self.ids, self.after = items.catalogue, items.ids, items.after
        self.create: list[NewCI] = []
        self.change: list[ChangeCI] = []
        self.open: list[OpenEdge] = []
        self.close: list[CloseEdge] = []
        self.reword: list[Reword] = []
        self.placed: dict[tuple[str | None, str], str] = {}
        self.uses: Counter[str] = Counter(self.known.uses)
        self.notes: list[str] = []

    def settle(self) -> None:
        desired = self._desired()
        have: set[EdgeKey] = set()
        for edge in self.known.edges:
            key = (edge.type, edge.source, edge.target)
            if key in desired and key not in have:
                have.add(key)
                self._same(edge, desired[key])
            else:
                self._shut(edge)
        for key in sorted(set(desired) - have):
            self._lay(key, desired[key])
        self._repoint_incoming()
        self._tidy_placeholders()

    def _desired(self) -> dict[EdgeKey, _Desired]:
        desired: dict[EdgeKey, _Desired] = {}
        for ref in sorted(self.after):
            if relation := self.catalogue.cls(ref.cls).contained_by:
                key = (relation, self.ids[ref], self.host)
                desired[key] = _Desired(self.after[ref].scope, None, CONTAINED)
        for name, all_said in sorted(stated_links(self.snapshot, self.known.scopes).items()):
            for said in all_said:
                self._link(desired, scope_of(self.snapshot, name), said.link)
        return desired

    def _link(self, desired: dict[EdgeKey, _Desired], scope: str, link: Link) -> None:
        source = self.ids.get(link.source)
        if source is None:
            self.notes.append(f"{link.type} from {link.source.cls} {link.source.key!r}: it is not there any more")
            return
        is_endpoint = link.target.cls == "Endpoint"
        target = self._resolve(parse(link.target.key), scope) if is_endpoint else self.ids.get(link.target)
        if target is None or target == source:
            return
        one = _Desired(scope, parse(link.target.key).key if is_endpoint else None, link.evidence)
        key = (link.type, source, target)
        if key not in desired or one.rank < desired[key].rank:
            desired[key] = one

    @cached_property
    def listeners(self) -> Listeners:
        """Who listens on this host after the report; asked only once every item has its id."""
        services = [
            (self.ids[ref], _strings(item.attributes.get("listens")))
            for ref, item in sorted(self.after.items(), key=lambda pair: pair[0])
            if ref.cls == "Service"
        ]
        return Listeners.of(services, addresses_in(self.after))

    def _resolve(self, endpoint: Endpoint, scope: str) -> str:
        own = self.listeners
        found = own.answer(endpoint) if own.owns(endpoint) else self.known.listeners.get(endpoint.key)
        return found or self._placeholder(endpoint, scope)

    def _placeholder(self, endpoint: Endpoint, scope: str) -> str:
        # A loopback address means another thing on every host, so its placeholder lives inside this one.
        where = (self.host if endpoint.loopback else None, endpoint.key)
        if where not in self.placed:
            self.placed[where] = self._place(where, endpoint, scope)
        return self.placed[where]

    def _place(self, where: tuple[str | None, str], endpoint: Endpoint, scope: str) -> str:
        was = self.known.placeholders.get(where)
        if was is None:
            ci = self.new_id("ci")
            attributes: dict[str, Value] = {
                "protocol": endpoint.protocol,
                "address": endpoint.address,
                "port": endpoint.port,
            }
            key = endpoint.key
            self.create.append(NewCI(ci, "Endpoint", key, key, where[0], scope, attributes, terms([key])))
            return ci
        if was.status != "live":
            self.change.append(ChangeCI(was.id, was.rev, was.name, "live", scope, {}))
        return was.id

    def _same(self, edge: KnownEdge, want: _Desired) -> None:
        if (edge.scope, edge.endpoint, edge.evidence) != (want.scope, want.endpoint, want.evidence):
            self.reword.append(Reword(edge.id, edge.source, want.scope, want.endpoint, want.evidence))

    def _shut(self, edge: KnownEdge) -> None:
        self.close.append(CloseEdge(edge.id, edge.source))
        self.uses[edge.target] -= 1

    def _lay(self, key: EdgeKey, want: _Desired) -> None:
        self.open.append(OpenEdge(self.new_id("ed"), *key, want.scope, want.endpoint, want.evidence))
        self.uses[key[2]] += 1

    def _repoint_incoming(self) -> None:
        """Other hosts' edges follow the address: to the service that now answers there, or back to a placeholder."""
        best: dict[EdgeKey, tuple[KnownEdge, _Desired]] = {}
        for edge in self.known.incoming:
            want = _Desired(edge.scope, edge.endpoint, edge.evidence)
            key = (edge.type, edge.source, self._now_at(edge))
            if key not in best or want.rank < best[key][1].rank:
                best[key] = (edge, want)
        kept = {edge.id: key for key, (edge, _) in best.items()}
        for edge in self.known.incoming:
            if kept.get(edge.id) != (edge.type, edge.source, edge.target):
                self._shut(edge)
        for key, (edge, want) in best.items():
            if key[2] != edge.target:
                self._lay(key, want)

    def _now_at(self, edge: KnownEdge) -> str:
        assert edge.endpoint is not None, "only edges seen at an address are loaded as incoming"
        endpoint = parse(edge.endpoint)
        found = self.listeners.answer(endpoint) if self.listeners.owns(endpoint) else None
        return found or self._placeholder(endpoint, edge.scope)

    def _tidy_placeholders(self) -> None:
        for ci in self.known.placeholders.values():
            if ci.status == "live" and self.uses[ci.id] <= 0:
                self.change.append(ChangeCI(ci.id, ci.rev, ci.name, "retired", ci.source, {}))


def _strings(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
