"""What an assessment found, as rows of the record: every term of the risk and every conflict."""

from __future__ import annotations

from collections.abc import Mapping

from cmdb.words import Attribute, PartType
from cmdb.words.record import Row
from cmdb_processes.change.assessment import Assessment

TERMS = PartType(
    name="risk_terms",
    type="RiskTerm",
    sentence="One reason for the risk of a change, with its figure; the worst of them is the risk.",
    attributes=(
        Attribute("name", "string", "What it looks at.", required=True),
        Attribute("figure", "float", "How much; nothing when that is not known."),
        Attribute("unit", "string", "What the figure counts.", required=True),
        Attribute("level", "string", "Either low, moderate, high or very high.", required=True),
        Attribute("sentence", "string", "What it means, in words.", required=True),
    ),
)
CONFLICTS = PartType(
    name="clashes",
    type="ChangeClash",
    sentence="One conflict of a change with another, with a freeze, a maintenance window or a person.",
    attributes=(
        Attribute("kind", "string", "What it is about, such as same CI or combined.", required=True),
        Attribute("others", "strings", "The changes or the freeze it is with.", required=True),
        Attribute("blocks", "boolean", "Whether the change is blocked by it.", required=True),
        Attribute("severity", "string", "How hard the worst CI would be hit, of a combined conflict.", required=True),
        Attribute("sentence", "string", "What it means, in words.", required=True),
    ),
)
SERVICES = PartType(
    name="services",
    type="ChangeService",
    sentence="What a change does to one business service that its CIs reach; availabilities are shares between bounds.",
    attributes=(
        Attribute("ci", "string", "The id of the service.", required=True),
        Attribute("name", "string", "What it is called.", required=True),
        Attribute("criticality", "string", "How much hangs on it: critical, high, medium or low."),
        Attribute("required", "float", "The availability it must have."),
        Attribute("before_lo", "float", "Its availability as things are, at least."),
        Attribute("before_hi", "float", "The same at most."),
        Attribute("during_lo", "float", "Its availability while the CIs under change are down, at least."),
        Attribute("during_hi", "float", "The same at most."),
        Attribute("after_lo", "float", "Its availability once the proposed state is there, at least."),
        Attribute("after_hi", "float", "The same at most."),
        Attribute("method", "string", "How it was computed: exact, conditioned or bounds."),
        Attribute("lost_minutes", "float", "Minutes a year it is down more afterwards, at most.", unit="min"),
        Attribute("window_minutes", "float", "Minutes expected to be lost in the window, at most.", unit="min"),
        Attribute("sentence", "string", "What the change does to it, in words.", required=True),
        Attribute("spofs_added", "strings", "What alone would newly bring it down."),
        Attribute("spofs_removed", "strings", "What alone would no longer bring it down."),
    ),
)
OBSERVED = PartType(
    name="observed_steps",
    type="ObservedStep",
    sentence="One step in the graph, planned or seen by discovery, and how the two compare.",
    attributes=(
        Attribute("judged", "string", "Either matched, missing, unauthorised, implied or unjudged.", required=True),
        Attribute("sentence", "string", "What it is, in words.", required=True),
    ),
)
ACCEPTED = PartType(
    name="accepted_conflicts",
    type="AcceptedConflict",
    sentence="A conflict that somebody took upon them, so that it blocks no more.",
    attributes=(
        Attribute("sentence", "string", "The conflict, as it was told.", required=True),
        Attribute("reason", "string", "Why it may be.", required=True),
        Attribute("by", "string", "Who accepted it.", required=True),
        Attribute("at", "datetime", "When, ISO 8601 UTC.", required=True),
    ),
)
PREDICTIONS = PartType(
    name="predictions",
    type="ChangePrediction",
    sentence="One CI of a change whose CIs failed: whether that it breaks was predicted, and whether it broke.",
    attributes=(
        Attribute("ci", "string", "The id of the CI.", required=True),
        Attribute("name", "string", "What it is called.", required=True),
        Attribute("class_name", "string", "The class of the CI.", required=True),
        Attribute("predicted", "boolean", "Whether it was to go down or be degraded.", required=True),
        Attribute("broke", "boolean", "Whether it did.", required=True),
    ),
)


def of(told: Assessment) -> Mapping[str, tuple[Row, ...]]:
    """Both parts of an assessment."""
    terms = tuple(
        {"name": t.name, "figure": t.figure, "unit": t.unit, "level": t.level.word, "sentence": t.sentence}
        for t in told.risk.terms
    )
    conflicts = tuple(
        {
            "kind": c.kind.value,
            "others": c.others,
            "blocks": c.blocks,
            "severity": c.severity.word,
            "sentence": c.sentence,
        }
        for c in told.conflicts
    )
    return {TERMS.name: terms, CONFLICTS.name: conflicts}
