"""Round trips of every list field of the schema, found by itself: at most 2 + depth, however many rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from support.asked import arguments, needed, seeded
from support.questions import ADMIN, ask, projected
from support.round_trips import counting

from cmdb.store import Store
from cmdb_graphql.endpoint import executor
from cmdb_graphql.services import Services
from cmdb_processes.cli.server.processes import processes

pytestmark = pytest.mark.neo4j

Object = GraphQLObjectType | GraphQLInterfaceType
Step = tuple[str, str]
"""A field by its type and name."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, connected: Store) -> Iterator[tuple[Services, list[str], Any]]:
    """Parts with all processes, as a server has them, on a counted store that has something of everything."""
    store, sent = counting(connected)
    with seeded(tmp_path_factory.mktemp("trips"), connected, store) as (made, known):
        yield projected(made), sent, known


def _schema() -> GraphQLSchema:
    from cmdb_graphql.schema import built

    return built(processes()).graphql


SCHEMA = _schema()


def _objects() -> dict[str, Object]:
    return {n: t for n, t in SCHEMA.type_map.items() if isinstance(t, Object) and not n.startswith("__")}


def _is_list(field: GraphQLField) -> bool:
    return isinstance(get_nullable_type(field.type), GraphQLList) and not is_leaf_type(get_named_type(field.type))


def _ways() -> dict[str, tuple[Step, ...]]:
    """The shortest way of fields from Query to each object type that can be reached without a command."""
    ways: dict[str, tuple[Step, ...]] = {"Query": ()}
    waiting = ["Query"]
    while waiting:
        name = waiting.pop(0)
        for field, one in _objects()[name].fields.items():
            inner = get_named_type(one.type)
            if isinstance(inner, Object) and inner.name not in ways:
                ways[inner.name] = (*ways[name], (name, field))
                waiting.append(inner.name)
    return ways


def _lists() -> list[tuple[Step, ...]]:
    """A way to every list field, through the interface for what all classes share."""
    shared = set(SCHEMA.type_map["CI"].fields)  # type: ignore[attr-defined]  # an interface
    return [
        (*way, (name, field))
        for name, way in _ways().items()
        for field, one in _objects()[name].fields.items()
        if _is_list(one)
        and not (name != "CI" and field in shared and name in {t.name for t in SCHEMA.get_possible_types(_ci())})
    ]


def _ci() -> GraphQLInterfaceType:
    found = SCHEMA.type_map["CI"]
    assert isinstance(found, GraphQLInterfaceType)
    return found


def _leaves(made: Object) -> str:
    """All fields of a row that are values and need nothing."""
    simple = [n for n, f in made.fields.items() if is_leaf_type(get_named_type(f.type))]
    return " ".join(n for n in simple if not any(needed(a) for a in made.fields[n].args.values()))


def _document(way: tuple[Step, ...], known: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The question along a way, ending in the rows' own values."""
    heads, given = [], {}
    opened = ""
    for number, (parent, name) in enumerate(way):
        field = _objects()[parent].fields[name]
        asked = []
        for argument, value in arguments(field, known, parent, name).items():
            assert value is not None, f"the estate has no value for {parent}.{name}({argument}:)"
            heads.append(f"$v{number}{argument}: {field.args[argument].type}")
            given[f"v{number}{argument}"] = value
            asked.append(f"{argument}: $v{number}{argument}")
        if "first" in field.args:
            asked.append("first: 5")
        opened += name + (f"({', '.join(asked)})" if asked else "") + " { "
    last = get_named_type(_objects()[way[-1][0]].fields[way[-1][1]].type)
    assert isinstance(last, Object)
    inner = _leaves(last)
    if last.name.endswith("Connection") and "nodes" in last.fields:
        row = get_named_type(last.fields["nodes"].type)
        assert isinstance(row, Object)
        inner += f" nodes {{ {_leaves(row)} }}"
    head = f"query Q({', '.join(heads)}) " if heads else ""
    return f"{head}{{ {opened}{inner or '__typename'} {'} ' * (len(way) + 1)}", given


@pytest.mark.one_way
@pytest.mark.parametrize("way", _lists(), ids=lambda way: ".".join(f"{name}" for _, name in way))
def test_round_trips_of_every_list_field_are_at_most_two_and_its_depth(
    served: tuple[Services, list[str], Any], way: tuple[Step, ...]
) -> None:
    """Depth counts the fields on the way that lead on in the graph; what only wraps a page's rows is none of them."""
    of, sent, known = served
    text, given = _document(way, known)
    executor(of)._budgets.clear()  # so many questions in a minute are more than one person may put
    sent.clear()
    ask(of, text, ADMIN, **given)
    depth = sum(not parent.endswith(("Connection", "Edge")) for parent, _ in way)
    assert len(sent) <= 2 + depth, [text, *sent]


def test_the_ways_lead_to_more_than_the_lists_of_classes() -> None:
    """So that the test above means something."""
    found = {".".join(step) for way in _lists() for step in way[-1:]}
    assert {"HostConnection.nodes", "CI.claims", "ChildConnection.nodes", "Impact.items", "ChangeRequest.cis"} <= found
