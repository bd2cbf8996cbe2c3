"""Pure: what a node says, against what is known of it, gives a Plan. No I/O, no clock, no randomness of its own.

The desired state of a section is its newest complete body with the later incomplete ones laid over it, item by item,
newest by sequence and never by arrival. So any order of arrival, with repeats, ends in the same graph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from cmdb.classes import Catalogue
from cmdb.endpoints import Endpoint, Listeners, parse
from cmdb.errors import Invalid
from cmdb.plan import ChangeCI, Claim, CloseEdge, NewCI, OpenEdge, Plan, Reword, Said, ScopeState
from cmdb.search import ci_terms, terms
from cmdb.words import Evidence, Item, Link, Ref, Section, Snapshot, Value

SELF = Ref("Host", "self")
CONTAINED = Evidence("agent", "reported by the agent on the host itself", 1.0)

NewId = Callable[[str], str]
EdgeKey = tuple[str, str, str]  # type, source id, target id


@dataclass(frozen=True, slots=True)
class KnownCI:
    """A CI as the graph has it, live or retired; `claims` maps the scopes that assert it to `Claim.seq`."""

    id: str
    cls: str
    key: str
    name: str
    status: str
    rev: int
    source: str
    attributes: Mapping[str, Value]
    claims: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownEdge:
    """An open edge as the graph has it; `endpoint` is the address it was seen at, if it came from a socket."""

    id: str
    type: str
    source: str
    target: str
    scope: str
    endpoint: str | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Known:
    """What the graph knows around one node.

    children: everything inside the host by class and local key, retired ones included.
    edges: open edges that start at the host or its children. incoming: open edges from other hosts that were seen at
    one of this host's addresses. listeners: services of other hosts, by endpoint key. placeholders: by (parent, key).
    uses: how many open edges point at a placeholder, by its id.
    """

    host: KnownCI | None
    children: Mapping[Ref, KnownCI] = field(default_factory=dict)
    scopes: Mapping[str, ScopeState] = field(default_factory=dict)
    edges: tuple[KnownEdge, ...] = ()
    incoming: tuple[KnownEdge, ...] = ()
    listeners: Mapping[str, str] = field(default_factory=dict)
    placeholders: Mapping[tuple[str | None, str], KnownCI] = field(default_factory=dict)
    uses: Mapping[str, int] = field(default_factory=dict)


NOTHING_SAID = ScopeState(0)


def fresh(snapshot: Snapshot, scopes: Mapping[str, ScopeState]) -> tuple[Section, ...]:
    """The sections newer than the newest complete body known; the others are late and change nothing."""
    return tuple(s for s in snapshot.sections if scopes.get(s.name, NOTHING_SAID).complete < snapshot.seq)


def stated_links(snapshot: Snapshot, scopes: Mapping[str, ScopeState]) -> dict[str, tuple[Said, ...]]:
    """Every section's links after this report: a complete section replaces what is older, an incomplete one adds."""
    links = {name: state.links for name, state in scopes.items()}
    for section in fresh(snapshot, scopes):
        merged = {_link_key(k): Said(snapshot.seq, k) for k in section.links}
        for said in links.get(section.name, ()):
            if said.seq > snapshot.seq or (not section.complete and _link_key(said.link) not in merged):
                merged[_link_key(said.link)] = said
        links[section.name] = tuple(merged[key] for key in sorted(merged))
    return links


def _link_key(link: Link) -> tuple[str, Ref, Ref]:
    return (link.type, link.source, link.target)


def endpoints_named(snapshot: Snapshot, scopes: Mapping[str, ScopeState]) -> frozenset[str]:
    """Every endpoint key the node's links point at: the store looks these up before a plan can be made."""
    links = stated_links(snapshot, scopes)
    targets = (said.link.target for all_said in links.values() for said in all_said)
    return frozenset(parse(target.key).key for target in targets if target.cls == "Endpoint")


def addresses(snapshot: Snapshot, known: Known) -> frozenset[str]:
    """The host's own addresses after this report."""
    return frozenset(_addresses(_after(snapshot, known)))


