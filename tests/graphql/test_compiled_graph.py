"""Questions about a real graph, made from the schema at random, answered by plan and by graphql-core."""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    OperationType,
    get_named_type,
    get_operation_ast,
    is_leaf_type,
    is_required_argument,
    parse,
)
from support.executors import Both
from support.questions import ADMIN, estate, parts

from cmdb.errors import Invalid, TooLarge
from cmdb.store import Store
from cmdb_graphql.compiled import plan
from cmdb_graphql.schema import built
from cmdb_graphql.services import Services
from cmdb_processes.cli.server.processes import processes

OPERATIONS = sorted((Path(__file__).parents[2] / "graphql" / "operations").glob("*.graphql"))
TIMES = frozenset({"ageSeconds", "freshnessSeconds", "at", "lastSeen", "__schema", "__type"})
"""Fields that change while one looks."""


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_our_own_questions_are_compiled(path: Path) -> None:
    """What we hand out is fast: each question has a plan; a command or a subscription has none."""
    document = parse(path.read_text())
    operation = get_operation_ast(document)
    assert operation is not None
    assert (plan(BUILT.strawberry, document) is not None) == (operation.operation is OperationType.QUERY)


BUILT = built(processes())


class Flawed:
    """A real store with flaws that are the same whenever and in whatever batch one asks: some calls fail, and some rows
    have lost a value or hold one of another type."""

    def __init__(self, store: Store, salt: str) -> None:
        self._store, self._salt = store, salt

    def __getattr__(self, name: str) -> Any:
        """The store's own, flawed."""
        real = getattr(self._store, name)
        if not inspect.ismethod(real):
            return real

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._dice(name).random() < 0.08:
                raise self._dice(name).choice((ValueError("secret"), Invalid("no such thing"), TooLarge("too much")))
            return self._flawed(real(*args, **kwargs))

        return call

    def _flawed(self, found: Any) -> Any:
        if isinstance(found, list):
            return [self._flawed(one) for one in found]
        if isinstance(found, dict) and {"id", "class"} <= found.keys():
            return self._row(found)
        return {key: self._flawed(one) for key, one in found.items()} if type(found) is dict else found

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        dice = self._dice(row["id"])
        if dice.random() < 0.7:
            return row
        victim = dice.choice(sorted(row.keys() - {"id", "class", "parent", "source", "valid_from"}))
        return {**row, victim: dice.choice((None, 7, "x", True, [1], 1.5, b"raw", 2**70))}

    def _dice(self, what: str) -> Random:
        return Random(f"{self._salt}/{what}")


