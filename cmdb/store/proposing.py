"""A proposed state checked against the graph of one moment: what every CI it touches would be. Nothing is written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cmdb.claims import NAME, RECORDS, kept
from cmdb.classes import catalogue
from cmdb.commands import Nest
from cmdb.cypher import nest, past, questions
from cmdb.cypher.frames import Posing
from cmdb.errors import Conflict, Invalid, UnknownName
from cmdb.imports import End
from cmdb.projection import Overlay, ProposedCI, ProposedEdge, ProposedValues
from cmdb.projection.overlay import NEW, NOBODY_WRITES
from cmdb.projection.written import canonical
from cmdb.reconcile.known import SELF
from cmdb.store.reads import edge_row, last_sequence, states_at
from cmdb.store.rows import POSED, EdgeRow, Row, then
from cmdb.store.session import Run
from cmdb.store.slices import proposed_edge
from cmdb.words import Cardinality, Value


@dataclass(frozen=True, slots=True)
class Proposal:
    """An overlay that fits the graph of a moment (`at`; None: now), which is at `sequence`.

    `overlay` has all that retiring and making take along. `before` and `states` say what the CIs it touches are and
    would be (none before: new); `added` has the edges there would be. `key` names the state within a request.
    """

    overlay: Overlay
    at: int | None
    sequence: int
    key: str
    before: Mapping[str, Row]
    states: Mapping[str, Row]
    added: tuple[EdgeRow, ...]

    @property
    def posing(self) -> Posing:
        """As statements take it."""
        return Posing(
            states=tuple(self.states.values()),
            closed=tuple((e.type, e.source, e.target) for e in self.overlay.close),
            added=tuple((e.type, e.source, e.target) for e in self.added),
            retired=tuple(sorted(self.overlay.retire)),
        )


def propose(run: Run, overlay: Overlay, at: int | None, now: str) -> Proposal:
    """Check an overlay; UnknownName, Invalid or Conflict says what does not fit. Seven round trips at most.

    `now` is ISO 8601 UTC: when what is new would first be seen.
    """
    sequence = last_sequence(run) if at is None else at
    known = _known(run, overlay, at)
    whole = _whole(run, overlay, known, at)
    _check_live(whole, known)
    _check_ends(whole, known)
    _check_edges(run, whole, sequence)
    _check_nest(run, whole, known, sequence)
    key = hashlib.sha256(canonical(overlay).encode()).hexdigest()[:16]
    mark = {POSED: key} | ({} if at is None else {"as_of": at})
    states = _states(whole, known, sequence, now)
    added = tuple(replace(proposed_edge(edge, sequence, at), posed=key) for edge in whole.add)
    before = {ci: row for ci, row in known.items() if ci in states}
    return Proposal(whole, at, sequence, key, before, {ci: {**row, **mark} for ci, row in states.items()}, added)


def _known(run: Run, overlay: Overlay, at: int | None) -> dict[str, Row]:
    """Every CI it names, as it is; UnknownName for the first there is not."""
    ids = sorted(overlay.named)
    if at is None:
        found: dict[str, Row] = {row["n"]["id"]: row["n"] for row in run(questions.CIS, {"ids": ids})} if ids else {}
    else:
        found = states_at(run, ids, at) if ids else {}
    if missing := [ci for ci in ids if ci not in found]:
        raise UnknownName(f"there is no CI {missing[0]!r}", where="proposed")
    return found


def _whole(run: Run, overlay: Overlay, known: dict[str, Row], at: int | None) -> Overlay:
    """With what is inside the retired (added to `known`), and the edges from what is new to what it is inside of."""
    inside: list[Row] = []
    if overlay.retire:
        text = questions.INSIDE if at is None else past.INSIDE
        rows = run(text, {"ids": sorted(overlay.retire), "at": at})
        inside = [row["n"] if at is None else then(row["n"], at) for row in rows]
    gone = {row["id"]: row for row in inside if row["class"] != NOBODY_WRITES}
    known.update(gone)
    into = [_inside(one) for one in overlay.create]
    return replace(
        overlay,
        retire=overlay.retire | set(gone),
        add=tuple(dict.fromkeys((*overlay.add, *(edge for edge in into if edge is not None)))),
    )


def _inside(one: ProposedCI) -> ProposedEdge | None:
    relation = catalogue().cls(one.cls).contained_by
    return ProposedEdge(relation, one.id, one.parent) if relation and one.parent else None


def _check_live(overlay: Overlay, known: Mapping[str, Row]) -> None:
    ends = {end for edge in overlay.add for end in (edge.source, edge.target)}
    parents = {one.parent for one in overlay.create if one.parent}
    for ci in sorted(ends | parents | overlay.retire | {one.ci for one in overlay.change}):
        if ci in known and known[ci]["status"] != "live":
            raise Conflict(f"{known[ci]['name']} ({ci}) is retired already")


def _check_ends(overlay: Overlay, known: Mapping[str, Row]) -> None:
    """Each new edge must fit its relation."""
    classes = {ci: str(row["class"]) for ci, row in known.items()} | {one.id: one.cls for one in overlay.create}
    for edge in overlay.add:
        if not catalogue().joins(catalogue().relation(edge.type), classes[edge.source], classes[edge.target]):
            ends = f"a {classes[edge.source]} to a {classes[edge.target]}"
            raise Invalid(f"{edge.type} does not go from {ends}", where="proposed.add")


def _check_edges(run: Run, overlay: Overlay, at: int) -> None:
    """What is closed must be there, what is added must not, and no relation leads to more than it has room for."""
    steps = (*overlay.add, *overlay.close)
    types = sorted({edge.type for edge in steps})
    held = _held(run, "out", {e.source for e in steps}, types, at)
    if wrong := sorted(set(overlay.close) - held):
        edge = wrong[0]
        raise Conflict(f"proposed.close: {edge.source!r} has no {edge.type} to {edge.target!r} to close")
    if wrong := sorted(set(overlay.add) & held):
        edge = wrong[0]
        raise Conflict(f"proposed.add: {edge.source!r} has its {edge.type} to {edge.target!r} already")
    room = {kind: catalogue().relation(kind).cardinality for kind in types}
    single = [kind for kind in types if room[kind] is Cardinality.ONE_TO_ONE]
    held |= _held(run, "in", {e.target for e in overlay.add if e.type in single}, single, at)
    after = {e for e in held if not overlay.hides(e.type, e.source, e.target)} | set(overlay.add)
    outgoing, incoming = Counter((e.type, e.source) for e in after), Counter((e.type, e.target) for e in after)
    for edge in overlay.add:
        if room[edge.type] is not Cardinality.MANY_TO_MANY and outgoing[edge.type, edge.source] > 1:
            said = f"{edge.source!r} would have more than one {edge.type}: close the other"
            raise Conflict(f"{said}, or re-point it")
        if room[edge.type] is Cardinality.ONE_TO_ONE and incoming[edge.type, edge.target] > 1:
            raise Conflict(f"{edge.target!r} would have more than one {edge.type} to it: close the other")


def _check_nest(run: Run, overlay: Overlay, known: Mapping[str, Row], at: int) -> None:
    """Nothing would be inside of itself. The graph is asked only where what is there would be put into something."""
    cis = {ci: End(ci, str(row["class"]), str(row["name"])) for ci, row in known.items()}
    cis |= {one.id: End(one.id, one.cls, one.name) for one in overlay.create}
    inside = Nest(catalogue())
    put = [(e.type, cis[e.source], cis[e.target]) for e in overlay.add]
    put = [edge for edge in put if inside.holds(*edge)]
    if any(not source.id.startswith(NEW) for _, source, _ in put):
        ids = sorted({target.id for _, _, target in put if not target.id.startswith(NEW)})
        for row in run(*nest.above(ids, at)):
            if not overlay.hides(row["type"], row["source"][0], row["target"][0]):
                inside.know(row["type"], End(*row["source"]), End(*row["target"]))
    for edge in put:
        inside.put(*edge, where="proposed.add")


def _held(run: Run, way: str, ids: Collection[str], types: Collection[str], at: int) -> set[ProposedEdge]:
    asked = sorted(ci for ci in ids if not ci.startswith(NEW))
    rows = run(*questions.edges(asked, way, types, at)) if asked and types else []
    found = (edge_row(row["e"], row["type"], row["source"], row["target"]) for row in rows)
    return {ProposedEdge(row.type, row.source, row.target) for row in found}


def _states(overlay: Overlay, known: Mapping[str, Row], at: int, now: str) -> dict[str, Row]:
    retired = {ci: {**known[ci], "status": "retired", "rev": known[ci]["rev"] + 1} for ci in overlay.retire}
    changed = {one.ci: _changed(one, known[one.ci]) for one in overlay.change}
    return retired | changed | {one.id: _made(one, at, now) for one in overlay.create}


def _changed(one: ProposedValues, row: Row) -> Row:
    values = one.checked(str(row["class"]))
    set_ = {name: _stored(value) for name, value in values.items() if value is not None}
    left = {name: value for name, value in row.items() if name not in values or values[name] is not None}
    return {**left, **set_, "rev": row["rev"] + 1}


def _made(one: ProposedCI, at: int, now: str) -> Row:
    own = {name: _stored(value) for name, value in kept(one.values()).items() if name != NAME}
    key = SELF.key if one.cls == SELF.cls else one.key or one.name
    base: dict[str, Any] = {
        "id": one.id, "class": one.cls, "name": one.values()[NAME], "status": "live", "rev": 1, "first_seen": now,
        "key": key, "source": RECORDS, "valid_from": at,
    }  # fmt: skip
    return {**own, **base, **({} if one.parent is None else {"parent": one.parent})}


def _stored(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value