def plan(snapshot: Snapshot, known: Known, host: str, catalogue: Catalogue, new_id: NewId) -> Plan:
    """The plan for one report of a node that was identified as CI `host` (an id; new if `known.host` is None)."""
    work = _Work(snapshot, known, host, catalogue, new_id)
    work.items()
    work.edges()
    return work.plan()


# --- the items ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _After:
    """A live item after the report: its id is None until it is created."""

    id: str | None
    name: str
    scope: str
    attributes: Mapping[str, Value]


def _scope(snapshot: Snapshot, section: str) -> str:
    return f"{snapshot.node}/{section}"


def _after(snapshot: Snapshot, known: Known) -> dict[Ref, _After]:
    """Everything inside the host that is live after this report."""
    live = {
        ref: _After(ci.id, ci.name, ci.source, ci.attributes)
        for ref, ci in known.children.items()
        if ci.status == "live"
    }
    for section in fresh(snapshot, known.scopes):
        scope = _scope(snapshot, section.name)
        for ref in _dropped(snapshot, section, known):
            if set(known.children[ref].claims) == {scope}:
                live.pop(ref, None)
        for item in _effective(snapshot, section, known):
            if item.ref != SELF:
                live[item.ref] = _item_after(item, known.children.get(item.ref), scope)
    return live


def _known(known: Known, ref: Ref) -> KnownCI | None:
    return known.host if ref == SELF else known.children.get(ref)


def _effective(snapshot: Snapshot, section: Section, known: Known) -> Iterator[Item]:
    """The items of a fresh section that no later incomplete body has said better."""
    scope = _scope(snapshot, section.name)
    for item in section.items:
        was = _known(known, item.ref)
        later = was.claims.get(scope) if was is not None else None
        if later is None or later <= snapshot.seq:
            yield item


def _dropped(snapshot: Snapshot, section: Section, known: Known) -> Iterator[Ref]:
    """The children a complete section no longer asserts: not in it, and not said by a later incomplete body."""
    if not section.complete:
        return
    scope = _scope(snapshot, section.name)
    said = {item.ref for item in section.items}
    for ref, ci in known.children.items():
        if scope in ci.claims and ref not in said and (ci.claims[scope] or 0) < snapshot.seq:
            yield ref


def _item_after(item: Item, was: KnownCI | None, scope: str) -> _After:
    attributes = {k: v for k, v in item.attributes.items() if v is not None}
    return _After(was.id if was else None, item.name, scope, attributes)


def _addresses(after: Mapping[Ref, _After]) -> Iterator[str]:
    for ref, item in after.items():
        address = item.attributes.get("address")
        if ref.cls == "IPAddress" and isinstance(address, str):
            yield parse(f"tcp://[{address}]:1" if ":" in address else f"tcp://{address}:1").address


def _differences(was: KnownCI, now: _After) -> dict[str, Value]:
    changed: dict[str, Value] = {k: v for k, v in now.attributes.items() if was.attributes.get(k) != v}
    changed.update({k: None for k in was.attributes if k not in now.attributes})
    return changed


def answering(
    endpoints: Iterable[str], hosts: Iterable[tuple[frozenset[str], list[tuple[str, tuple[str, ...]]]]]
) -> dict[str, str]:
    """Which service answers at each endpoint key, given other hosts as (addresses, [(service id, listens)])."""
    tables = [Listeners.of(services, own) for own, services in hosts]
    found: dict[str, str] = {}
    for key in endpoints:
        endpoint = parse(key)
        answers = {t.answer(endpoint) for t in tables if endpoint.address in t.addresses} - {None}
        # One private address may be in use on many hosts (container bridges): then nobody is guessed.
        if len(answers) == 1:
            found[key] = str(answers.pop())
    return found


# --- the edges ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Desired:
    scope: str
    endpoint: str | None
    evidence: Evidence

    @property
    def rank(self) -> tuple[float, str]:
        """Of two sightings of one edge the surer is kept, then the first by endpoint text."""
        return (-self.evidence.confidence, self.endpoint or "")


