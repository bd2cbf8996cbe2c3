"""Opening, classifying, ranking and working on an incident. Pure but asking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.errors import Invalid, Refused
from cmdb.words import Decision, Principal, Record, RecordLink
from cmdb.words.process import Ask
from cmdb_processes.incident import escalation, major, outage, relatives
from cmdb_processes.incident.family import check_parent, follow
from cmdb_processes.incident.gather import Assessed, assess, before
from cmdb_processes.incident.settings import matrix
from cmdb_processes.priority import Computed, Priority, override

Given = Mapping[str, Any]
_TITLE = 300


def open_(ask: Ask, _record: None, given: Given, who: Principal, now: str) -> Decision:
    """A new incident, ranked by what the graph says that it hits."""
    title = str(given["title"]).strip()
    if not 3 <= len(title) <= _TITLE or "\n" in title:
        raise Invalid(f"is one line of 3 to {_TITLE} characters", where="title")
    names = ("description", "event_category", "source", "event_key", "condition")
    fields = {"title": title, **{name: given[name] for name in names if given.get(name)}}
    outage.check(fields.get("condition"))
    fields |= {"urgency_said": _urgency(given), "events": given.get("events")}
    fields["last_event_at"] = given.get("last_event_at")
    confirmed = bool(given.get("confirmed"))
    cis = tuple(given.get("cis") or ())
    found = assess(ask, matrix(), cis, fields, now, now)
    group = given.get("group")
    fields |= {"group": group or found.group, "group_because": "as it was said" if group else found.group_because}
    fields |= {**found.fields, **_candidate(found, None, 0)}
    fields["outage_since"] = now if confirmed else None
    effects = outage.say(ask, "a new incident", dict.fromkeys(cis, fields["condition"])) if confirmed else ()
    kept = {name: value for name, value in fields.items() if value is not None}
    return Decision(
        "new", kept, f"opened by {who.name}: {title}"[:1000], cis=cis, parts=found.parts, links=found.radius.links,
        effects=effects,
    )  # fmt: skip


def classify(ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """Say what it is about and of which kind; ranked anew. A confirmed outage follows the CIs."""
    cis = record.cis if given.get("cis") is None else tuple(given["cis"])
    fields = {name: given[name] for name in ("event_category", "title") if given.get(name)}
    if given.get("urgency"):
        fields["urgency_said"] = _urgency(given)
    effects: tuple[Any, ...] = ()
    if record.fields.get("outage_since"):
        says = str(record.fields["condition"])
        effects = outage.say(ask, record.number, {**dict.fromkeys(record.cis), **dict.fromkeys(cis, says)})
    return _ranked(ask, record, {**record.fields, **fields}, cis, f"classified by {who.name}", now, effects)


def recompute(ask: Ask, record: Record, _given: Given, _who: Principal, now: str) -> Decision:
    """As the graph is now."""
    return _ranked(ask, record, record.fields, record.cis, "ranked anew: the graph or the time moved on", now)


def _ranked(
    ask: Ask, record: Record, fields: Given, cis: tuple[str, ...], why: str, now: str, effects: tuple[Any, ...] = ()
) -> Decision:
    found = assess(ask, matrix(), cis, fields, record.opened_at, now)
    changed = {**fields, **found.fields, **_candidate(found, fields.get("major"), 0)}
    return Decision(
        record.state, changed, why, cis=cis, parts=found.parts, links=found.radius.links, clear=("IMPACTS",),
        effects=effects,
    )  # fmt: skip


def _candidate(found: Assessed, flag: Any, children: int) -> dict[str, Any]:
    """The flag of a major incident, where it should be looked at as one and nobody has yet."""
    reached = [hit.reached for hit in found.radius.hits]
    why = () if flag else major.reasons(major.Policy(), found.rank, reached, children, found.radius.users)
    return {"major": "candidate", "major_because": "; ".join(why)} if why else {}


def prioritise(_ask: Ask, record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """Another priority than the computed one, with the reason; the computed one stays beside it."""
    table, fields = matrix(), record.fields
    said = [
        Computed(str(fields.get(name) or ""), str(fields.get(f"{name}_because") or ""))
        for name in ("impact", "urgency")
    ]
    computed, value = (int(str(fields[name])) for name in ("computed_priority", "priority"))
    now = before(fields) or Priority(value, computed, said[0], said[1])
    made = override(table, now, int(given["priority"]), who.name, str(given.get("reason") or ""))
    changed = {
        "priority": made.value, "rank": table.rank(made.value), "override_by": made.override_by or None,
        "override_reason": made.override_reason or None,
    }  # fmt: skip
    return Decision(
        record.state, changed, f"priority {made.value} by {who.name}: {given.get('reason') or 'as computed'}"
    )


def confirm_outage(ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """Somebody saw it: its CIs are down or degraded, and every question about impact counts that."""
    condition = outage.check(str(given.get("condition") or record.fields.get("condition") or "down"))
    if not record.cis:
        raise Refused(f"{record.number} names no CI that could be {condition}: classify it first")
    if record.waiting == "confirmation" or not record.open:
        raise Refused(f"{record.number} is {record.state}: reopen it first")
    effects = outage.say(ask, record.number, dict.fromkeys(record.cis, condition))
    fields = {**record.fields, "condition": condition, "outage_since": record.fields.get("outage_since") or now}
    why = f"{who.name} confirmed that it is {condition}"
    return _ranked(ask, record, fields, record.cis, why, now, effects)


def assign(_ask: Ask, record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """To a person, a group, or both; another group wants to know what was found."""
    owner, group, why = given.get("owner"), given.get("group"), str(given.get("reason") or "")
    if not owner and not group:
        raise Invalid("is missing: name the owner, the group or both", where="owner")
    said = f"assigned to {owner or record.owner} by {who.name}"
    was = record.fields.get("group")
    if group:
        said = escalation.hand_over(str(was), str(group), {str(group)}, why) if was else f"to {group}"
    fields = {"group": group, "group_because": why or "as it was said"} if group else {}
    return Decision(record.state, fields, said, owner=owner, waiting=record.waiting)


def escalate(_ask: Ask, record: Record, given: Given, _who: Principal, _now: str) -> Decision:
    """What the clock says is due: kept, so that it is due once, and told to owner, watchers and managers."""
    keys = tuple(given["keys"])
    kept = tuple(record.fields.get("escalated") or ())  # type: ignore[arg-type]  # a list of strings, as declared
    return Decision(record.state, {"escalated": (*kept, *keys)}, str(given["reason"]))


def count_event(_ask: Ask, record: Record, given: Given, _who: Principal, _now: str) -> Decision:
    """One more event of the same."""
    count = int(str(record.fields.get("events") or 0)) + 1
    fields = {"events": count, "last_event_at": given["at"]}
    return Decision(record.state, fields, f"event {count} of the same: {given['text']}"[:1000])


def link(ask: Ask, record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """To another record or a CI; a parent is no child of its own."""
    kind, to = relatives.parse([f"{given['type']} {given['to']}"])[0].type, str(given["to"])
    if kind == "CHILD_OF":
        parent = ask("query P($n: String!) { incident(number: $n) { category } }", n=to)["incident"]
        up = relatives.ancestors(ask, to)
        check_parent(record.number, to, relatives.category(parent["category"]), up)
    return Decision(record.state, {}, f"{kind} {to} by {who.name}", links=(RecordLink(kind, to),))


def unlink(ask: Ask, record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """One link less."""
    kind, to = str(given["type"]).upper(), str(given["to"])
    known = relatives.links(ask, record.number)
    if RecordLink(kind, to) not in known:
        raise Refused(f"{record.number} is not linked to {to} by {kind}")
    left = tuple(one for one in known if one.type == kind and one.to != to)
    return Decision(record.state, {}, f"no longer {kind} {to}, by {who.name}", links=left, clear=(kind,))


def major_step(_ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """Propose, accept, reject or demote it as a major incident."""
    step, why = str(given["step"]), str(given.get("reason") or "")
    flag = record.fields.get("major")
    after = major.step(record.number, None if flag is None else str(flag), step, why)
    fields: dict[str, Any] = {"major": after, "major_because": why.strip()}
    if after == "accepted":
        fields["major_since"] = now
    return Decision(record.state, fields, f"as a major incident {after} by {who.name}: {why.strip()}")


def tell(ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """A word to an audience, noted here and on every child that is open."""
    audience, text = str(given["audience"]), str(given["text"])
    known = [name for name, _ in major.Policy().cadence]
    if audience not in known:
        raise Invalid(f"is one of {', '.join(known)}, not {audience!r}", where="audience")
    old = [one for one in record.fields.get("told") or () if not str(one).startswith(f"{audience} ")]  # type: ignore[union-attr]
    effects = follow(record.number, "note", relatives.children(ask, record.number), {"note": text})
    fields = {"told": (*old, f"{audience} {now}")}
    return Decision(record.state, fields, f"{who.name} told {audience}", note=f"to {audience}: {text}", effects=effects)


def review(_ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """What was learnt of a major incident."""
    return Decision(record.state, {"reviewed_at": now}, f"reviewed by {who.name}", note=str(given["text"]))


def plan(_ask: Ask, record: Record, given: Given, who: Principal, _now: str) -> Decision:
    """Its tasks, as a whole."""
    return Decision(record.state, {}, f"tasks by {who.name}", parts={"tasks": given.get("tasks") or ()})


def do_task(_ask: Ask, record: Record, given: Given, who: Principal, now: str) -> Decision:
    """A task is done or skipped."""
    name, state = str(given["task"]), str(given.get("state") or "done")
    if state not in ("open", "done", "skipped"):
        raise Invalid(f"is open, done or skipped, not {state!r}", where="state")
    rows = record.part("tasks")
    if name not in {row["name"] for row in rows}:
        raise Invalid(f"there is no task {name!r}; known are {', '.join(str(r['name']) for r in rows)}", where="task")
    done = {"state": state, "by": who.name, "at": now}
    parts = {"tasks": tuple({**row, **done} if row["name"] == name else row for row in rows)}
    return Decision(record.state, {}, f"task {name} {state} by {who.name}", parts=parts, waiting=record.waiting)


def _urgency(given: Given) -> str | None:
    said = given.get("urgency")
    if said is not None and said not in matrix().urgencies:
        raise Invalid(f"is one of {', '.join(matrix().urgencies)}, not {said!r}", where="urgency")
    return said
