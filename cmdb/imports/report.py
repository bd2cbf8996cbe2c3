"""What a report would come to, row by row, from the plan that was made of it and taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cmdb.identity import Verdict
from cmdb.imports.rows import Outcome
from cmdb.plan import ChangeCI, NewCI, OpenEdge, Plan
from cmdb.words import LOCAL_KEY, Item, Ref, Snapshot, Value

SELF = Ref("Host", "self")


@dataclass(frozen=True, slots=True)
class Around:
    """What the graph showed before the plan was taken back.

    labels: class and name of every CI the plan touches, by id. before: properties of those that it changed. ids: what
    is inside the host, by class and key. standing: open edges of this agent that the plan leaves: (id, from, type, to).
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    ids: Mapping[Ref, str] = field(default_factory=dict)
    standing: Sequence[tuple[str, str, str, str]] = ()


def outcomes(
    snapshot: Snapshot, plan: Plan | None, verdict: Verdict | None, held: str, around: Around
) -> list[Outcome]:
    """Every item and edge: created, changed, unchanged or stale; all in conflict when the report would be held."""
    found = _held(snapshot, verdict, held) if plan is None else [*_cis(snapshot, plan, verdict, around)]
    found += [] if plan is None else [*_edges(plan, around)]
    return [replace(one, row=n) for n, one in enumerate(found, start=1)]


def _items(snapshot: Snapshot) -> Iterator[tuple[str, Item]]:
    for section in snapshot.sections:
        for item in section.items:
            yield section.name, item


def _held(snapshot: Snapshot, verdict: Verdict | None, why: str) -> list[Outcome]:
    known = _identified(verdict)
    return [
        replace(
            known, kind="node", word="conflict", reason=f"the whole report would be held: {why}", label=_label(item)
        )
        for _, item in _items(snapshot)
    ]


def _identified(verdict: Verdict | None) -> Outcome:
    if verdict is None:
        return Outcome(0, "node", "unchanged")
    refused = tuple(f"{r.key} {r.value!r}: {r.reason}" for r in verdict.refusals)
    return Outcome(0, "node", "unchanged", None, verdict.reason, {}, verdict.rule, verdict.candidates, refused)


def _label(item: Item) -> str:
    return f"{item.cls} {item.name if item.ref == SELF else item.key}"


def _cis(snapshot: Snapshot, plan: Plan, verdict: Verdict | None, around: Around) -> Iterator[Outcome]:
    made = {ci.id: ci for ci in plan.create}
    changed = {ci.id: ci for ci in plan.change}
    said: set[str] = set()
    for section, item in _items(snapshot):
        ci = plan.host if item.ref == SELF else around.ids.get(item.ref)
        if ci is None or ci in said:
            continue
        said.add(ci)
        known = _identified(verdict) if item.ref == SELF else Outcome(0, "node", "unchanged", rule=LOCAL_KEY.name)
        reason = f"{section}: {known.reason}" if item.ref == SELF else f"{section} reports it"
        yield _one(replace(known, id=ci, reason=reason, label=_label(item)), made.get(ci), changed.get(ci), around)
    for new in plan.create:
        if new.id not in said:
            reason = "the far end of a connection, whose owner is not known"
            yield _one(Outcome(0, "node", "created", new.id, reason, label=f"{new.cls} {new.key}"), new, None, around)
    for change in plan.change:
        if change.id not in said:
            label = around.labels.get(change.id, change.name)
            yield _one(Outcome(0, "node", "changed", change.id, label=label), None, change, around)


def _one(known: Outcome, new: NewCI | None, change: ChangeCI | None, around: Around) -> Outcome:
    if new is not None:
        return replace(known, word="created", changes={name: (None, value) for name, value in new.attributes.items()})
    if change is None:
        return known
    if change.status == "retired":
        return replace(known, word="stale", reason="nobody reports it any more: it would be retired")
    before = around.before.get(change.id, {})
    changes = {name: (before.get(name), value) for name, value in change.set.items() if before.get(name) != value}
    if before.get("name") not in {None, change.name}:
        changes["name"] = (before["name"], change.name)
    again = "; it was retired and would be live again" if before.get("status") == "retired" else ""
    return replace(known, word="changed", reason=(known.reason or "what is there has changed") + again, changes=changes)


def _edges(plan: Plan, around: Around) -> Iterator[Outcome]:
    def named(edge: OpenEdge) -> str:
        return f"{_of(edge.source, around)} {edge.type} {_of(edge.target, around)}"

    for opened in plan.open:
        yield Outcome(0, "edge", "created", opened.id, opened.evidence.detail, label=named(opened))
    reworded = {edge.id: edge for edge in plan.reword}
    closed = {edge.id for edge in plan.close}
    for edge, source, kind, target in around.standing:
        label = f"{_of(source, around)} {kind} {_of(target, around)}"
        if edge in closed:
            yield Outcome(0, "edge", "stale", edge, "nobody sees it any more: it would be closed", label=label)
        elif edge in reworded:
            yield Outcome(0, "edge", "changed", edge, reworded[edge].evidence.detail, label=label)
        else:
            yield Outcome(0, "edge", "unchanged", edge, "seen as before", label=label)


def _of(ci: str, around: Around) -> str:
    return around.labels.get(ci, ci)
