"""Templates of standard changes as records: proposed, approved by somebody else, suspended after a failure, retired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cmdb.errors import Forbidden, Invalid, UnknownName
from cmdb.words import (
    Attribute,
    Category,
    Command,
    Decision,
    Model,
    Notice,
    Principal,
    Record,
    RecordLifecycle,
    RecordType,
    Role,
    State,
    Step,
    Value,
    WaitingReason,
)
from cmdb_processes.change.questions import TEMPLATE
from cmdb_processes.change.templates import Template
from cmdb_processes.steps import leads_to

Ask = Callable[..., dict[str, Any]]
_APPROVAL = WaitingReason("approval", "A change manager who did not write it has to approve it.", pauses=False)
_FAILURE = WaitingReason("failure", "A change made from it failed: it has to be approved anew.", pauses=False)
_TEXTS = ("title", "plan", "backout", "test")
_FROZEN = (*_TEXTS, "classes")
_LIFE = RecordLifecycle(
    states=(
        State("proposed", Category.WAITING, (_APPROVAL,)),
        State("approved", Category.IN_PROGRESS, required=("approved_by", "approved_at"), frozen=_FROZEN),
        State("suspended", Category.WAITING, (_FAILURE,), frozen=_FROZEN),
        State("retired", Category.DONE, frozen=("*",)),
    ),
    initial="proposed",
    steps=(
        Step("proposed", "revise", ("proposed",)),
        Step("proposed", "approve", ("approved",)),
        Step("proposed", "retire", ("retired",)),
        Step("approved", "revise", ("proposed",)),
        Step("approved", "suspend", ("suspended",)),
        Step("approved", "retire", ("retired",)),
        Step("suspended", "revise", ("proposed",)),
        Step("suspended", "approve", ("approved",)),
        Step("suspended", "retire", ("retired",)),
    ),
)
RECORD = RecordType(
    name="ChangeTemplate",
    plural="change_templates",
    prefix="TPL",
    sentence="What is done the same way each time, approved once for all standard changes made from it.",
    models=(Model("plain", "Proposed, then approved by somebody else; suspended after a failure.", (_LIFE,)),),
    attributes=(
        Attribute("title", "string", "What is changed, in one line."),
        Attribute("plan", "string", "How it is done."),
        Attribute("backout", "string", "How it is undone if it fails."),
        Attribute("test", "string", "How one knows that it worked."),
        Attribute("classes", "strings", "The classes of CI it is for."),
        Attribute("approved_at", "datetime", "When it was approved last, ISO 8601 UTC."),
        Attribute("approved_by", "string", "Who approved it last."),
    ),
    notices=(Notice(tell=("owner", "role:change-manager"), states=("suspended", "proposed")),),
)


def template_of(ask: Ask, number: str) -> Template:
    """A template by its number, as the rules take it."""
    one = ask(TEMPLATE, number=number)["changeTemplate"]
    if one is None:
        raise UnknownName(f"there is no change template {number!r}", where="template")
    at = one["approvedAt"] if one["state"] in {"approved", "suspended", "retired"} else None
    return Template(
        name=str(one["number"]),
        version=int(one["rev"]),
        **{name: str(one[name]) for name in _TEXTS},
        classes=frozenset(one["classes"]),
        approved_at=None if at is None else datetime.fromisoformat(at),
        approved_by="" if at is None else str(one["approvedBy"]),
        retired=one["state"] == "retired",
    )


def propose(_ask: Ask, _record: None, given: Mapping[str, Value], who: Principal, _now: str) -> Decision:
    """Write a template."""
    fields = _fields(given)
    Template("a new template", 1, **_nouns(fields))
    return Decision("proposed", fields, f"proposed by {who.name}")


def revise(_ask: Ask, record: Record, given: Mapping[str, Value], who: Principal, _now: str) -> Decision:
    """Write it anew: what is left out stays. It needs its approval again."""
    fields = {**{n: record.fields[n] for n in _FROZEN}, **_fields(given)}
    Template(record.number, record.rev, **_nouns(fields))
    if changed := {n: v for n, v in fields.items() if v != record.fields[n]}:
        said = f"revised by {who.name}: {', '.join(changed)}"
        return Decision("proposed", {**changed, "approved_at": None, "approved_by": None}, said)
    raise Invalid("nothing is changed: name what shall be other", where="revise")


def approve(_ask: Ask, record: Record, _given: Mapping[str, Value], who: Principal, now: str) -> Decision:
    """Approve it, also anew after a failure; not one's own."""
    if who.name == record.opened_by:
        raise Forbidden(f"{record.number} was proposed by you; somebody else must approve it")
    return Decision("approved", {"approved_at": now, "approved_by": who.name}, f"approved by {who.name}")


def _fields(given: Mapping[str, Value]) -> dict[str, Value]:
    return {name: given[name] for name in _FROZEN if given.get(name) is not None}


def _nouns(fields: Mapping[str, Value]) -> dict[str, Any]:
    classes = fields.get("classes")
    named = frozenset(map(str, classes)) if isinstance(classes, tuple) else frozenset[str]()
    return {**{name: str(fields.get(name) or "") for name in _TEXTS}, "classes": named}


_MANAGERS = frozenset({Role.CHANGE_MANAGER})
_ENGINEERS = frozenset({Role.ENGINEER, Role.CHANGE_MANAGER})
_REASON = Attribute("reason", "string", "Why, in one line.")


def _arguments(required: bool) -> tuple[Attribute, ...]:
    return (
        Attribute("title", "string", "What is changed, in one line.", required=required),
        Attribute("plan", "string", "How it is done.", required=required),
        Attribute("backout", "string", "How it is undone if it fails.", required=required),
        Attribute("test", "string", "How one knows that it worked.", required=required),
        Attribute("classes", "strings", "The classes of CI it is for.", required=required),
    )


COMMANDS = (
    Command(
        "propose_change_template",
        "Write a template of standard changes.",
        RECORD.name,
        _arguments(required=True),
        _ENGINEERS,
        True,
        propose,
        cis_optional=True,
    ),
    Command(
        "revise_change_template",
        "Write a template anew; it needs its approval again.",
        RECORD.name,
        _arguments(required=False),
        _ENGINEERS,
        False,
        revise,
        stimulus="revise",
    ),
    Command(
        "approve_change_template",
        "Approve a template for all changes made from it; also anew after a failure.",
        RECORD.name,
        (),
        _MANAGERS,
        False,
        approve,
        stimulus="approve",
    ),
    Command(
        "retire_change_template",
        "Make no more changes from a template.",
        RECORD.name,
        (_REASON,),
        _MANAGERS,
        False,
        leads_to("retired", command="retired"),
        stimulus="retire",
    ),
    Command(
        "suspend_change_template",
        "A change made from it failed: nobody uses it until it is approved anew.",
        RECORD.name,
        (_REASON,),
        frozenset(),
        False,
        leads_to("suspended", command="suspended"),
        stimulus="suspend",
        system=True,
    ),
)
