"""Create, update, override and retire CIs by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cmdb.claims import (
    EDITS,
    NAME,
    OVERRIDES,
    RECORDS,
    Asserted,
    Claims,
    Entry,
    conclude,
    explicit,
    holds,
    kept,
    kind_of,
    renew,
    settle,
    source_of,
    speaks,
)
from cmdb.endpoints import parse
from cmdb.errors import Conflict
from cmdb.plan import ChangeCI, Claim, EdgeClaim, NewCI, OpenEdge, Plan, ScopeState
from cmdb.reconcile.items import differences
from cmdb.reconcile.known import KnownCI, KnownEdge, NewId
from cmdb.reconcile.ledger import Ledger
from cmdb.reconcile.placeholders import Place, Placeholders
from cmdb.search import ci_terms
from cmdb.words import CIClass, Evidence, Value

HAND = {name: ScopeState(0) for name in ("records", "edits")}
"""The sections of the source `person`, as a plan makes them."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the graph knows around the CIs of a command.

    inside: CIs inside them. edges: every open edge at any of these. placeholders and uses: as in `reconcile.Known`.
    """

    cis: Mapping[str, KnownCI]
    inside: tuple[KnownCI, ...] = ()
    edges: tuple[KnownEdge, ...] = ()
    placeholders: Mapping[Place, KnownCI] = field(default_factory=dict)
    uses: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a command comes to: its plan, what a person should know, and the agents that should report everything.

    `trace` says how a new CI was identified (JSON); `then` are statements about the command's own records.
    """

    ci: str
    plan: Plan
    summary: str
    notes: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    trace: str | None = None
    then: tuple[tuple[str, Mapping[str, Any]], ...] = ()


def check_rev(ci: KnownCI, rev: int | None) -> None:
    """Refuse a command that was decided on another state than this one."""
    check_same(ci.name, ci.rev, rev)


def check_same(name: str, now: int, rev: int | None) -> None:
    """Refuse what was decided at revision `rev` (None: at whatever it is) of what is at another (0: not there)."""
    if rev is not None and rev != now:
        there = f"is at revision {now}, not {rev}" if now else "is not there"
        raise Conflict(f"somebody was faster: {name} {there}; look again, then decide")


def restated(cls: CIClass, was: KnownCI, full: Mapping[str, Asserted], **more: Value) -> Plan:
    """The plan that gives a known CI these claims (spelt out) and the values that follow; `more` is set beside."""
    claims, values = conclude(cls, full)
    now = {name: value for name, value in values.items() if name != NAME}
    name = str(values.get(NAME) or was.name)
    alive = any(holds(scope) for scope in claims)
    changed = {**differences(was.attributes, now), **more} if alive else dict(more)
    source = was.source if was.source in claims or not alive else min(s for s in claims if holds(s))
    terms = ci_terms(cls, name, was.key, now)
    change = ChangeCI(was.id, was.rev, name, "live" if alive else "retired", source, changed, terms)
    return Plan(
        host=was.id,
        change=(change,),
        claims=tuple(_claims(was.id, was.claims, claims)),
        drops=tuple((scope, was.id) for scope in was.claims if speaks(scope) and scope not in claims),
        scopes=HAND,
    )


def believe_anew(cls: CIClass, was: KnownCI) -> Plan | None:
    """The plan that decides all values of a live CI anew from its claims; None where nothing changes."""
    plan = restated(cls, was, known_claims(was))
    (change,) = plan.change
    return plan if change.status == "live" and (change.set or change.name != was.name) else None


def _claims(ci: str, before: Claims, now: Claims) -> Iterable[Claim]:
    for scope, claim in now.items():
        if before.get(scope) != claim:
            yield Claim(scope, ci, claim.seq, claim.said)


def known_claims(was: KnownCI) -> dict[str, Asserted]:
    """The claims of a CI with their values spelt out."""
    return explicit(was.claims, was.values, was.since)


def declared(reason: str, actor: str, now: str) -> Evidence:
    """Why a hand-made edge is believed."""
    return Evidence("declared", f"{actor}: {reason}"[:400], 1.0, now)


def create(
    cls: CIClass, was: KnownCI | None, values: Mapping[str, Value], key: str, parent: str | None, at: int,
    new_id: NewId, evidence: Evidence,
) -> Decided:  # fmt: skip
    """A CI that a person knows of; `values` has the name too. `was` is its tombstone, if there is one: it revives."""
    said = {name: Entry(value, at) for name, value in values.items() if value is not None}
    if was is not None:
        plan = restated(cls, was, {**known_claims(was), RECORDS: Asserted(None, said)}, stale_since=None)
        ci = was.id
    else:
        ci, name = new_id("ci"), str(values[NAME])
        own = kept({k: v for k, v in values.items() if k != NAME and v is not None})
        new = NewCI(ci, cls.name, key, name, parent, RECORDS, own, ci_terms(cls, name, key, own))
        plan = Plan(host=ci, create=(new,), claims=(Claim(RECORDS, ci, None, said),), scopes=HAND)
    if cls.contained_by is not None and parent is not None:
        plan = replace(plan, open=(OpenEdge(new_id("ed"), cls.contained_by, ci, parent, RECORDS, None, evidence),))
    return Decided(ci, plan, f"{'revived' if was else 'created'} {values[NAME]} ({cls.name})")


