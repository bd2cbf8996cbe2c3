"""What one report would do, decided from what is read in one transaction; nothing is written here."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdb import identity, reconcile
from cmdb.classes import Catalogue, catalogue
from cmdb.cypher import facts
from cmdb.errors import Invalid
from cmdb.identity import Boot, Candidate, Verdict
from cmdb.plan import Plan
from cmdb.reconcile import SELF
from cmdb.reconcile.brake import Loss
from cmdb.reconcile.known import NewId
from cmdb.store import brake, loading
from cmdb.store.facts import new_id
from cmdb.store.session import Run
from cmdb.words import Snapshot, Value


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of a report, and why.

    It is known already, left aside because an agent on the machine says it (covered), in conflict with what is known,
    held for its losses, or applied by a plan; `still` tells that no edge can change. `around` is the host as it was.
    """

    what: str  # "known" | "covered" | "conflict" | "losses" | "applied"
    summary: str
    verdict: Verdict | None = None
    boots: tuple[Boot, ...] = ()
    host: str = ""
    losses: Sequence[Loss] = ()
    plan: Plan | None = None
    still: bool = False
    around: Mapping[str, Any] = field(default_factory=dict)


class Deciding:
    """Decides reports with a precedence of sources that is in force, as of a journal sequence to come."""

    def __init__(self, run: Run, revoked: Collection[str], known: Catalogue, seq: int, new_id: NewId = new_id) -> None:
        self._run, self._revoked, self._known, self._seq, self._new_id = run, revoked, known, seq, new_id

    def decide(self, snapshot: Snapshot, state: Mapping[str, Any]) -> Decided:
        """One report of a node of which `state` is known, as `facts.NODES` tells it."""
        if state["applied"]:
            return Decided("known", "applied before")
        boots = identity.note_boot(_boots(state["boots"]), snapshot.boot_id, snapshot.seq)
        verdict = self._identify(snapshot, state, boots)
        if verdict.outcome in {"covered", "conflict", "ambiguous"}:
            return Decided("covered" if verdict.outcome == "covered" else "conflict", verdict.reason, verdict)
        host = verdict.ci or self._new_id("ci")
        around = None if verdict.ci is None else self._around(state, verdict.ci)
        known = loading.known(snapshot.node, state, around)
        if losses := brake.believed_not(snapshot, known, state["brakes"]):
            summary = "; ".join(loss.sentence for loss in losses)
            return Decided("losses", summary, host=host, losses=losses)
        items = reconcile.settle(snapshot, known, host, self._known, self._new_id, self._seq)
        still = reconcile.still(items)
        plan = reconcile.plan(items, None if still else loading.beyond(self._run, items))
        return Decided("applied", plan.summary(), verdict, boots, host, (), plan, still, around or {})

    def _identify(self, snapshot: Snapshot, state: Mapping[str, Any], boots: tuple[Boot, ...]) -> Verdict:
        cls = catalogue().cls("Host")
        attributes = host_attributes(snapshot)
        if state["host"] is not None:
            bound = state["host"]["id"]
            return identity.identify(cls, snapshot.node, attributes or {}, (), bound=bound, boots=boots)
        if attributes is None:
            raise Invalid("the first report of a node must carry the host itself", where="sections")
        found = self._candidates(attributes)
        apart = frozenset(state["distinct_from"] or ())
        return identity.identify(cls, snapshot.node, attributes, found, distinct_from=apart)

    def _candidates(self, attributes: Mapping[str, Value]) -> list[Candidate]:
        """Hosts that might be meant."""
        return loading.candidates(self._run, catalogue().cls("Host"), attributes, self._revoked)

    def _around(self, state: Mapping[str, Any], ci: str) -> Mapping[str, Any]:
        """The host with what is inside it: as loaded with its node, unless it was not bound then."""
        return state if state["host"] is not None else self._run(facts.HOST, {"host": ci})[0]


def host_attributes(snapshot: Snapshot) -> Mapping[str, Value] | None:
    """What a report says of the host itself, if it does."""
    items = (item for section in snapshot.sections for item in section.items if item.ref == SELF)
    return next((item.attributes for item in items), None)


def _boots(text: str | None) -> tuple[Boot, ...]:
    return tuple(Boot(*parts) for parts in json.loads(text or "[]"))
