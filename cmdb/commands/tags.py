"""Tag and untag CIs by hand, many at once; and what a plan makes of a CI, for policies to judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cmdb.claims import EDITS, NAME, RECORDS, TAG, TAGS, Claims, source_of
from cmdb.classes import Catalogue
from cmdb.commands.things import HAND, Decided, update
from cmdb.plan import Plan
from cmdb.reconcile.known import KnownCI
from cmdb.words import Value


def tag(catalogue: Catalogue, cis: Sequence[KnownCI], tags: Sequence[str], at: int) -> Decided:
    """Put tags on CIs; one that has them already stays as it is, also when another source said so."""
    decided = []
    for was in cis:
        if new := [one for one in tags if one not in _carried(was)]:
            decided.append(update(catalogue.cls(was.cls), was, {TAG + one: True for one in new}, at))
    return together(cis, decided, f"tagged {len(decided)} of {len(cis)} CIs with {', '.join(tags)}")


def untag(catalogue: Catalogue, cis: Sequence[KnownCI], tags: Sequence[str], at: int) -> Decided:
    """Take tags back that people put there; what an import says stays, and the notes say so."""
    decided, notes = [], []
    for was in cis:
        mine = [one for one in tags if _by_hand(was, TAG + one)]
        if mine:
            decided.append(update(catalogue.cls(was.cls), was, dict.fromkeys([TAG + one for one in mine]), at))
        for one in tags:
            others = sorted({source_of(scope) for scope in _sayers(was.claims, TAG + one)} - {"person"})
            if others:
                notes.append(f"{one} stays on {was.name}: {', '.join(others)} says so")
            elif one not in mine:
                notes.append(f"{was.name} has no tag {one}")
    return together(cis, decided, f"untagged {len(decided)} of {len(cis)} CIs: {', '.join(tags)}", notes)


def _carried(was: KnownCI) -> tuple[str, ...]:
    tags = was.attributes.get(TAGS)
    return tags if isinstance(tags, tuple) else ()


def _by_hand(was: KnownCI, name: str) -> bool:
    return any(scope in {EDITS, RECORDS} for scope in _sayers(was.claims, name))


def _sayers(claims: Claims, name: str) -> list[str]:
    return [scope for scope, claim in claims.items() if claim.said is not None and name in claim.said]


def together(cis: Sequence[KnownCI], decided: Iterable[Decided], summary: str, notes: Iterable[str] = ()) -> Decided:
    """Decisions about several CIs as one plan."""
    plans = [one.plan for one in decided]
    plan = Plan(
        host=cis[0].id,
        change=tuple(step for plan in plans for step in plan.change),
        claims=tuple(step for plan in plans for step in plan.claims),
        drops=tuple(step for plan in plans for step in plan.drops),
        scopes=HAND,
    )
    return Decided(cis[0].id, plan, summary, tuple(notes))


def outcome(was: KnownCI | None, ci: str, plan: Plan) -> dict[str, Value]:
    """What a CI is after a plan: its name and attributes, tags and free attributes among them."""
    values: dict[str, Value] = dict(was.values) if was is not None else {}
    for new in plan.create:
        if new.id == ci:
            values |= {**new.attributes, NAME: new.name}
    for change in plan.change:
        if change.id == ci:
            values |= {**change.set, NAME: change.name}
    return present(values)


def present(values: Mapping[str, Value]) -> dict[str, Value]:
    """The values that are there."""
    return {name: value for name, value in values.items() if value is not None}
