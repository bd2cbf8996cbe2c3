"""The compiled executor is graphql-core to whoever looks at its answers."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Annotated, Any

import pytest
import strawberry
from graphql import parse, validate
from strawberry.dataloader import DataLoader
from strawberry.scalars import JSON
from support.executors import by_core, by_plan, said

from cmdb_graphql.compiled import plan


@strawberry.enum(description="A colour.")
class Colour(Enum):
    """Of things."""

    RED = "red"
    BLUE = "blue"


@strawberry.interface(description="Has a name.")
class Named:
    """What all have."""

    name: str


@strawberry.type(description="A part.")
class Part(Named):
    """The other kind of what is named."""

    weight: float

    @classmethod
    def is_type_of(cls, source: Any, _info: Any) -> bool:
        """By what it has."""
        return "weight" in vars(source)


@strawberry.type(description="A pair.")
class Pair:
    """An object without an interface."""

    left: int
    right: Thing | None


Any2 = Annotated[Part | Pair, strawberry.union("Any2", description="One or the other.")]


@strawberry.type(description="A thing.")
class Thing(Named):
    """Every kind of field."""

    text: str | None
    id: strawberry.ID
    count: int
    size: float | None
    on: bool | None
    words: list[str]
    colour: Colour | None
    free: JSON | None
    inner: Thing | None
    must: Thing
    many: list[Named]
    maybe: list[Named | None] | None
    grid: list[list[int]] | None
    either: Any2 | None

    @classmethod
    def is_type_of(cls, source: Any, _info: Any) -> bool:
        """By what it has."""
        return "count" in vars(source)

    @strawberry.field
    def shout(self, times: int = 1, mark: str | None = None) -> str:
        """A field with a resolver and arguments."""
        if mark == "boom":
            raise ValueError("too loud")
        return self.name.upper() * times + (mark or "")

    @strawberry.field
    async def later(self, times: int = 1) -> str:
        """A field that waits its turn."""
        await asyncio.sleep(0)
        return self.name * times

    @strawberry.field
    async def loaded(self, info: strawberry.Info) -> Thing | None:
        """A field that waits for a batch."""
        found: Thing | None = await info.context.loader.load(self.id)
        return found


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def things(self, info: strawberry.Info) -> list[Thing | None]:
        """Things."""
        found: list[Thing | None] = info.context.things
        return found

    @strawberry.field
    def fails(self, info: strawberry.Info, how: str = "plain") -> str | None:
        """Never has a value."""
        raise ValueError(how)

    @strawberry.field
    def must_fail(self) -> str:
        """Never has a value and always should."""
        raise ValueError("never")


SCHEMA = strawberry.Schema(query=Query, types=[Thing, Part])

ODD = (
    None,
    1,
    2**31,
    -(2**31),
    2**60,
    1.5,
    7.0,
    math.nan,
    math.inf,
    True,
    "x",
    b"x",
    [],
    ["a"],
    [1],
    (),
    ValueError("v"),
)
PROPER: dict[str, tuple[Any, ...]] = {
    "name": ("a", "é"), "text": (None, "", "b"), "id": ("one", "two"), "count": (0, -(2**31), 2**31 - 1),
    "size": (None, 0.5, -1e300), "on": (None, True, False), "words": ([], ["a", "b"]),
    "colour": (None, Colour.RED, Colour.BLUE), "free": (None, 1, {"a": [1, None]}, "t"),
    "grid": (None, [], [[1], [], [2, 3]]),
}  # fmt: skip


class Made:
    """An object with these attributes and no more."""

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)


def thing(dice: Random, odd: float, depth: int = 2) -> Any:
    """A thing whose values are proper but for the given share, where they are of another type, null or missing."""
    values = {name: dice.choice(ODD if dice.random() < odd else proper) for name, proper in PROPER.items()}
    less = max(0, depth - 1)
    values["inner"] = thing(dice, odd, less) if depth and dice.random() < 0.5 else None
    values["must"] = thing(dice, odd, less) if depth and dice.random() >= odd else None
    values["many"] = [named(dice, odd, less) for _ in range(dice.randint(0, 2))] if depth else []
    values["maybe"] = [None, named(dice, odd, less)] if depth and dice.random() < 0.5 else None
    values["either"] = dice.choice((None, Part(name="p", weight=1.0), Pair(left=1, right=None)))
    if dice.random() < odd:
        values["many"] = dice.choice((None, [None], "text", [ValueError("v")], {"a": 1}))
    if dice.random() < odd / 2:
        del values[dice.choice(sorted(values))]
    made: Any = object.__new__(Thing) if dice.random() < 0.5 else object.__new__(type("Other", (Thing,), {}))
    vars(made).update(values)
    return made


def named(dice: Random, odd: float, depth: int) -> Any:
    """A thing or a part."""
    return thing(dice, odd, depth) if dice.random() < 0.6 else Part(name="p", weight=2.5)


LEAVES = (
    "name", "text", "id", "count", "size", "on", "words", "colour", "free", "grid", "a: name", "b: count", "shout",
    "s: shout(times: 2)", "c: shout(mark: $mark)", "d: shout(times: $times)", "__typename", "t: __typename",
    "... { text on }", "... on Thing { e: text }", "...Small", "text @skip(if: $yes)", "size @include(if: $yes)",
    "... @include(if: $yes) { f: id }", "...Small @skip(if: true)",
    "either { __typename ... on Part { weight } ... on Pair { left right { name } } }",
)  # fmt: skip
WAITING = ("later", "g: later(times: 3)", "loaded { name count later }")
HEAD = "query Q($yes: Boolean!, $mark: String, $times: Int! = 2)"
TAIL = "fragment Small on Thing { name h: count inner { name } }"


def selection(dice: Random, leaves: tuple[str, ...], depth: int = 2) -> str:
    """What to ask of a thing."""
    found = dice.sample(leaves, k=dice.randint(1, 6))
    if depth:
        for field in dice.sample(("inner", "must"), k=dice.randint(0, 2)):
            found.append(f"{field} {{ {selection(dice, leaves, depth - 1)} }}")
        for field in dice.sample(("many", "maybe"), k=dice.randint(0, 2)):
            found.append(f"{field} {{ name __typename ... on Thing {{ {selection(dice, leaves, depth - 1)} }} }}")
    dice.shuffle(found)
    return " ".join(found)


@dataclass
class Context:
    """What resolvers are given."""

    things: Any
    loader: Any = None


def context(things: list[Any]) -> Context:
    """A fresh one, as each question has."""
    made = Context(things)

    async def load(ids: list[Any]) -> list[Any]:
        return [next((one for one in things if one is not None and vars(one).get("id") == i), None) for i in ids]

    made.loader = DataLoader(load_fn=load)
    return made


async def both(text: str, things: list[Any], variables: dict[str, Any]) -> tuple[Any, Any]:
    """Both answers; the plan's is None when it left the question."""
    document = parse(text)
    assert validate(SCHEMA._schema, document) == [], text
    planned = await by_plan(SCHEMA, document, variables, context(things))
    core = await by_core(SCHEMA, document, variables, context(things))
    return None if planned is None else said(planned), said(core)


