"""The items of a report: what is live after it, and the CIs to create, change and retire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cmdb.classes import Catalogue
from cmdb.endpoints import parse
from cmdb.errors import Invalid
from cmdb.plan import ChangeCI, NewCI
from cmdb.reconcile.known import SELF, Known, KnownCI, NewId
from cmdb.reconcile.said import dropped, effective, fresh, scope_of
from cmdb.search import ci_terms
from cmdb.words import Item, Ref, Snapshot, Value


@dataclass(frozen=True, slots=True)
class After:
    """A live item after the report: its id is None until it is created."""

    id: str | None
    name: str
    scope: str
    attributes: Mapping[str, Value]


def live_after(snapshot: Snapshot, known: Known) -> dict[Ref, After]:
    """Everything inside the host that is live after this report."""
    live = {
        ref: After(ci.id, ci.name, ci.source, ci.attributes)
        for ref, ci in known.children.items()
        if ci.status == "live"
    }
    for section in fresh(snapshot, known.scopes):
        scope = scope_of(snapshot, section.name)
        for ref in dropped(snapshot, section, known):
            if set(known.children[ref].claims) == {scope}:
                live.pop(ref, None)
        for item in effective(snapshot, section, known):
            if item.ref != SELF:
                live[item.ref] = item_after(item, known.children.get(item.ref), scope)
    return live


def item_after(item: Item, was: KnownCI | None, scope: str) -> After:
    attributes = {k: v for k, v in item.attributes.items() if v is not None}
    return After(was.id if was else None, item.name, scope, attributes)


def addresses_in(after: Mapping[Ref, After]) -> Iterator[str]:
    for ref, item in after.items():
        address = item.attributes.get("address")
        if ref.cls == "IPAddress" and isinstance(address, str):
            yield parse(f"tcp://[{address}]:1" if ":" in address else f"tcp://{address}:1").address


def differences(was: KnownCI, now: After) -> dict[str, Value]:
    changed: dict[str, Value] = {k: v for k, v in now.attributes.items() if was.attributes.get(k) != v}
    changed.update({k: None for k in was.attributes if k not in now.attributes})
    return changed


class Items:
    """The making of one plan's CIs: the steps collected so far."""

    def __init__(self, snapshot: Snapshot, known: Known, host: str, catalogue: Catalogue, new_id: NewId) -> None:
        self.snapshot, self.known, self.host, self.catalogue, self.new_id = snapshot, known, host, catalogue, new_id
        self.after = live_after(snapshot, known)
        self.ids: dict[Ref, str] = {SELF: host}
        self.create: list[NewCI] = []
        self.change: list[ChangeCI] = []

    def settle(self) -> None:
        self._host()
        for ref in sorted(self.after):
            self.ids[ref] = self._upsert(ref, self.after[ref])
        for ref, ci in self.known.children.items():
            if ci.status == "live" and ref not in self.after:
                self.change.append(ChangeCI(ci.id, ci.rev, ci.name, "retired", ci.source, {}))

    def _host(self) -> None:
        was = self.known.host
        for section in fresh(self.snapshot, self.known.scopes):
            for item in effective(self.snapshot, section, self.known):
                if item.ref == SELF:
                    now = item_after(item, was, scope_of(self.snapshot, section.name))
                    self._put(SELF, was, replace(now, id=self.host), None)
                    return
        if was is None:
            raise Invalid("the first report of a node must carry the host itself", where="sections")

    def _upsert(self, ref: Ref, now: After) -> str:
        return self._put(ref, self.known.children.get(ref), now, self.host)

    def _put(self, ref: Ref, was: KnownCI | None, now: After, parent: str | None) -> str:
        if was is None:
            search = self._terms(ref, now)
            ci = now.id or self.new_id("ci")
            self.create.append(NewCI(ci, ref.cls, ref.key, now.name, parent, now.scope, now.attributes, search))
            return ci
        changed = differences(was, now)
        if changed or was.status != "live" or was.name != now.name:
            search = self._terms(ref, now)
            self.change.append(ChangeCI(was.id, was.rev, now.name, "live", now.scope, changed, search))
        return was.id

    def _terms(self, ref: Ref, now: After) -> str:
        return ci_terms(self.catalogue.cls(ref.cls), now.name, ref.key, now.attributes)
