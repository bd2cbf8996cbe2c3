"""docs/graphql.md says what is: its limits are the code's, and its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import parse
from support.questions import ask, estate, parts

from cmdb.store import Store
from cmdb_graphql import limits, types
from cmdb_graphql.schema import built

PAGE = (Path(__file__).parents[2] / "docs" / "graphql.md").read_text()
EXAMPLES = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)
LIMITS = {
    "characters": limits.CHARACTERS, "tokens": limits.TOKENS, "depth": limits.DEPTH, "aliases": limits.ALIASES,
    "directives": limits.DIRECTIVES, "root fields": limits.ROOT_FIELDS, "operations": 1, "cost": limits.COST,
    "fields asked again beside themselves": limits.REPEATS, "cost per minute": limits.COST_PER_MINUTE,
    "at once": limits.AT_ONCE, "page": types.PAGE, "levels of a filter": limits.FILTER_DEPTH,
    "comparisons": limits.COMPARISONS, "levels of the variables": limits.VARIABLES_DEPTH,
    "values in the variables": limits.VALUES, "characters of a variable": limits.TEXT, "body": limits.BODY,
    "deadline": int(limits.DEADLINE), "deadline of a command": int(limits.COMMAND_DEADLINE),
}  # fmt: skip


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    """Each by its value, and none besides."""
    rows = re.findall(r"^\| ([a-z ]+) \| ([\d,]+) \|", PAGE, re.MULTILINE)
    assert {name: int(most.replace(",", "")) for name, most in rows} == LIMITS


def test_the_costs_on_the_page_are_what_is_charged() -> None:
    """Each example of the table."""
    rows = re.findall(r"^\| `(\{.*?\})` \| (?:.* = )?(\d+) \|", PAGE, re.MULTILINE)
    schema = built({}).graphql
    assert len(rows) == 3
    assert [limits.measure(schema, parse(text), {}).measure.cost for text, _ in rows] == [int(cost) for _, cost in rows]


@pytest.mark.neo4j
def test_the_examples_on_the_page_run(tmp_path: Path, store: Store) -> None:
    """On a small estate, without an error."""
    with parts(tmp_path / "home", store) as served:
        estate(store)
        answers = [ask(served, text) for text in EXAMPLES]
    assert answers[0]["hosts"]["totalCount"] == 2
    assert answers[1]["resolve"]["nodes"][0]["children"]["nodes"]
    assert len(answers) == 3
