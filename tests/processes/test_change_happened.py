"""What happened between two moments, asked of the real graph, and judged by what was planned."""

from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate
from support.questions import ask, parts, person

from cmdb.errors import Refused
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql import limits
from cmdb_processes.change import PROCESS, earlier, questions
from cmdb_processes.change.happened import PAGE, happened
from cmdb_processes.change.observed import compare
from cmdb_processes.change.steps import planned

SCHEMA = Path(__file__).parents[2] / "graphql" / "schema.graphql"
RITA = person(Role.ENGINEER, name="rita")
MADE = """
mutation M { a: createCi(class: "Application", name: "app-1") { ci { id } sequence }
             b: createCi(class: "Application", name: "app-2") { ci { id } sequence } }
"""
DONE = """
mutation D($a: ID!, $b: ID!) {
  c: createCi(class: "Application", name: "app-3", attributes: { recoveryPointMin: 3 }) { ci { id } }
  l: linkCis(type: "DEPENDS_ON", from: $a, to: $b) { sequence }
  r: updateCi(id: $b, attributes: { recoveryPointMin: 2 }, reason: "in passing") { sequence }
}
"""


QUESTIONS = {
    **{n: text for n, text in vars(questions).items() if n.isupper() and n[0] != "_" and isinstance(text, str)},
    "touched": questions.touched(questions.TOGETHER),
}
DEAREST = 2_700
"""An assessment is a handful of questions, and a person may ask 100,000 a minute: none may take more than this."""


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_one_that_the_schema_answers(name: str) -> None:
    """By the schema as it is checked in, and none is so dear that a person could ask it only now and then."""
    schema = build_schema(SCHEMA.read_text())
    document = parse(QUESTIONS[name])
    assert validate(schema, document) == []
    first = PAGE if name == "HAPPENED" else earlier.PAGE
    assert limits.measure(schema, document, {"first": first}).measure.cost <= DEAREST


@pytest.mark.neo4j
def test_planned_against_what_the_graph_says(store: Store, tmp_path: Path) -> None:
    """A CI made and an edge opened as planned, one edge never seen, one value changed in passing."""
    with parts(tmp_path, store, [PROCESS]) as of:
        made = ask(of, MADE, RITA)
        a, b = made["a"]["ci"]["id"], made["b"]["ci"]["id"]
        ask(of, DONE, RITA, a=a, b=b)
        seen = happened(lambda text, **given: ask(of, text, RITA, **given), made["b"]["sequence"], None)
    plan = {
        "create": [{"id": "new:3", "class": "Application", "name": "app-3", "attributes": {"recovery_point_min": 3}}],
        "add": [{"type": "DEPENDS_ON", "from": a, "to": b}, {"type": "DEPENDS_ON", "from": "new:3", "to": b}],
    }
    judged = compare(planned(plan), seen)
    assert judged.sentences == (
        "planned, not seen: app-3 now depends on app-2",
        "seen, not planned: app-2 has recoveryPointMin 2",
    )
    assert len(judged.matched) == 3


def page(*names: str, after: str | None = None, truncated: str | None = None) -> dict[str, Any]:
    """A page of CIs that are retired."""
    nodes = [{"ci": n, "name": n, "class": "Host", "what": "retired", "edgeCount": 0, "values": []} for n in names]
    info = {"hasNextPage": after is not None, "endCursor": after}
    return {"diff": {"nodes": nodes, "pageInfo": info, "truncated": truncated}}


def test_all_pages_of_all_cis_are_asked() -> None:
    """A hundred by name at a time, each to its last page."""
    asked: list[tuple[int, str | None]] = []

    def answer(_text: str, **given: Any) -> dict[str, Any]:
        asked.append((len(given["of"]), given["after"]))
        return page(f"ci_{len(asked)}", after="x" if len(asked) == 1 else None)

    found = happened(answer, 1, 2, [f"ci_{n}" for n in range(150)])
    assert asked == [(100, None), (100, "x"), (50, None)]
    assert sorted(step.ci for step in found.steps) == ["ci_1", "ci_2", "ci_3"]


def test_what_was_forgotten_is_not_judged() -> None:
    """A history that is not whole acquits nobody."""
    with pytest.raises(Refused, match="cannot be told whole: kept no longer"):
        happened(lambda _text, **_given: page(truncated="kept no longer"), 1, 2)
