"""The items of a report: what is live after it, who claims it, and the CIs to create, change and retire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cmdb.claims import NAME, Claims, holds, restate, speaks
from cmdb.classes import Catalogue
from cmdb.endpoints import parse
from cmdb.errors import Invalid
from cmdb.plan import ChangeCI, Claim, NewCI
from cmdb.reconcile.callers import calls
from cmdb.reconcile.known import SELF, Known, KnownCI, NewId
from cmdb.reconcile.said import dropped, effective, fresh, scope_of, stated_links
from cmdb.search import ci_terms
from cmdb.words import Item, Link, Ref, Snapshot, Value

Stated = Mapping[str, tuple[int | None, Item]]
"""What a report states of one item: by scope, the sequence (None: in a complete body) and the item itself."""


@dataclass(frozen=True, slots=True)
class After:
    """An item after the report, its values settled; `scope` is the source that last said so."""

    name: str
    scope: str
    attributes: Mapping[str, Value]
    claims: Claims

    @property
    def live(self) -> bool:
        """Whether anybody says that it is there."""
        return any(holds(scope) for scope in self.claims)


@dataclass(frozen=True)
class Settled:
    """Everything around the node after the report: what it `touched` (the host too), and the rest as it was `known`."""

    known: Known
    touched: Mapping[Ref, After]

    @cached_property
    def live(self) -> Mapping[Ref, After]:
        """What is live inside the host; only edges need it."""
        live = {
            ref: After(ci.name, ci.source, ci.attributes, ci.claims)
            for ref, ci in self.known.children.items()
            if ci.status == "live" and ref not in self.touched
        }
        live.update({ref: one for ref, one in self.touched.items() if ref != SELF and one.live})
        return live


def settled(snapshot: Snapshot, known: Known, catalogue: Catalogue, at: int) -> Settled:
    """What the report makes of every item it states otherwise than before or retracts. `at`: now's sequence."""
    stated: dict[Ref, dict[str, tuple[int | None, Item]]] = defaultdict(dict)
    retracted: dict[Ref, set[str]] = defaultdict(set)
    for section in fresh(snapshot, known.scopes):
        scope, seq = scope_of(snapshot, section.name), None if section.complete else snapshot.seq
        for item in effective(snapshot, section, known):
            stated[item.ref][scope] = (seq, item)
        for ref in dropped(snapshot, section, known):
            retracted[ref].add(scope)
    touched: dict[Ref, After] = {}
    changed = {ref for ref, said in stated.items() if ref in retracted or not _said_before(known.ci(ref), said)}
    for ref in sorted({*changed, *retracted}):
        was = known.ci(ref)
        before, current, since = (was.claims, was.values, was.since) if was else ({}, {}, at)
        said = {scope: (seq, {**item.attributes, NAME: item.name}) for scope, (seq, item) in stated[ref].items()}
        claims, values = restate(catalogue.cls(ref.cls), before, current, since, said, retracted[ref], at)
        touched[ref] = _after(was, claims, values, list(said))
    return Settled(known, touched)


def _said_before(was: KnownCI | None, stated: Stated) -> bool:
    """Whether a live CI is claimed by one complete body alone, which says of it again what it is: nearly always."""
    if was is None or was.status != "live" or len(stated) != 1:
        return False
    ((scope, (seq, item)),) = stated.items()
    claim = was.claims.get(scope)
    if claim is None or claim.said is not None or claim.seq is not None or seq is not None:
        return False
    return was.name == item.name and was.attributes == item.attributes and sum(map(speaks, was.claims)) == 1


def _after(was: KnownCI | None, claims: Claims, values: Mapping[str, Value], stated: list[str]) -> After:
    name = str(values.get(NAME) or (was.name if was else ""))
    still = was.source if was and was.source in claims else next((s for s in sorted(claims) if holds(s)), "")
    source = stated[-1] if stated else still or (was.source if was else "")
    return After(name, source, {k: v for k, v in values.items() if k != NAME}, claims)


def addresses_in(live: Mapping[Ref, After]) -> Iterator[str]:
    """The addresses assigned inside the host, each in its shortest form."""
    for ref, item in live.items():
        address = item.attributes.get("address")
        if ref.cls == "IPAddress" and isinstance(address, str):
            yield parse(f"tcp://[{address}]:1" if ":" in address else f"tcp://{address}:1").address


def differences(before: Mapping[str, Value], now: Mapping[str, Value]) -> dict[str, Value]:
    """What must be set to get from one set of attributes to another; None removes."""
    changed: dict[str, Value] = {k: v for k, v in now.items() if before.get(k) != v}
    changed.update({k: None for k in before if k not in now})
    return changed


class Items:
    """The making of one plan's CIs: the steps collected so far; `ids` are of the host and of what was put."""

    def __init__(
        self, snapshot: Snapshot, known: Known, host: str, catalogue: Catalogue, new_id: NewId, at: int
    ) -> None:
        self.snapshot, self.known, self.host, self.catalogue, self.new_id = snapshot, known, host, catalogue, new_id
        self.settled = settled(snapshot, known, catalogue, at)
        self.links = stated_links(snapshot, known.scopes)
        self.ids: dict[Ref, str] = {SELF: host}
        self.create: list[NewCI] = []
        self.change: list[ChangeCI] = []
        self.claims: list[Claim] = []
        self.drops: list[tuple[str, str]] = []

    @cached_property
    def calls(self) -> tuple[list[tuple[str, Link]], list[str]]:
        """What the report comes to say of clients, and what was cut; to find it all links are looked at."""
        return calls(self.links)

    def settle(self) -> None:
        """Host first, then what is inside it, then what is gone."""
        touched = self.settled.touched
        if self.known.host is None and SELF not in touched:
            raise Invalid("the first report of a node must carry the host itself", where="sections")
        for ref in sorted(touched, key=lambda one: (one != SELF, one)):
            if touched[ref].live:
                self._put(ref, touched[ref], None if ref == SELF else self.host)
            self._claim(ref, touched[ref])
        for ref in touched:
            was = self.known.ci(ref)
            if was is not None and was.status == "live" and not touched[ref].live:
                self.change.append(ChangeCI(was.id, was.rev, was.name, "retired", was.source, {}))

    def _put(self, ref: Ref, now: After, parent: str | None) -> None:
        was = self.known.ci(ref)
        if was is None:
            ci = self.host if ref == SELF else self.new_id("ci")
            search = self._terms(ref, now)
            self.create.append(NewCI(ci, ref.cls, ref.key, now.name, parent, now.scope, now.attributes, search))
            self.ids[ref] = ci
            return
        self.ids[ref] = was.id
        changed = differences(was.attributes, now.attributes)
        if was.status != "live":
            changed["stale_since"] = None
        if changed or was.status != "live" or was.name != now.name:
            search = self._terms(ref, now)
            self.change.append(ChangeCI(was.id, was.rev, now.name, "live", now.scope, changed, search))

    def _claim(self, ref: Ref, now: After) -> None:
        was = self.known.ci(ref)
        before = was.claims if was is not None else {}
        for scope, claim in now.claims.items():
            if before.get(scope) != claim:
                self.claims.append(Claim(scope, self.ids[ref] if was is None else was.id, claim.seq, claim.said))
        self.drops += [(s, was.id) for s in before if was is not None and speaks(s) and s not in now.claims]

    def _terms(self, ref: Ref, now: After) -> str:
        return ci_terms(self.catalogue.cls(ref.cls), now.name, ref.key, now.attributes)
