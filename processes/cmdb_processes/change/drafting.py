"""The draft of a change: written, edited, handed in. An edit takes the approvals back and says what is other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cmdb.errors import Conflict, Invalid, Refused, UnknownName
from cmdb.words import Decision, Principal, Record, Value
from cmdb_processes import approvals
from cmdb_processes.change import answers, earlier, panel, submission, window
from cmdb_processes.change.evidence import canonical
from cmdb_processes.change.gather import own_change, proposal_of
from cmdb_processes.change.lifecycle import current
from cmdb_processes.change.models import MODELS, NORMAL
from cmdb_processes.change.questions import ALIKE, FITS, LIVE
from cmdb_processes.change.steps import planned
from cmdb_processes.change.templates import refusals
from cmdb_processes.change.templating import template_of

Ask = Callable[..., dict[str, Any]]
Arguments = Mapping[str, Value]
TEXTS = ("title", "reason", "plan", "backout", "test")
MOST_CIS = 100


def propose(ask: Ask, _record: None, given: Arguments, who: Principal, now: str) -> Decision:
    """Write a draft. From a template it takes what is not said."""
    template = str(given.get("template") or "")
    model = str(given.get("model") or ("standard" if template else NORMAL.name))
    if model not in MODELS:
        raise Invalid(f"there is no model {model!r}; known are {', '.join(MODELS)}", where="model")
    fields = _given(given, now)
    if template:
        from_template = template_of(ask, template)
        fields |= {"template": template}
        texts = {name: getattr(from_template, name) for name in ("title", "plan", "backout", "test")}
        fields = {**texts, **fields}
    if not fields.get("title"):
        raise Invalid("is missing: say what is to be changed", where="title")
    cis = _cis(given)
    if cis is None:
        raise Invalid(f"name 1 to {MOST_CIS} CIs that will be worked on", where="cis")
    _check_live(ask, cis)
    _check_fits(ask, fields)
    return Decision("draft", fields, f"proposed by {who.name}", cis=cis, model=model)


def edit(ask: Ask, record: Record, given: Arguments, who: Principal, now: str) -> Decision:
    """Change what is given, back to the draft. Approvals fall, with what is other as the reason."""
    current(record)
    fields, cis = _given(given, now), _cis(given)
    if cis is not None:
        _check_live(ask, cis)
    _check_fits(ask, fields)
    changed = {name: value for name, value in fields.items() if value != record.fields.get(name)}
    same = cis is None or tuple(sorted(set(cis))) == tuple(sorted(record.cis))
    if not changed and same:
        raise Invalid("nothing is changed: name what shall be other", where="edit")
    said = "; ".join([*(_difference(record, name, value) for name, value in changed.items()), *_others(record, cis)])
    fell = panel.counting(record)
    reason = f"edited by {who.name}: {said}"
    if fell:
        reason += f"; approvals fell: {', '.join(f'{vote.role} by {vote.by}' for vote in fell)}"
    parts = panel.fallen(record, f"it was edited: {said}") if record.part(approvals.PART.name) else {}
    gone: dict[str, Value] = dict.fromkeys(("verdict", "evidence", "evidence_hash", "approval_expires"))
    return Decision("draft", {**gone, **changed}, _line(reason), cis=cis, parts=parts)


def submit(ask: Ask, record: Record, _given: Arguments, who: Principal, now: str) -> Decision:
    """Hand it in: every filter that says no is told with its reason."""
    current(record)
    if not record.fields.get("window_start"):
        raise Refused("this change is not taken: the window is missing: say when", reasons=["the window is missing"])
    if window.over(str(record.fields["window_end"]), now):
        raise Refused("this change is not taken: its window is over", reasons=["its window is over"])
    live = {ci["id"]: ci for ci in ask(LIVE, ids=list(record.cis))["cis"]["nodes"]}
    change = own_change(record, {"of": [live.get(ci, {"id": ci}) for ci in record.cis]})
    request = submission.Request(
        change, *(str(record.fields.get(n) or "") for n in ("plan", "backout", "test", "reason", "proposed"))
    )
    others = [(answers.planned(node), str(node["proposed"] or "")) for node in _near(ask, record)]
    template = None
    if name := record.fields.get("template"):
        classes = {str(ci["class"]) for ci in live.values()}
        template = refusals(template_of(ask, str(name)), earlier.uses(ask, str(name)), classes)
    model = MODELS.get(record.model, NORMAL)
    found = submission.objections(request, model, live.keys(), live.keys(), others, template)
    submission.check((*found, *_unfit(ask, record)))
    return Decision("submitted", {}, f"submitted by {who.name}")


def _near(ask: Ask, record: Record) -> Iterator[Mapping[str, Any]]:
    """The other changes that are handed in about any of its CIs. One question for each 20."""
    after = None
    while True:
        page = ask(ALIKE, cis=list(record.cis), after=after)["changeRequests"]
        for node in page["nodes"]:
            if node["number"] != record.number and node["state"] != "draft" and node["windowStart"]:
                yield node
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _unfit(ask: Ask, record: Record) -> list[submission.Objection]:
    """What of the graph diff cannot be done to the graph as it is; one question, none without a diff."""
    proposal = proposal_of(record)
    try:
        if proposal:
            ask(FITS, proposed=dict(proposal))
    except (Invalid, Conflict) as error:
        return [submission.Objection("graph diff", f"its graph diff does not fit the graph: {error.message}")]
    return []


def _check_fits(ask: Ask, fields: Mapping[str, Value]) -> None:
    """Refuse a graph diff that is wrong in itself, such as by a relation nobody declares, as soon as it is said.

    What stands in its way at present may be gone by the time the change is handed in: that is asked then.
    """
    if fields.get("proposed"):
        try:
            ask(FITS, proposed=json.loads(str(fields["proposed"])))
        except Invalid as error:
            said = error.message.removeprefix("proposed: ")
            raise Invalid(said, where="proposed") from error
        except Conflict:
            return


def _given(given: Arguments, now: str) -> dict[str, Value]:
    """The fields that are said, checked one by one; what is whole is asked at the submission."""
    fields: dict[str, Value] = {n: str(given[n]).strip() for n in TEXTS if given.get(n) is not None}
    if given.get("window") is not None:
        when = window.parse(str(given["window"]), now, str(given.get("zone") or ""))
        fields |= {"window_start": when.start.isoformat(), "window_end": when.end.isoformat()}
    names = given.get("implementers")
    if isinstance(names, tuple):
        fields["implementers"] = tuple(sorted(set(names)))
    if given.get("backout_tested") is not None:
        fields["backout_tested"] = bool(given["backout_tested"])
    if given.get("proposed") is not None:
        fields["proposed"] = _proposal(str(given["proposed"]))
    return fields


def _proposal(text: str) -> str | None:
    """A graph diff as canonical JSON; an empty one takes it back."""
    try:
        proposal = json.loads(text or "{}")
    except ValueError as error:
        raise Invalid(f"is no JSON: {error}", where="proposed") from error
    if not isinstance(proposal, dict):
        raise Invalid("is no object with add, close, repoint, retire, create and set", where="proposed")
    try:
        planned(proposal)
    except (KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"has a step without {error}", where="proposed") from error
    return canonical(proposal) if any(proposal.values()) else None


def _cis(given: Arguments) -> tuple[str, ...] | None:
    cis = given.get("cis")
    if cis is None:
        return None
    if not isinstance(cis, tuple) or not 1 <= len(set(cis)) <= MOST_CIS:
        raise Invalid(f"name 1 to {MOST_CIS} CIs that will be worked on", where="cis")
    return cis


def _check_live(ask: Ask, cis: tuple[str, ...]) -> None:
    live = {ci["id"] for ci in ask(LIVE, ids=list(cis))["cis"]["nodes"]}
    if gone := [ci for ci in cis if ci not in live]:
        raise UnknownName(f"there is no live CI {gone[0]!r}", where="cis")


def _difference(record: Record, name: str, value: Value) -> str:
    said = name.replace("_", " ")
    if name == "proposed":
        return f"{said}: {_count(proposal_of(record))} → {_count(json.loads(str(value or '{}')))} steps"
    before, after = _short(record.fields.get(name)), _short(value)
    return f"{said}: {before} → {after}"


def _others(record: Record, cis: tuple[str, ...] | None) -> list[str]:
    if cis is None or set(cis) == set(record.cis):
        return []
    return [f"CIs: {len(set(cis) - set(record.cis))} more, {len(set(record.cis) - set(cis))} fewer"]


def _count(proposal: Mapping[str, Any]) -> int:
    return len(planned(proposal).steps)


def _short(value: Value | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(value) if isinstance(value, tuple) else str(value or "nothing")
    text = " ".join(text.split())
    return f"{text[:37]}…" if len(text) > 38 else text


def _line(text: str) -> str:
    return text if len(text) <= 1000 else f"{text[:999]}…"
