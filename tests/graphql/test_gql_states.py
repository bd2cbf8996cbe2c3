"""Every question about the graph is answered as of a moment and proposed, or it is said here why it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type

from cmdb_graphql.schema import Built
from cmdb_processes.cli.server.processes import processes

_SERVER = "about this server and its accounts, not about the graph"
_QUEUE = "what waits for a person now; what became of it is in the journal"
_CHECK = "what is to be put right in the graph as it is"
_HISTORY = "tells all moments: what is proposed has no history"
_SEEN = "when sources spoke is a fact of the real estate"

NO_MOMENT: Mapping[str, str] = {
    **dict.fromkeys(
        ("accountRoles", "agents", "mailDeliveries", "me", "status", "tokens", "users", "views", "webhookDeliveries",
         "webhooks"), _SERVER,
    ),
    **dict.fromkeys(("conflicts", "held", "quarantine"), _QUEUE),
    **dict.fromkeys(("cardinalityViolations", "policies", "policyViolations", "purgeable", "reconcileDryRun"), _CHECK),
    "audit": "walks the whole journal",
    "changeReport": "drawn from the evidence that was frozen",
    **dict.fromkeys(("discoveryCoverage", "discoveryHostKeys", "discoveryRun"), _SERVER),
    **dict.fromkeys(("discoveryRuns", "discoveryTargets"), _SERVER),
    "eventStrategy": "about the rules as they are, and what came in lately",
    "unauthorisedChanges": "about what a detection has found, each with its moment",
    "diff": "takes two moments, `from` and `to`",
    "freeSlots": "about the time to come",
    "journal": "is the moments themselves: `before` names one",
    "serviceLevels": "read from a record's own history",
}  # fmt: skip
"""Questions without `asOf`, each with the reason. Those that answer with process records are not among them: a record
is no CI, and carries its whole history."""
NO_PROPOSAL: Mapping[str, str] = {
    **dict.fromkeys(("edgeHistory", "history"), _HISTORY),
    "explain": "symptoms are those of the real estate",
    "freshness": _SEEN,
    "pastCis": "names the past; `cis` and `ci` answer for a proposed state",
}
"""Questions with `asOf` that take no proposed state, each with the reason."""


@pytest.fixture(scope="module")
def questions() -> dict[str, GraphQLField]:
    """Every field of Query but those that answer with records."""
    built = Built(processes())
    records = {record.name for process in processes().values() for record in process.records}
    assert built.graphql.query_type is not None
    return {name: f for name, f in built.graphql.query_type.fields.items() if not _answers(f) & records}


def _answers(field: GraphQLField) -> set[str]:
    """The names of the type of an answer and of the rows of its page."""
    found: Any = get_named_type(field.type)
    nodes = found.fields.get("nodes") if isinstance(found, GraphQLObjectType) else None
    return {found.name} | ({get_named_type(nodes.type).name} if nodes else set())


def test_every_question_about_the_graph_takes_a_moment(questions: dict[str, GraphQLField]) -> None:
    """A new question either takes `asOf` or has its reason in the list, which holds nothing else."""
    without = {name for name, field in questions.items() if "asOf" not in field.args}
    assert without == set(NO_MOMENT)
    assert {"counts", "search", "freshness", "tags", "ci", "cis", "hosts", "impact", "path"} <= set(questions) - without


def test_every_question_of_a_moment_takes_a_proposed_state(questions: dict[str, GraphQLField]) -> None:
    """And so does a difference; those that do not have their reason in the list, which holds nothing else."""
    without = {
        name for name, field in questions.items() if "proposed" not in field.args and name not in NO_MOMENT
    }  # fmt: skip
    assert without == set(NO_PROPOSAL) and "proposed" in questions["diff"].args


def test_nothing_says_that_it_is_of_now_although_a_moment_is_asked(questions: dict[str, GraphQLField]) -> None:
    """No description of a question that takes `asOf` takes it back."""
    for name, field in questions.items():
        if "asOf" in field.args:
            assert "of now" not in (field.description or ""), name