def update(cls: CIClass, was: KnownCI, values: Mapping[str, Value], at: int) -> Decided:
    """Write values by hand; None takes one's own value back. What a better source says stays in effect, as noted."""
    scope = RECORDS if RECORDS in was.claims else EDITS
    full = known_claims(was)
    said = dict(full[scope].said or {}) if scope in full else {}
    for name, value in values.items():
        said.pop(name, None) if value is None else said.update({name: renew(said.get(name), value, at)})
    full.pop(scope, None)
    if said:
        full[scope] = Asserted(None, said)
    plan = restated(cls, was, full)
    won = settle(cls, {s: c.said for s, c in full.items() if c.said is not None})
    lost = [(n, won[n][1]) for n, value in values.items() if n in won and won[n][1] != scope and value is not None]
    notes = tuple(f"{name} is kept but not in effect: {_who(winner)} says otherwise" for name, winner in lost)
    return Decided(was.id, plan, f"changed {', '.join(sorted(values))} of {was.name}", notes)


def _who(scope: str) -> str:
    return "an override" if scope == OVERRIDES else f"{kind_of(scope)} {source_of(scope)}"


def override(cls: CIClass, was: KnownCI, name: str, value: Value, until: str, at: int) -> Decided:
    """Let one value win over every source until a moment (ISO 8601 UTC); None: there is none."""
    full = known_claims(was)
    said = {**(full[OVERRIDES].said or {} if OVERRIDES in full else {}), name: Entry(value, at, until)}
    plan = restated(cls, was, {**full, OVERRIDES: Asserted(None, said)})
    shown = "nothing" if value is None else str(value)
    plan = replace(plan, scopes={"people": ScopeState(0)})
    return Decided(was.id, plan, f"overrode {name} of {was.name} with {shown} until {until}")


def expire(cls: CIClass, was: KnownCI, now: str) -> Decided:
    """Take back the overrides whose time is over at `now`."""
    full = known_claims(was)
    said = full.pop(OVERRIDES).said or {}
    left = {name: entry for name, entry in said.items() if entry.until is None or entry.until > now}
    if left:
        full[OVERRIDES] = Asserted(None, left)
    gone = ", ".join(sorted(set(said) - set(left)))
    return Decided(
        was.id, replace(restated(cls, was, full), scopes=None), f"the override of {gone} of {was.name} is over"
    )


def retire(around: Around, ci: str, host: str, new_id: NewId) -> Decided:
    """Retire a CI and what is inside it, whoever claims it; agents that do are to report everything anew.

    Edges of others that were seen at an address go back to a placeholder, so that nothing seen is lost.
    """
    gone = {one.id: one for one in (around.cis[ci], *around.inside) if one.status == "live"}
    drops = [(scope, one.id) for one in gone.values() for scope in one.claims if holds(scope)]
    placeholders = Placeholders(around.placeholders, around.uses, new_id)
    ledger = Ledger(new_id, placeholders)
    moved: dict[tuple[str, str, str], dict[str, EdgeClaim]] = {}
    for edge in around.edges:
        ledger.keep(edge, {})
        for scope, claim in edge.claims.items() if edge.source not in gone else ():
            if claim.endpoint is not None:
                target = placeholders.at(parse(claim.endpoint), host, scope)
                moved.setdefault((edge.type, edge.source, target), {})[scope] = claim
    for key, claims in moved.items():
        ledger.lay(key, claims)
    placeholders.tidy()
    plan = Plan(
        host=ci,
        create=tuple(placeholders.create),
        change=(
            *(ChangeCI(one.id, one.rev, one.name, "retired", one.source, {}) for one in gone.values()),
            *placeholders.change,
        ),
        open=tuple(ledger.open),
        close=tuple(ledger.close),
        drops=tuple(drops),
    )
    agents = sorted({source_of(scope) for scope, _ in drops if kind_of(scope) == "agent"})
    notes = tuple(f"agent {agent} reported it: if it still does, it comes back" for agent in agents)
    inside = len(gone) - 1
    summary = f"retired {around.cis[ci].name}" + (f" and {inside} CIs inside it" if inside else "")
    return Decided(ci, plan, summary, notes, tuple(agents))
