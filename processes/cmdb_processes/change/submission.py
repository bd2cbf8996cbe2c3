"""What a change must bring before anybody assesses it: every filter that says no is named with its reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cmdb.errors import Refused
from cmdb_processes.change.models import Model
from cmdb_processes.change.nouns import Planned

SHORTEST, LONGEST = 3, 10_000
"""Of a text, in characters."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is handed in. `proposal` is the canonical text of its graph diff, "" when it changes none."""

    change: Planned
    plan: str
    backout: str
    test: str
    reason: str
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """One filter that says no: `code` for programs, `sentence` for the requester."""

    code: str
    sentence: str


def objections(
    request: Request,
    model: Model,
    live: Collection[str],
    in_scope: Collection[str],
    others: Sequence[tuple[Planned, str]] = (),
    template: Sequence[str] | None = None,
) -> tuple[Objection, ...]:
    """All that keeps a change from being taken, in the order in which a person would mend it.

    `live` and `in_scope` are ids of CIs; `others` the open changes, each with its proposal; `template` says why its
    template cannot be used now (see templates.refusals), None when the change comes from none.
    """
    found = [*_incomplete(request), *_cis(request.change, live, in_scope)]
    found += [
        Objection("duplicate", f"{other.number} is open and asks for the same: {other.title}")
        for other, proposal in others
        if other.number != request.change.number and _same(request, other, proposal)
    ]
    if model.templated and template is None:
        found.append(Objection("template", f"a {model.name} change comes from a template: name it"))
    found += [Objection("template", sentence) for sentence in template or ()]
    return tuple(found)


def check(found: Sequence[Objection]) -> None:
    """Refuse a change that has objections, with all of them."""
    if found:
        reasons = [one.sentence for one in found]
        raise Refused(f"this change is not taken: {'; '.join(reasons)}", reasons=reasons)


def _incomplete(request: Request) -> list[Objection]:
    texts = {
        "title": (request.change.title, "what is to be changed"),
        "reason": (request.reason, "why it is wanted"),
        "plan": (request.plan, "how it will be done"),
        "backout": (request.backout, "how it will be undone if it fails"),
        "test": (request.test, "how one will know that it worked"),
    }
    found = []
    for name, (text, what) in texts.items():
        if len(text.strip()) < SHORTEST:
            found.append(Objection(f"missing {name}", f"the {name} is missing: say {what}"))
        elif len(text) > LONGEST:
            found.append(Objection(f"long {name}", f"the {name} is longer than {LONGEST:,} characters"))
    return found


def _cis(change: Planned, live: Collection[str], in_scope: Collection[str]) -> list[Objection]:
    found = [Objection("unknown CI", f"there is no live CI {ci.name!r}") for ci in change.cis if ci.id not in live]
    found += [
        Objection("out of scope", f"{ci.name} is not in the scope of change management")
        for ci in change.cis
        if ci.id in live and ci.id not in in_scope
    ]
    return found


def _same(request: Request, other: Planned, proposal: str) -> bool:
    """The same CIs, and the same graph diff; where neither has one, the same title but for case and punctuation."""
    if {ci.id for ci in request.change.cis} != {ci.id for ci in other.cis} or request.proposal != proposal:
        return False
    return bool(proposal) or _words(request.change.title) == _words(other.title)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
