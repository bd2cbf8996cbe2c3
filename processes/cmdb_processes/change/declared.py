"""The commands of a change: what each is given, who may give it, and which step of the lifecycle it is."""

from collections.abc import Callable, Mapping
from typing import Any

from cmdb.words import Attribute, Command, Decision, Role
from cmdb_processes.arrangements.board import MINUTE
from cmdb_processes.change import closing, deciding, drafting, minuted, working
from cmdb_processes.change.record import RECORD

_ENGINEERS = frozenset({Role.ENGINEER, Role.CHANGE_MANAGER})
_ANYBODY = frozenset({Role.VIEWER})
"""Whoever may: who sits in a team or stands in for somebody needs no right of their own, and the rules look at that."""
_NOBODY: frozenset[Role] = frozenset()
_SAID = (
    Attribute("window", "string", "Start/end or start/duration, ISO 8601 with a time zone."),
    Attribute("zone", "string", "The time zone of a window without an offset, such as Europe/Berlin."),
    Attribute("reason", "string", "Why it is wanted."),
    Attribute("plan", "string", "How it will be done."),
    Attribute("backout", "string", "How it will be undone if it fails."),
    Attribute("backout_tested", "boolean", "Whether the way back was tried out."),
    Attribute("test", "string", "How one will know that it worked."),
    Attribute("implementers", "strings", "The accounts of those who do it."),
    Attribute("proposed", "string", "The graph diff it makes, as JSON: add, close, repoint, retire, create, set."),
)
Decide = Callable[..., Decision]
Turn = Callable[..., tuple[str, Mapping[str, Any]]]


def _step(
    name: str, sentence: str, stimulus: str | None, decide: Decide, roles: frozenset[Role], *arguments: Attribute,
    turn: Turn | None = None,
) -> Command:  # fmt: skip
    """A command on a change that is there; without roles it is the clock's."""
    return Command(name, sentence, RECORD.name, arguments, roles, False, decide, stimulus, system=not roles, turn=turn)


_PROPOSE = Command(
    "propose_change",
    "Write the draft of a change about some CIs; what is missing is asked when it is submitted.",
    RECORD.name,
    (
        Attribute("title", "string", "What is to be changed, in one line; left out: the template's."),
        Attribute("model", "string", "normal (if left out), standard or emergency."),
        Attribute("template", "string", "The template of a standard change, such as TPL-1."),
        *_SAID,
    ),
    _ENGINEERS,
    opens=True,
    decide=drafting.propose,
)
_OPEN_UNAUTHORISED = Command(
    working.OPEN_UNAUTHORISED,
    "Open an emergency change, to be looked at after the fact, for what discovery saw and nobody had approved.",
    RECORD.name,
    (
        Attribute("title", "string", "What was seen, in one line.", required=True),
        Attribute("reason", "string", "Everything that was seen.", required=True),
    ),
    _NOBODY,
    opens=True,
    decide=working.open_unauthorised,
    system=True,
)
_DRAFTING = (
    _PROPOSE,
    _step(
        "edit_change",
        "Change what is given, back to the draft; approvals fall, and the history says for which difference.",
        "revise",
        drafting.edit,
        _ENGINEERS,
        Attribute("title", "string", "What is to be changed, in one line."),
        Attribute("cis", "strings", "The ids of all CIs that will be worked on."),
        *_SAID,
    ),
    _step("submit_change", "Hand a draft in: what is missing is refused.", "submit", drafting.submit, _ENGINEERS),
)
_DECIDING = (
    _step(
        "assess_change",
        "Judge a change by its blast radius, conflicts and risk now, and freeze that as evidence.",
        "assess",
        deciding.assess,
        _ENGINEERS,
        turn=deciding.turn_to_assess,
    ),
    _step(
        "recheck_change",
        "Take the approvals back when the graph inside the radius has moved, or a freeze or a window is in the way.",
        "assess",
        deciding.recheck,
        _NOBODY,
    ),
    _step(
        "accept_change_conflict",
        "Take a conflict upon yourself, so that it blocks no more from the next assessment on.",
        None,
        deciding.accept,
        _ANYBODY,
        Attribute("sentence", "string", "The conflict, exactly as it is told.", required=True),
        Attribute("reason", "string", "Why it may be.", required=True),
    ),
    _step(
        "request_change_approval",
        "Ask those who have to approve it, of what was assessed.",
        "request_approval",
        deciding.request,
        _ENGINEERS,
    ),
    _step(
        "approve_change",
        "Approve in one role, on the evidence as assessed and while the graph still agrees with it.",
        "approve",
        deciding.approve,
        _ANYBODY,
        Attribute("as_role", "string", "Either financial, technical or business.", required=True),
        Attribute("reason", "string", "What is to be known about it."),
        turn=deciding.turn_to_approve,
    ),
    _step(
        "reject_change",
        "Say no to a change, with the reason.",
        "reject",
        deciding.reject,
        _ANYBODY,
        Attribute("reason", "string", "Why it is rejected.", required=True),
        Attribute("as_role", "string", "In which of your roles; any that is missing, if left out."),
    ),
    _step(MINUTE, "Write down what a board decided of it.", None, minuted.minute, _NOBODY, *minuted.ARGUMENTS),
    _step("expire_change_approval", "Not everybody has voted in time.", "expire", deciding.expire, _NOBODY),
)
_WORKING = (
    _step("schedule_change", "Put an approved change into the calendar.", "schedule", working.schedule, _ENGINEERS),
    _step(
        "start_change",
        "Begin the work: it is assessed just before, and refused if anything has moved.",
        "start",
        working.start,
        _ENGINEERS,
    ),
    _step(
        "finish_change",
        "Say that the work is over; the answer tells what discovery has seen of the plan.",
        "finish",
        working.finish,
        _ENGINEERS,
        Attribute("tested", "boolean", "Whether its test passed."),
    ),
    _step(
        "back_out_change",
        "Go the way back.",
        "back_out",
        working.back_out,
        _ENGINEERS,
        Attribute("reason", "string", "Why, in one line.", required=True),
    ),
    _step("end_change_window", "Its window is over.", "window_ended", working.window_ended, _NOBODY),
    _step("verify_change", "Hold what discovery saw against the plan.", None, working.verify, _ENGINEERS),
    _step(
        "verify_change_in_time",
        "Hold what discovery saw against the plan, once it has had its time.",
        None,
        working.verify,
        _NOBODY,
    ),
    _OPEN_UNAUTHORISED,
)
_CLOSING = (
    _step(
        "close_change",
        "Close a change with its outcome: what the facts speak for, or another with what was learnt.",
        "close",
        closing.close,
        _ENGINEERS,
        Attribute("outcome", "string", "Either success, partial, failed or backed out; left out: by the facts."),
        Attribute("lessons", "string", "What was learnt; needed unless it is a success by the facts."),
        Attribute("objective_met", "boolean", "Whether it did what it was wanted for."),
    ),
    _step(
        "cancel_change",
        "Take a change back before the work.",
        "cancel",
        working.cancel,
        _ENGINEERS,
        Attribute("reason", "string", "Why, in one line."),
    ),
)
COMMANDS = (*_DRAFTING, *_DECIDING, *_WORKING, *_CLOSING)
