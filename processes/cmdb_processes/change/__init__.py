"""Change: see the blast radius before approving, and approve exactly what was seen."""

from cmdb.words import Attribute, Command, Process, RecordType, Role
from cmdb_processes.change import commands, rules
from cmdb_processes.change.lifecycle import LIFECYCLE

RECORD = RecordType(
    name="ChangeRequest",
    plural="change_requests",
    prefix="CHG",
    sentence="A request for change: what, when, how, how back, and what it would break.",
    states=tuple(state.name for state in LIFECYCLE.states),
    attributes=(
        Attribute("title", "string", "What is to be changed, in one line."),
        Attribute("plan", "string", "How it will be done."),
        Attribute("backout", "string", "How it will be undone if it fails."),
        Attribute("test", "string", "How one will know that it worked."),
        Attribute("window_start", "datetime", "When work may begin, ISO 8601."),
        Attribute("window_end", "datetime", "When work must be over, ISO 8601."),
        Attribute("verdict", "string", "What the assessment says, in one sentence."),
        Attribute("evidence", "string", "The assessed blast radius, whole, as canonical JSON."),
        Attribute("evidence_hash", "string", "The hash of the assessed radius; approvals bind to it."),
        Attribute("evidence_sequence", "int", "The journal sequence the assessment was taken at."),
        Attribute("approvals", "strings", "Approvals given on this evidence: role, person and time each."),
        Attribute("rejection", "string", "Why it was rejected."),
    ),
    shown=("window_start", "window_end"),
)
_ENGINEERS = frozenset({Role.ENGINEER, Role.CHANGE_MANAGER})
_APPROVERS = frozenset(rules.ROLES.values())

PROCESS = Process(
    name="change",
    sentence="Change enablement: propose, assess, approve or reject.",
    records=(RECORD,),
    commands=(
        Command(
            name="propose_change",
            sentence="Open a change about some CIs, with its window, plan, backout and test.",
            record=RECORD.name,
            arguments=(
                Attribute("title", "string", "What is to be changed, in one line.", required=True),
                Attribute("window", "string", "Start/end or start/duration, ISO 8601 with a time zone.", required=True),
                Attribute("plan", "string", "How it will be done.", required=True),
                Attribute("backout", "string", "How it will be undone if it fails.", required=True),
                Attribute("test", "string", "How one will know that it worked.", required=True),
            ),
            roles=_ENGINEERS,
            opens=True,
            decide=commands.propose,
        ),
        Command(
            name="assess_change",
            sentence="Take the blast radius of the change's CIs together and freeze it as evidence.",
            record=RECORD.name,
            arguments=(),
            roles=_ENGINEERS,
            opens=False,
            decide=commands.assess,
        ),
        Command(
            name="approve_change",
            sentence="Approve in one role, on the evidence as assessed and while the graph still agrees with it.",
            record=RECORD.name,
            arguments=(Attribute("as_role", "string", "Either financial, technical or business.", required=True),),
            roles=_APPROVERS,
            opens=False,
            decide=commands.approve,
        ),
        Command(
            name="reject_change",
            sentence="Say no to a change, with the reason.",
            record=RECORD.name,
            arguments=(Attribute("reason", "string", "Why it is rejected.", required=True),),
            roles=_APPROVERS | {Role.CHANGE_MANAGER},
            opens=False,
            decide=commands.reject,
        ),
        Command(
            name="withdraw_change",
            sentence="Take a change back.",
            record=RECORD.name,
            arguments=(),
            roles=_ENGINEERS,
            opens=False,
            decide=commands.withdraw,
        ),
    ),
)