class Author:
    """Writes questions: valid ones, with values that are not always."""

    def __init__(self, dice: Random, ids: list[str]) -> None:
        self._dice, self._ids = dice, ids
        self._declared: dict[str, str] = {}
        self.variables: dict[str, Any] = {}
        self._aliases = 0

    def write(self) -> str:
        """A document with its variables and fragments."""
        root = BUILT.graphql.query_type
        assert root is not None
        names = self._dice.sample(sorted(root.fields), k=self._dice.choice((1, 1, 1, 2)))
        body = " ".join(self._field(name, root.fields[name], 3) for name in names)
        head = ", ".join(f"${name}: {kind}" for name, kind in self._declared.items())
        return f"query Q{f'({head})' if head else ''} {{ {body} }} {FRAGMENT if '...Named' in body else ''}"

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        given = [
            f"{argument}: {value}"
            for argument, one in field.args.items()
            if (is_required_argument(one) or self._dice.random() < 0.3) and (value := self._value(argument, one))
        ]
        alias = ""
        if given or self._dice.random() < 0.1:
            self._aliases += 1
            alias = f"a{self._aliases}: "
        inner = get_named_type(field.type)
        asked = "" if is_leaf_type(inner) else f" {{ {self._selection(inner, depth - 1)} }}"
        arguments = f"({', '.join(given)})" if given else ""
        return f"{alias}{name}{arguments}{self._switch()}{asked}"

    def _selection(self, kind: Any, depth: int) -> str:
        assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        fields = {name: field for name, field in kind.fields.items() if name not in TIMES}
        leaves = sorted(n for n, f in fields.items() if is_leaf_type(get_named_type(f.type)))
        objects = sorted(fields.keys() - set(leaves))
        names = self._dice.sample(leaves, k=min(len(leaves), self._dice.randint(0, 4)))
        if depth > 0:
            prefer = [n for n in objects if n in {"nodes", "edges", "node", "from", "to"}]
            names += prefer or self._dice.sample(objects, k=min(len(objects), self._dice.randint(0, 2)))
        made = ["__typename", *(self._field(name, fields[name], depth) for name in names)]
        if kind.name == "CI":
            made += ["... on Host { hostname cpuCores }", "...Named", "... on Service { listens k: key }"]
        self._dice.shuffle(made)
        return " ".join(made)

    def _switch(self) -> str:
        dice = self._dice
        if dice.random() > 0.1:
            return ""
        made = dice.choice((" @include(if: $yes)", " @skip(if: $yes)", " @skip(if: false)"))
        if "$yes" in made:
            self._declared["yes"], self.variables["yes"] = "Boolean!", self.variables.get("yes", dice.random() < 0.5)
        return made

    def _value(self, name: str, argument: GraphQLArgument) -> str | None:
        kind, named = str(argument.type), get_named_type(argument.type)
        words = named.values if isinstance(named, GraphQLEnumType) and "[" not in kind else ()
        choices: list[tuple[str, Any]] = [(word, word) for word in words] or self._choices(name, kind)
        if not choices:
            assert not is_required_argument(argument), f"no value is known for {name}: {kind}"
            return None
        literal, value = self._dice.choice(choices)
        if self._dice.random() < 0.5:
            return literal
        variable = f"v{len(self._declared)}"
        self._declared[variable], self.variables[variable] = kind, value
        return f"${variable}"

    def _choices(self, name: str, kind: str) -> list[tuple[str, Any]]:
        one = self._dice.choice([*self._ids, "ci_nobody"])
        texts = {
            "class": ("Host", "Service", "Nope"), "after": ("nonsense", one), "state": ("open",),
            "attribute": ("name", "cpuCores", "nope"), "payload": ("{}", "[]", "nonsense"),
        }  # fmt: skip
        match kind.strip("[]!"):
            case "ID":
                return [(f'"{one}"', one)] if "[" not in kind else [(f'["{one}"]', [one]), ("[]", [])]
            case "String":
                return [(f'"{text}"', text) for text in texts.get(name, ("web", "web1", one))]
            case "Int":
                return [("3", 3), ("1", 1), ("0", 0), ("5", 5)]
            case "Boolean":
                return [("true", True), ("false", False)]
            case "Moment":
                return [("1", 1), ('"2"', "2"), ("999999", 999_999)]
            case "HostFilter" | "CIFilter":
                return [('{name: {prefix: "web"}}', {"name": {"prefix": "web"}}), ("{rev: {gte: 1}}", {"or": []})]
        return []


FRAGMENT = "fragment Named on CI { name status n: name parent { name } }"


@pytest.fixture
def unlogged() -> Iterator[None]:
    """Nothing is logged: what is logged holds on to what was never awaited, beyond the test."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)
    gc.collect()


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[tuple[Services, list[str]]]:
    """Parts on a small estate, with the processes."""
    with parts(tmp_path / "home", store, processes().values()) as made:
        yield made, sorted(estate(store).values())


@pytest.mark.neo4j
# When an error cuts an answer short, graphql-core itself leaves what still waits never awaited.
@pytest.mark.filterwarnings("ignore:coroutine 'Executor")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("unlogged")
@pytest.mark.parametrize("flawed", [False, True])
def test_random_questions_have_one_answer(served: tuple[Services, list[str]], flawed: bool) -> None:
    """Fragments, aliases, directives, bad values of arguments; and with a store that fails here and there."""
    services, ids = served
    asked = refused = compiled = 0
    for seed in range(120):
        author = Author(Random(seed), ids)
        text = author.write()
        of = replace(services, store=cast(Store, Flawed(services.store, str(seed)))) if flawed else services
        run = Both(of, BUILT)
        try:
            planned, core = asyncio.run(run.compare(ADMIN, text, author.variables))
        except TooLarge:
            refused += 1
            continue
        assert planned == core, f"seed {seed}: {text} {author.variables}"
        asked, compiled = asked + 1, compiled + run.compiled
    assert asked > 60 and compiled > (10 if flawed else 40), (asked, refused, compiled)
