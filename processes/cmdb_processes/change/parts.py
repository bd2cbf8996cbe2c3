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
