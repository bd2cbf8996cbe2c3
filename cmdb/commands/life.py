"""What people say of a CI's life: the state it is in, and the day it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cmdb.claims import ENDED_AS, EXPIRES, LIFECYCLE, Entry
from cmdb.commands.things import Around, Decided, known_claims, retire, update
from cmdb.errors import Conflict, Invalid
from cmdb.plan import ChangeCI, Claim, Plan
from cmdb.reconcile.known import KnownCI, NewId
from cmdb.words import CIClass, Value


def expire_at(cls: CIClass, was: KnownCI, moment: str | None, at: int) -> Decided:
    """Let a CI end at a moment (ISO 8601 UTC); None takes the moment back."""
    decided = update(cls, was, {EXPIRES: moment}, at)
    text = f"{was.name} expires at {moment}" if moment is not None else f"{was.name} does not expire any more"
    return replace(decided, summary=text)


def move(cls: CIClass, around: Around, ci: str, state: str, at: int, new_id: NewId) -> Decided:
    """Move a CI to a state of its class's lifecycle; `retired` and what lies behind it retire the CI first.

    `around` is as `retire` needs it.
    """
    was, states = around.cis[ci], cls.lifecycle.states
    if state not in states:
        raise Invalid(f"a {cls.name} goes through {', '.join(states)}; {state[:80]!r} is none of these", where="state")
    now = str(was.attributes.get(LIFECYCLE if was.status == "live" else ENDED_AS) or was.status)
    if state == now:
        raise Conflict(f"{was.name} is {state} already")
    text = f"moved {was.name} from {now} to {state}"
    if cls.lifecycle.is_over(state):
        return _over(around, was, state, text, new_id)
    if was.status != "live":
        over = [one for one in states if cls.lifecycle.is_over(one)]
        raise Conflict(
            f"{was.name} is {now}: it may become {' or '.join(one for one in over if one != now) or 'nothing else'},"
            " and is live again when it is created or reported anew"
        )
    decided = update(cls, was, {LIFECYCLE: None if state == "live" else state}, at)
    seen = tuple(note.replace("is kept but", f"{state} is kept but") for note in decided.notes)
    return replace(decided, summary=text, notes=seen)


def _over(around: Around, was: KnownCI, state: str, text: str, new_id: NewId) -> Decided:
    """A tombstone shows how it ended until it revives: nobody claims that, so a report takes it away."""
    kept: Mapping[str, Value] = {ENDED_AS: None if state == "retired" else state}
    if was.status == "live":
        decided = retire(around, was.id, was.parent or was.id, new_id)
        return replace(decided, plan=_ended(decided.plan, was, kept), summary=f"{text}: {decided.summary}")
    change = replace(_untouched(was), set=kept)
    return Decided(was.id, Plan(host=was.id, change=(change,)), text)


def _untouched(was: KnownCI) -> ChangeCI:
    return ChangeCI(was.id, was.rev, was.name, was.status, was.source, {})


def end(around: Around, ci: str, new_id: NewId) -> Decided:
    """Retire a CI whose day has come. The day is taken back, so that a later report revives it for good."""
    was = around.cis[ci]
    decided = retire(around, ci, was.parent or ci, new_id)
    return replace(decided, plan=_ended(decided.plan, was, {}))


def _ended(plan: Plan, was: KnownCI, also: Mapping[str, Value]) -> Plan:
    """A retirement that also ends what people said of the CI's life; the tombstone goes on showing the day."""
    change = tuple(replace(step, set={**step.set, **also}) if step.id == was.id else step for step in plan.change)
    claims, drops = list(plan.claims), list(plan.drops)
    for scope, claim in known_claims(was).items():
        said = claim.said or {}
        left: dict[str, Entry] = {name: entry for name, entry in said.items() if name not in {EXPIRES, LIFECYCLE}}
        if len(left) == len(said) or (scope, was.id) in plan.drops:
            continue
        if left:
            claims.append(Claim(scope, was.id, claim.seq, left))
        else:
            drops.append((scope, was.id))
    return replace(plan, change=change, claims=tuple(claims), drops=tuple(drops))
