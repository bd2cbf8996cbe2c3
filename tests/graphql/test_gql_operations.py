"""Every question has an example that runs: none is without, and the page of questions is what is there."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import FieldNode, NonNullTypeNode, OperationDefinitionNode, build_schema, parse
from support.asked import seeded
from support.questions import ADMIN, ask

from cmdb.store import Store
from cmdb_graphql.endpoint import executor
from cmdb_graphql.services import Services

ROOT = Path(__file__).parents[2]
OPERATIONS = sorted((ROOT / "graphql" / "operations").glob("*.graphql"))
DOCS: dict[str, Any] = runpy.run_path(str(ROOT / "deploy" / "write_docs.py"), run_name="write_docs")


def operation(text: str) -> OperationDefinitionNode:
    """The one operation of a document."""
    (found,) = [d for d in parse(text).definitions if isinstance(d, OperationDefinitionNode)]
    return found


def roots(text: str) -> list[str]:
    """What it asks."""
    return [part.name.value for part in operation(text).selection_set.selections if isinstance(part, FieldNode)]


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


def _run(served: tuple[Services, dict[str, Any]], text: str) -> dict[str, Any]:
    of, known = served
    given = {}
    for one in operation(text).variable_definitions or ():
        name = one.variable.name.value
        if isinstance(one.type, NonNullTypeNode) and one.default_value is None:
            given[name] = known.get(f"Query.{roots(text)[0]}.{name}", known.get(name))
            assert given[name] is not None, f"the estate has no value for ${name}"
    executor(of)._budgets.clear()
    return ask(of, text, ADMIN, **given)


@pytest.mark.neo4j
@pytest.mark.parametrize(
    "path", [p for p in OPERATIONS if operation(p.read_text()).operation.value == "query"], ids=lambda p: p.stem
)
def test_every_example_runs_on_a_real_graph(served: tuple[Services, dict[str, Any]], path: Path) -> None:
    """Without an error, and it answers what it asks."""
    text = path.read_text()
    assert set(_run(served, text)) == set(roots(text))


@pytest.mark.neo4j
def test_the_example_of_every_class_runs(served: tuple[Services, dict[str, Any]]) -> None:
    """As its page shows it."""
    for name, cls in DOCS["class_lists"]().items():
        assert set(_run(served, DOCS["example"](cls))[name]) == {"nodes"}
