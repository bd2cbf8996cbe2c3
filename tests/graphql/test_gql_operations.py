"""Every question has an example that runs: none is without, and the page of questions is what is there."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema
from support.asked import EXAMPLES, OPERATIONS, example, roots, seeded

from cmdb.store import Store
from cmdb_graphql.services import Services

ROOT = Path(__file__).parents[2]
DOCS: dict[str, Any] = runpy.run_path(str(ROOT / "deploy" / "write_docs.py"), run_name="write_docs")


def test_every_question_has_an_example_and_its_place_on_the_page() -> None:
    """Of queries and subscriptions; a list of a class has it on the class's page."""
    schema = build_schema((ROOT / "graphql" / "schema.graphql").read_text())
    assert schema.query_type is not None and schema.subscription_type is not None
    there = {root for path in OPERATIONS for root in roots(path.read_text())} | set(DOCS["class_lists"]())
    assert {*schema.query_type.fields, *schema.subscription_type.fields} - there == set()
    assert (ROOT / "docs" / "questions.md").read_text() == DOCS["questions"](), "run deploy/write_docs.py"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, connected: Store) -> Iterator[tuple[Services, dict[str, Any]]]:
    """Something of everything."""
    with seeded(tmp_path_factory.mktemp("operations"), connected, connected) as made:
        yield made


@pytest.mark.neo4j
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example_runs_on_a_real_graph(served: tuple[Services, dict[str, Any]], path: Path) -> None:
    """Without an error, and it answers what it asks."""
    text = path.read_text()
    assert set(example(*served, text)) == set(roots(text))


@pytest.mark.neo4j
def test_the_example_of_every_class_runs(served: tuple[Services, dict[str, Any]]) -> None:
    """As its page shows it."""
    for name, cls in DOCS["class_lists"]().items():
        assert set(example(*served, DOCS["example"](cls))[name]) == {"nodes"}
