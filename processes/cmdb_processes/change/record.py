"""What a change is, as data: its models, fields, parts, and who is told when it goes on."""

from cmdb.words import Attribute, Model, Notice, RecordType
from cmdb_processes import approvals
from cmdb_processes.change import parts
from cmdb_processes.change.lifecycle import FIRST
from cmdb_processes.change.minuted import RULINGS
from cmdb_processes.change.models import EMERGENCY, NORMAL, STANDARD

RECORD = RecordType(
    name="ChangeRequest",
    plural="change_requests",
    prefix="CHG",
    sentence="A request for change: what, when, how, how back, and what it would break.",
    models=(
        Model(NORMAL.name, NORMAL.sentence, (FIRST, NORMAL.lifecycle)),
        Model(STANDARD.name, STANDARD.sentence, (STANDARD.lifecycle,)),
        Model(EMERGENCY.name, EMERGENCY.sentence, (EMERGENCY.lifecycle,)),
    ),
    attributes=(
        Attribute("title", "string", "What is to be changed, in one line."),
        Attribute("reason", "string", "Why it is wanted."),
        Attribute("plan", "string", "How it will be done."),
        Attribute("backout", "string", "How it will be undone if it fails."),
        Attribute("backout_tested", "boolean", "Whether the way back was tried out."),
        Attribute("test", "string", "How one will know that it worked."),
        Attribute("window_start", "datetime", "When work may begin, ISO 8601."),
        Attribute("window_end", "datetime", "When work must be over, ISO 8601."),
        Attribute("template", "string", "The template a standard change was made from."),
        Attribute("implementers", "strings", "The accounts of those who do it."),
        Attribute(
            "proposed", "string", "The graph diff it makes, as canonical JSON; the steps are those of a proposed state."
        ),
        Attribute("verdict", "string", "Whether it is approvable, or what blocks it, in one sentence."),
        Attribute("radius", "string", "What fails with its CIs, in one sentence."),
        Attribute("risk", "string", "The level of the worst term of its risk: low, moderate, high or very high."),
        Attribute("blocked_by", "strings", "Everything that blocked it when it was assessed."),
        Attribute("evidence", "string", "What was assessed and answered, whole, as canonical JSON."),
        Attribute("evidence_hash", "string", "The SHA-256 of the evidence; approvals bind to it."),
        Attribute("evidence_sequence", "int", "The journal sequence the assessment was taken at."),
        Attribute("assessed_at", "datetime", "When it was assessed, ISO 8601 UTC."),
        Attribute("approval_expires", "datetime", "Until when everybody has to have voted, ISO 8601."),
        Attribute("rejection", "string", "Why it was rejected."),
        Attribute("started_at", "datetime", "When work began, ISO 8601 UTC."),
        Attribute("start_sequence", "int", "The journal sequence the work began at."),
        Attribute("backed_out_at", "datetime", "When it was backed out, ISO 8601 UTC."),
        Attribute("finished_at", "datetime", "When work was over, ISO 8601 UTC."),
        Attribute("tested", "boolean", "Whether its test passed."),
        Attribute("execution", "string", "What discovery saw of the plan, in one line."),
        Attribute("verified_at", "datetime", "When discovery had had its time and was held against the plan."),
        Attribute("proposed_outcome", "string", "The outcome the facts speak for."),
        Attribute("outcome", "string", "What became of it: success, partial, failed or backed out."),
        Attribute("objective_met", "boolean", "Whether it did what it was wanted for."),
        Attribute("findings", "strings", "What the review found, incidents near it among it."),
        Attribute("lessons", "string", "What was learnt."),
    ),
    parts=(
        parts.TERMS,
        parts.CONFLICTS,
        approvals.PART,
        parts.SERVICES,
        parts.OBSERVED,
        parts.ACCEPTED,
        parts.PREDICTIONS,
        RULINGS,
    ),
    notices=(
        Notice(
            tell=("role:approver-financial", "role:approver-technical", "role:approver-business"),
            states=("awaiting approval",),
            subject="{number} waits for your approval: {title}",
            text="{number} ({title}) waits for approval until {approval_expires}. {verdict}. {radius}",
        ),
        Notice(
            tell=("requester", "owner", "watchers"),
            states=("assessed", "approved", "rejected", "cancelled", "closed"),
            subject="{number} is {state}: {title}",
        ),
        Notice(tell=("implementers", "watchers"), states=("scheduled", "implementing", "backed out", "review")),
        Notice(
            tell=("role:change-manager",),
            commands=("open_unauthorised_change", "end_change_window"),
            subject="{number}: {reason}",
        ),
    ),
)
