"""The swift executor is graphql-core to whoever looks at its answers."""

from __future__ import annotations

import asyncio
import math
from random import Random
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import strawberry
from graphql import ExecutionResult, GraphQLSchema, parse
from graphql.execution import execute

from cmdb_graphql.swift import SwiftExecutor


@strawberry.interface(description="Has a name.")
class Named:
    """What all have."""

    name: str


@strawberry.type(description="A thing.")
class Thing(Named):
    """Every kind of plain field, and some that are not."""

    text: str | None
    id: strawberry.ID
    count: int
    size: float | None
    on: bool | None
    words: list[str]
    inner: Thing | None
    many: list[Named]

    @strawberry.field
    def shout(self) -> str:
        """A field with a resolver."""
        return self.name.upper()

    @strawberry.field
    async def later(self, times: int = 1) -> str:
        """A field that waits."""
        await asyncio.sleep(0)
        return self.name * times

    @classmethod
    def is_type_of(cls, _source: Any, _info: Any) -> bool:
        """Any object will do."""
        return True


@strawberry.type
class Query:
    """The root."""

    things: list[Thing | None]


SCHEMA: GraphQLSchema = strawberry.Schema(query=Query, types=[Thing])._schema

ODD = (None, 1, 2**31, -(2**31), 2**60, 1.5, 7.0, math.nan, math.inf, True, "x", b"x", [], ["a"], [1], ())
PROPER: dict[str, tuple[Any, ...]] = {
    "name": ("a", "é"), "text": (None, "", "b"), "id": ("ci_1",), "count": (0, -(2**31), 2**31 - 1),
    "size": (None, 0.5, -1e300), "on": (None, True, False), "words": ([], ["a", "b"]),
}  # fmt: skip
# Not `later`: when an error cuts an answer short, graphql-core itself leaves what still waits never awaited.
LEAVES = (
    "name", "text", "id", "count", "size", "on", "words", "a: name", "b: count", "shout",
    "__typename", "... { text on }", "text @skip(if: true)", "size @include(if: true)",
)  # fmt: skip


def thing(dice: Random, depth: int = 2) -> Any:
    """A thing whose values are mostly proper; now and then one is odd, or missing."""
    values = {name: dice.choice(ODD if dice.random() < 0.08 else proper) for name, proper in PROPER.items()}
    values["inner"] = thing(dice, depth - 1) if depth and dice.random() < 0.5 else None
    values["many"] = [thing(dice, depth - 1) for _ in range(dice.randint(0, 2))] if depth else []
    if dice.random() < 0.05:
        del values[dice.choice(sorted(values))]
    return SimpleNamespace(**values)


def selection(dice: Random, depth: int = 2) -> str:
    """What to ask of a thing."""
    found = dice.choices(LEAVES, k=dice.randint(1, 6))
    if depth and dice.random() < 0.6:
        found.append(f"inner {{ {selection(dice, depth - 1)} }}")
    if depth and dice.random() < 0.6:
        found.append(f"many {{ name ... on Thing {{ {selection(dice, depth - 1)} }} }}")
    dice.shuffle(found)
    return " ".join(found)


def run(text: str, root: Any, executor: Any) -> tuple[bytes, list[tuple[str, Any]]]:
    """The answer as bytes, and its errors."""

    async def work() -> ExecutionResult:
        result: Any = execute(SCHEMA, parse(text), root_value=root, executor_class=executor)
        done: ExecutionResult = await result if asyncio.iscoroutine(result) else result
        return done

    done = asyncio.run(work())
    return orjson.dumps(done.data), [(error.message, error.path) for error in done.errors or ()]


@pytest.mark.parametrize("seed", range(0, 400, 20))
def test_answers_and_errors_are_those_of_graphql_core(seed: int) -> None:
    """On any values, odd ones included, data, nulls and their spread, errors, their order and paths are the same."""
    for each in range(seed, seed + 20):
        dice = Random(each)
        root = SimpleNamespace(things=[thing(dice) for _ in range(dice.randint(0, 3))])
        text = f"{{ things {{ {selection(dice)} }} }}"
        assert run(text, root, SwiftExecutor) == run(text, root, None), (each, text)


def test_keys_come_in_the_order_of_the_question() -> None:
    """Plain and other fields are mixed in the answer as they were in the question."""
    one = SimpleNamespace(name="a", count=1, text=None, size=None, on=True, words=["w"], id="i", inner=None, many=[])
    answer, errors = run("{ things { count shout text later name } }", SimpleNamespace(things=[one]), SwiftExecutor)
    assert answer == b'{"things":[{"count":1,"shout":"A","text":null,"later":"a","name":"a"}]}'
    assert errors == []
