"""What the record of a strategy is: a draft, approved by somebody else, then superseded or retired."""

from __future__ import annotations

from cmdb.words import Attribute, Category, Model, Notice, PartType, RecordLifecycle, RecordType, State, Step
from cmdb_processes.arrangements.records import NAME, SCOPE

DRAFT, APPROVED, SUPERSEDED, RETIRED = "draft", "approved", "superseded", "retired"
APPROVAL = (
    Attribute("authors", "strings", "Who wrote it: none of them approves it."),
    Attribute("approved_by", "string", "Who approved it."),
    Attribute("approved_at", "datetime", "When it was approved, and holds from."),
)
OBJECTIVES = PartType(
    "objectives",
    "StrategyObjective",
    "What the process is for, and how one sees that it is reached.",
    (
        Attribute("objective", "string", "What is wanted.", required=True),
        Attribute("kpi", "string", "The indicator it is measured by.", required=True),
        Attribute("at_least", "float", "The value that is wanted at least."),
        Attribute("at_most", "float", "The value that is wanted at most."),
        Attribute("unit", "string", "The unit of the value."),
    ),
)
PROMISES = PartType(
    "promises",
    "StrategyPromise",
    "How long things of a rank of priority take, where no agreement says otherwise.",
    (
        Attribute("rank", "int", "The rank of priority, 1 is the most pressing.", required=True),
        Attribute("response", "string", "How long until somebody works on it, such as PT15M.", required=True),
        Attribute("resolution", "string", "How long until it is resolved, such as PT4H.", required=True),
        Attribute("update", "string", "How long between two words to who asked, such as PT1H.", required=True),
    ),
)
CONTENT = (
    Attribute("process", "string", "The process it is the strategy of."),
    NAME,
    Attribute("purpose", "string", "What the process is for."),
    Attribute("priority_matrix", "string", "The matrix of priorities it wants things ranked by."),
    *SCOPE,
)
_PARTS = (OBJECTIVES, PROMISES)
_FIXED = ("cis", *(one.name for one in (*CONTENT, *APPROVAL, *_PARTS)))
LIFE = RecordLifecycle(
    states=(
        State(DRAFT, Category.TO_DO),
        State(APPROVED, Category.IN_PROGRESS, required=("approved_by", "approved_at", "objectives"), frozen=_FIXED),
        State(SUPERSEDED, Category.DONE, frozen=("*",)),
        State(RETIRED, Category.DONE, frozen=("*",)),
    ),
    initial=DRAFT,
    steps=(
        Step(DRAFT, "approve", (APPROVED,)),
        Step(DRAFT, "retire", (RETIRED,)),
        Step(APPROVED, "supersede", (SUPERSEDED,)),
        Step(APPROVED, "retire", (RETIRED,)),
    ),
)
STRATEGY = RecordType(
    name="Strategy",
    plural="strategies",
    prefix="STR",
    sentence="The policy of a process: what it is for, what it holds for, what is promised, and when that is reviewed.",
    models=(Model("plain", "Written by some, approved by others, one in force for each process.", (LIFE,)),),
    attributes=(
        *CONTENT,
        *APPROVAL,
        Attribute("review_due", "datetime", "When somebody has to look whether it still fits."),
        Attribute("reviewed_at", "datetime", "When somebody looked last."),
        Attribute("reminded_of", "datetime", "The date of review that its owner was reminded of."),
        Attribute("readers", "strings", "The accounts that work by it and have to know it."),
        Attribute("acknowledged", "strings", "Those who said that they know it."),
    ),
    parts=_PARTS,
    notices=(
        Notice(tell=("owner", "requester", "readers"), states=(APPROVED, SUPERSEDED, RETIRED)),
        Notice(
            tell=("owner", "requester"),
            subject="{number} is to be reviewed",
            text="{name}, the strategy of {process}, was to be reviewed by {review_due}: does it still fit?",
            commands=("remind_strategy",),
        ),
    ),
)