def used(body: str) -> str:
    """The document of a body, with only the variables and the fragment it uses."""
    declared = {"yes": "$yes: Boolean!", "mark": "$mark: String", "times": "$times: Int! = 2"}
    heads = [text for name, text in declared.items() if f"${name}" in body]
    head = f"query Q({', '.join(heads)})" if heads else "query Q"
    return f"{head} {{ {body} }} {TAIL if '...Small' in body else ''}"


@pytest.mark.parametrize("seed", range(0, 400, 20))
def test_answers_and_errors_are_those_of_graphql_core(seed: int) -> None:
    """On any values, odd ones included, what the plan answers is the same byte for byte; else it leaves the question.

    Fields that wait are asked of proper values only: when an error cuts an answer short, graphql-core itself leaves
    what still waits never awaited.
    """
    answered = 0
    for each in range(seed, seed + 20):
        dice = Random(each)
        odd = dice.choice((0.0, 0.0, 0.01, 0.08))
        things = [thing(dice, odd) if dice.random() < 0.9 else None for _ in range(dice.randint(0, 4))]
        leaves = LEAVES if odd else (*LEAVES, *WAITING)
        text = used(f"things {{ {selection(dice, leaves)} }}")
        variables = {"yes": dice.random() < 0.5, "mark": dice.choice((None, "!", "boom" if odd else "?"))}
        if dice.random() < 0.3:
            variables["times"] = dice.choice((1, 3, "x", None, 2**40))
        planned, core = asyncio.run(both(text, things, variables))
        assert planned in (None, core), (each, text)
        answered += planned is not None
    assert answered >= 5


@pytest.mark.parametrize(
    "text",
    [
        "{ fails }", "{ mustFail }", '{ a: fails(how: "loud") t: __typename }', "{ mustFail __typename }",
        'query($h: String! = "by variable") { fails(how: $h) }',
    ],
)  # fmt: skip
def test_a_root_field_that_fails_is_answered_without_asking_again(text: str) -> None:
    """The most common error costs no second execution, and is said as graphql-core says it."""
    planned, core = asyncio.run(both(text, [], {}))
    assert planned == core and core[1]


@pytest.mark.parametrize(
    "text", ["{ a: fails b: mustFail }", '{ things { shout(mark: "boom") } }', "{ fails things { name } }"]
)
def test_other_failures_are_left_to_graphql_core(text: str) -> None:
    """Two that fail, or one inside: their order and the spread of nulls are not ours to tell."""
    planned, core = asyncio.run(both(text, [thing(Random(1), 0.0)], {}))
    assert planned is None and core[1]


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { queryType { name } } }",
        '{ __type(name: "Thing") { name } }',
        "{ things { name } __schema { __typename } }",
    ],
)
def test_the_schema_itself_is_left_to_graphql_core(text: str) -> None:
    """The whole operation, decided when it is compiled."""
    assert plan(SCHEMA, parse(text)) is None


def test_keys_come_in_the_order_of_the_question() -> None:
    """Plain fields, fields with resolvers and those that wait are mixed in the answer as they were asked."""
    one = thing(Random(4), 0.0)
    planned, core = asyncio.run(both("{ things { count shout text later name loaded { id } words } }", [one], {}))
    assert planned == core


def test_a_level_is_one_batch() -> None:
    """However many objects a level has and however they are reached, its loads are asked together, once."""
    things = [thing(Random(seed), 0.0) for seed in range(20)]
    for place, each in enumerate(things):
        each.id = str(place)
    made, calls = context(things), []
    load = made.loader.load_fn

    async def counted(ids: list[Any]) -> list[Any]:
        calls.append(len(ids))
        found: list[Any] = await load(ids)
        return found

    made.loader = DataLoader(load_fn=counted, cache=False)
    document = parse("{ things { loaded { loaded { id } } } }")
    done = asyncio.run(by_plan(SCHEMA, document, {}, made))
    assert done is not None and done.data is not None
    assert [one["loaded"]["loaded"]["id"] for one in done.data["things"]] == [str(n) for n in range(20)]
    assert calls == [20, 20]
