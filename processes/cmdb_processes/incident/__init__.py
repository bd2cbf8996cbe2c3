"""Incident and service request: restore service quickly, fulfil what was promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cmdb.words import Attribute, Command, Decision, Process, Role
from cmdb_processes.incident import (
    clocks,
    discovered,
    ending,
    evidence,
    records,
    reporting,
    requests,
    settings,
    working,
)
from cmdb_processes.steps import leads_to

Decide = Callable[..., Decision]
Turn = Callable[..., tuple[str, Mapping[str, Any]]]

_ALL, _STAFF = frozenset({Role.VIEWER}), frozenset({Role.ENGINEER, Role.CHANGE_MANAGER})
_MANAGERS = frozenset({Role.CHANGE_MANAGER})


def _a(name: str, sentence: str, type_: str = "string", *, required: bool = False) -> Attribute:
    return Attribute(name, type_, sentence, required=required)  # type: ignore[arg-type]  # one of the six


_REASON = _a("reason", "Why, in one line.")
_WHY = _a("reason", "Why, in one line.", required=True)
_OWNER = _a("owner", "The account that answers for it from now on.")
_WAITING = _a("waiting", "For what: customer, supplier, appointment, colleague or change.", required=True)
_CAUSE = _a("cause", "What kind of cause it had.")
_URGENCY = _a("urgency", "How soon it has to be over: a level of the matrix, such as high.")
_CATEGORY = _a("event_category", "The branch of the category tree it belongs to.")
_CONDITION = _a("condition", "What is wrong with its CIs: down or degraded.")
_TASK = (_a("task", "The name of the task.", required=True), _a("state", "Done, skipped, or open again."))
_KEYS = (_a("keys", "What is carried out.", "strings", required=True), _WHY)
_HOW = _a("closed_how", "By silence, or with which parent.", required=True)
_EVENT = (_a("at", "When it came.", "datetime", required=True), _a("text", "What it said.", required=True))


def _incident(
    name: str, sentence: str, decide: Decide, arguments: tuple[Attribute, ...] = (), *, stimulus: str | None = None,
    roles: frozenset[Role] = _STAFF, opens: bool = False, system: bool = False, parts: tuple[str, ...] = (),
    record: str = records.INCIDENT.name, turn: Turn | None = None,
) -> Command:  # fmt: skip
    return Command(
        name, sentence, record, arguments, frozenset() if system else roles, opens, decide, stimulus=stimulus,
        parts=parts, system=system, cis_optional=opens, turn=turn,
    )  # fmt: skip


def _request(
    name: str, sentence: str, decide: Decide, arguments: tuple[Attribute, ...] = (), *, stimulus: str | None = None,
    roles: frozenset[Role] = _STAFF, opens: bool = False, system: bool = False, parts: tuple[str, ...] = (),
) -> Command:  # fmt: skip
    return _incident(
        name, sentence, decide, arguments, stimulus=stimulus, roles=roles, opens=opens, system=system, parts=parts,
        record=records.REQUEST.name,
    )  # fmt: skip


INCIDENTS = (
    _incident(
        "open_incident",
        "Say what does not work; it is ranked by what the graph says that it hits.",
        working.open_,
        (
            _a("title", "What it is about, in one line.", required=True),
            _a("description", "What was reported, in full."),
            _URGENCY, _CATEGORY, _CONDITION,
            _a("source", "Where the report came from."),
            _a("group", "The support group; the one that supports the CIs, if left out."),
        ),
        roles=_ALL, opens=True,
    ),
    _incident(
        "classify_incident", "Say of which kind it is, about which CIs, and how soon; it is ranked anew.",
        working.classify,
        (
            _a("title", "What it is about, in one line."),
            _CATEGORY, _URGENCY,
            _a("cis", "The ids of the CIs it is about, all of them.", "strings"),
        ),
    ),
    _incident("recompute_incident", "Rank it anew as the graph is now.", working.recompute, system=True),
    _incident(
        "prioritise_incident", "Set another priority than the computed one, which stays beside it; or take that back.",
        working.prioritise, (_a("priority", "The priority, in the matrix's numbers.", "int", required=True), _REASON),
    ),
    _incident(
        "confirm_outage", "Confirm that its CIs are down or degraded: impact counts that until it is resolved.",
        working.confirm_outage, (_CONDITION,),
    ),
    _incident(
        "assign_incident", "Hand it to a person, or to another group with what was found so far.", working.assign,
        (_OWNER, _a("group", "The support group."), _REASON), stimulus="assign",
    ),
    _incident(
        "begin_incident", "Begin to work on it, or go on.", leads_to("in progress", command="begun"),
        (_OWNER, _REASON), stimulus="begin",
    ),
    _incident(
        "hold_incident", "Wait for something; the reason says whether clocks stand still.",
        leads_to("waiting", command="put on hold"), (_WAITING, _REASON), stimulus="put on hold",
    ),
    _incident(
        "resolve_incident", "Say that it is restored, how, and by what.", ending.resolve,
        (
            _a("resolution_code", "The code of how: fixed, workaround, by change and others.", required=True),
            _a("resolution", "What was done.", required=True),
            _CAUSE,
            _a("links", "Links it gets: a type and a number each, such as CAUSED_BY CHG-7.", "strings"),
        ),
        stimulus="resolve",
    ),
    _incident(
        "confirm_incident", "Agree that it works; refused with everything that is missing.", ending.confirm,
        (_CAUSE,), stimulus="confirm", roles=_ALL,
    ),
    _incident("close_incident", "Close it by silence or with its parent.", ending.close, (_HOW,),
              stimulus="auto-close", system=True),
    _incident("reopen_incident", "Say that it is not over.", ending.reopen, (_WHY,), stimulus="reopen", roles=_ALL),
    _incident("cancel_incident", "It was no incident.", ending.cancel, (_WHY,), stimulus="cancel"),
    _incident("escalate_incident", "Carry out what is due by the clock.", working.escalate, _KEYS, system=True),
    _incident("count_incident_event", "One more event says the same.", working.count_event, _EVENT, system=True),
    _incident(
        "link_incident", "Link it to a record or a CI: CAUSED_BY, CHILD_OF, DUPLICATES and others.", working.link,
        (_a("type", "The kind of link.", required=True), _a("to", "The number, or the CI's id.", required=True)),
    ),
    _incident(
        "unlink_incident", "Take a link away.", working.unlink,
        (_a("type", "The kind of link.", required=True), _a("to", "The number, or the CI's id.", required=True)),
    ),
    _incident(
        "major_incident", "Propose, accept, reject or demote it as a major incident.", working.major_step,
        (_a("step", "Propose, accept, reject or demote.", required=True), _WHY),
    ),
    _incident(
        "tell_incident", "A word to an audience of a major incident; its children hear it too.", working.tell,
        (_a("audience", "Users, management or technicians.", required=True), _a("text", "The word.", required=True)),
    ),
    _incident("review_incident", "Say what was learnt of a major incident.", working.review,
              (_a("text", "What was learnt.", required=True),), roles=_MANAGERS),
    _incident("plan_incident", "Set its tasks.", working.plan, parts=("tasks",)),
    _incident("do_incident_task", "Say that a task is done or skipped.", working.do_task, _TASK),
)  # fmt: skip
REQUESTS = (
    _request(
        "request_item", "Ask for an item of the catalogue, with the answers of its form.", requests.request,
        (_a("item", "The catalogue item.", required=True), _a("asked_for", "The person it is for.")),
        roles=_ALL, opens=True, parts=("answers",),
    ),
    _request("submit_request", "Ask for the approval that its item needs.", requests.submit, stimulus="ask approval",
             roles=_ALL),
    _request("approve_request", "Approve it in one seat.", requests.approve,
             (_a("as_role", "The seat; the first one, if left out."), _REASON), stimulus="approve", roles=_ALL),
    _request("reject_request", "Say no, with the reason.", requests.reject,
             (_a("as_role", "The seat; the first one, if left out."), _WHY), stimulus="reject", roles=_ALL),
    _request("begin_request", "Begin to work on it, or go on.", requests.begin, (_OWNER, _REASON), stimulus="begin"),
    _request("assign_request", "Hand it to a person or a group.", working.assign,
             (_OWNER, _a("group", "The support group."), _REASON), stimulus="assign"),
    _request("hold_request", "Wait for something.", leads_to("pending", command="put on hold"), (_WAITING, _REASON),
             stimulus="put on hold"),
    _request("do_request_task", "Say that a task is done or skipped.", requests.do_task, _TASK),
    _request("fulfil_request", "Say that it is fulfilled.",
             leads_to("fulfilled", fields=("fulfilment",), command="fulfilled"),
             (_a("fulfilment", "What was done.", required=True),), stimulus="fulfil"),
    _request("confirm_request", "Agree that it is as wanted.", requests.confirm, stimulus="confirm", roles=_ALL),
    _request("close_request", "Close it by silence.", requests.close, (_HOW,), stimulus="auto-close", system=True),
    _request("reopen_request", "Say that it is not as wanted.", requests.reopen, (_WHY,), stimulus="reopen",
             roles=_ALL),
    _request("cancel_request", "It is not wanted any more.", requests.cancel, (_WHY,), stimulus="cancel", roles=_ALL),
    _request("escalate_request", "Carry out what is due by the clock.", working.escalate, _KEYS, system=True),
    _request("count_request_event", "One more event asks for the same.", working.count_event, _EVENT, system=True),
)  # fmt: skip
EVENTS = (
    _incident(
        "report_event", "Take in what a source says; the event catalogue decides what follows.", reporting.report,
        (
            _a("source", "Who says it, such as monitor.", required=True),
            _a("text", "What it says.", required=True),
            _a("severity", "How bad: critical, major, minor, warning or information."),
        ),
        opens=True, parts=("facts",), record=records.EVENT.name, turn=reporting.sort,
    ),
)  # fmt: skip
PROCESS = Process(
    name="incident",
    sentence="Incidents, service requests, and the events they come from.",
    records=(records.INCIDENT, records.REQUEST, records.EVENT),
    commands=(*INCIDENTS, *REQUESTS, *EVENTS),
    timers=(*clocks.TIMERS, discovered.HOST_KEYS),
    questions=(clocks.SERVICE_LEVELS, evidence.EVENT_STRATEGY),
    settings=(("priority_matrix", settings.choose),),
)