class _Work:
    """The making of one plan: the steps collected so far. Local to `plan`."""

    def __init__(self, snapshot: Snapshot, known: Known, host: str, catalogue: Catalogue, new_id: NewId) -> None:
        self.snapshot, self.known, self.host, self.catalogue, self.new_id = snapshot, known, host, catalogue, new_id
        self.fresh = fresh(snapshot, known.scopes)
        self.after = _after(snapshot, known)
        self.ids: dict[Ref, str] = {SELF: host}
        self.create: list[NewCI] = []
        self.change: list[ChangeCI] = []
        self.open: list[OpenEdge] = []
        self.close: list[CloseEdge] = []
        self.reword: list[Reword] = []
        self.placed: dict[tuple[str | None, str], str] = {}
        self.uses: Counter[str] = Counter(known.uses)
        self.notes: list[str] = []

    # items

    def items(self) -> None:
        self._host()
        for ref in sorted(self.after):
            self.ids[ref] = self._upsert(ref, self.after[ref])
        for ref, ci in self.known.children.items():
            if ci.status == "live" and ref not in self.after:
                self.change.append(ChangeCI(ci.id, ci.rev, ci.name, "retired", ci.source, {}))

    def _host(self) -> None:
        was = self.known.host
        for section in self.fresh:
            for item in _effective(self.snapshot, section, self.known):
                if item.ref == SELF:
                    now = _item_after(item, was, _scope(self.snapshot, section.name))
                    self._put(SELF, was, replace(now, id=self.host), None)
                    return
        if was is None:
            raise Invalid("the first report of a node must carry the host itself", where="sections")

    def _upsert(self, ref: Ref, now: _After) -> str:
        return self._put(ref, self.known.children.get(ref), now, self.host)

    def _put(self, ref: Ref, was: KnownCI | None, now: _After, parent: str | None) -> str:
        if was is None:
            search = self._terms(ref, now)
            ci = now.id or self.new_id("ci")
            self.create.append(NewCI(ci, ref.cls, ref.key, now.name, parent, now.scope, now.attributes, search))
            return ci
        changed = _differences(was, now)
        if changed or was.status != "live" or was.name != now.name:
            search = self._terms(ref, now)
            self.change.append(ChangeCI(was.id, was.rev, now.name, "live", now.scope, changed, search))
        return was.id

    def _terms(self, ref: Ref, now: _After) -> str:
        return ci_terms(self.catalogue.cls(ref.cls), now.name, ref.key, now.attributes)

    # edges

    def edges(self) -> None:
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
                self._link(desired, _scope(self.snapshot, name), said.link)
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
        return Listeners.of(services, _addresses(self.after))

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

    # all together

    def plan(self) -> Plan:
        links = stated_links(self.snapshot, self.known.scopes)
        return Plan(
            host=self.host,
            create=tuple(self.create),
            change=tuple(self.change),
            open=tuple(self.open),
            close=tuple(self.close),
            reword=tuple(self.reword),
            claims=tuple(self._claims()),
            drops=tuple(self._drops()),
            scopes={s.name: ScopeState(self._complete(s), links[s.name]) for s in self.fresh},
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _complete(self, section: Section) -> int:
        known = self.known.scopes.get(section.name, NOTHING_SAID).complete
        return self.snapshot.seq if section.complete else known

    def _claims(self) -> Iterator[Claim]:
        for section in self.fresh:
            scope = _scope(self.snapshot, section.name)
            seq = None if section.complete else self.snapshot.seq
            for item in _effective(self.snapshot, section, self.known):
                was = _known(self.known, item.ref)
                if was is None or scope not in was.claims or was.claims[scope] != seq:
                    yield Claim(scope, self.ids[item.ref], seq)

    def _drops(self) -> Iterator[tuple[str, str]]:
        for section in self.fresh:
            for ref in _dropped(self.snapshot, section, self.known):
                yield _scope(self.snapshot, section.name), self.known.children[ref].id


def _strings(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
