"""The items of a report: what is live after it, who claims it, and the CIs to create, change and retire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cmdb.claims import NAME, Claims, holds, restate, speaks
from cmdb.classes import Catalogue
from cmdb.endpoints import parse
from cmdb.errors import Invalid
from cmdb.plan import ChangeCI, Claim, NewCI
from cmdb.reconcile.known import SELF, Known, KnownCI, NewId
from cmdb.reconcile.said import dropped, effective, fresh, scope_of
from cmdb.search import ci_terms
from cmdb.words import Ref, Snapshot, Value


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


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything around the node after the report: `live` inside the host, and all that was `touched` (host too)."""

    live: Mapping[Ref, After]
    touched: Mapping[Ref, After]


def settled(snapshot: Snapshot, known: Known, catalogue: Catalogue, at: int) -> Settled:
    """What the report makes of every item it states or retracts, and what it leaves as it was. `at`: now's sequence."""
    stated: dict[Ref, dict[str, tuple[int | None, Mapping[str, Value]]]] = defaultdict(dict)
    retracted: dict[Ref, set[str]] = defaultdict(set)
    for section in fresh(snapshot, known.scopes):
        scope, seq = scope_of(snapshot, section.name), None if section.complete else snapshot.seq
        for item in effective(snapshot, section, known):
            stated[item.ref][scope] = (seq, {**item.attributes, NAME: item.name})
        for ref in dropped(snapshot, section, known):
            retracted[ref].add(scope)
    touched: dict[Ref, After] = {}
    for ref in sorted({*stated, *retracted}):
        was = known.ci(ref)
        before, current, since = (was.claims, was.values, was.since) if was else ({}, {}, at)
        cls = catalogue.cls(ref.cls)
        claims, values = restate(cls, before, current, since, stated[ref], retracted[ref], at)
        touched[ref] = _after(was, claims, values, list(stated[ref]))
    live = {
        ref: After(ci.name, ci.source, ci.attributes, ci.claims)
        for ref, ci in known.children.items()
        if ci.status == "live" and ref not in touched
    }
    live.update({ref: one for ref, one in touched.items() if ref != SELF and one.live})
    return Settled(live, touched)


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
    """The making of one plan's CIs: the steps collected so far."""

    def __init__(
        self, snapshot: Snapshot, known: Known, host: str, catalogue: Catalogue, new_id: NewId, at: int
    ) -> None:
        self.snapshot, self.known, self.host, self.catalogue, self.new_id = snapshot, known, host, catalogue, new_id
        self.settled = settled(snapshot, known, catalogue, at)
        self.ids: dict[Ref, str] = {SELF: host}
        self.create: list[NewCI] = []
        self.change: list[ChangeCI] = []
        self.claims: list[Claim] = []
        self.drops: list[tuple[str, str]] = []

    def settle(self) -> None:
        """Host first, then what is inside it, then what is gone."""
        touched = self.settled.touched
        if self.known.host is None and SELF not in touched:
            raise Invalid("the first report of a node must carry the host itself", where="sections")
        for ref in sorted(touched, key=lambda one: (one != SELF, one)):
            if touched[ref].live:
                self._put(ref, touched[ref], None if ref == SELF else self.host)
            self._claim(ref, touched[ref])
        for ref, ci in self.known.children.items():
            if ref in self.settled.live:
                self.ids[ref] = ci.id
            elif ci.status == "live":
                self.change.append(ChangeCI(ci.id, ci.rev, ci.name, "retired", ci.source, {}))

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
