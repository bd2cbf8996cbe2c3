"""Questions and commands made up from the schema alone, with values nobody would think of.

Half a character is not among them: the reader of bodies refuses it (the hostile corpus), so nothing behind sees one.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

ODD: tuple[Any, ...] = (
    "", " ", "'", '"', "\\", "`", "*", "%s", "..", "null", "-1", "a" * 3_000, "ß", "\u202e", "𝕏", "\u0000",
    "}) DETACH DELETE (n) //", "' OR 1=1 --", "ci_", "ci_0", "import:x/rows", "2030-13-45T99:99Z", "0000-01-01T00:00Z",
    "9999-12-31T23:59:59.999999Z", "2030-01-01T00:00:00+99:00", "PT", "P99999Y", "R/PT1H", "FREQ=DAILY;COUNT=0",
    "http://127.0.0.1/", "env:prod", "(a+)+$", "[", "{", "[]", "{}", "[[[[", "eyJ9", "AAAA", "1e309", "NaN",
)  # fmt: skip
NUMBERS = (0, 1, -1, 2, 5, 100, 101, 2**31 - 1, -(2**31), 2**53, 2**63, 10**30, 0.5, -0.0, 1e308, 1e-320)


class Fuzz:
    """A seeded source of documents; `known` are values of arguments, as in `support.asked`."""

    def __init__(self, schema: GraphQLSchema, seed: int, known: Mapping[str, Any]) -> None:
        self._schema, self._dice, self._known = schema, random.Random(seed), known
        values = [v for one in known.values() for v in (one if isinstance(one, list) else [one])]
        self._names = sorted({v for v in values if isinstance(v, str) and len(v) < 100})
        self._heads: list[str] = []
        self.variables: dict[str, Any] = {}

    def document(self, kind: str) -> str:
        """One operation with up to three root fields; what it needs is in `variables` then."""
        root = self._schema.mutation_type if kind == "mutation" else self._schema.query_type
        assert root is not None
        self._heads, self.variables = [], {}
        chosen = self._dice.sample(sorted(root.fields), 1 if kind == "mutation" else self._dice.randint(1, 3))
        fields = " ".join(f"r{n}: {self._field(name, root.fields[name], 3)}" for n, name in enumerate(chosen))
        head = f"({', '.join(self._heads)})" if self._heads else ""
        return f"{kind} Fuzz{head} {{ {fields} }}"

    def _field(self, name: str, field: GraphQLField, deeper: int) -> str:
        given = []
        for argument, one in field.args.items():
            if isinstance(one.type, GraphQLNonNull) or self._dice.random() < 0.25:
                variable = f"v{len(self._heads)}"
                self._heads.append(f"${variable}: {one.type}")
                self.variables[variable] = self._argument(name, argument, one.type)
                given.append(f"{argument}: ${variable}")
        inner = get_named_type(field.type)
        return (
            name
            + (f"({', '.join(given)})" if given else "")
            + ("" if is_leaf_type(inner) else self._selection(inner, deeper))
        )

    def _argument(self, field: str, name: str, of: GraphQLInputType) -> Any:
        """Mostly what makes sense, or nothing would ever be answered; else whatever the type can hold."""
        there = self._known.get(f"Query.{field}.{name}", self._known.get(name))
        if self._dice.random() < 0.3:
            return self._value(of, 4)
        if name == "number":
            return self._dice.choice([one for one in self._names if one[3:4] == "-" and one[:3].isupper()])
        if name == "first":
            return self._dice.randint(1, 8)
        return there if there is not None else self._value(of, 4)

    def _selection(self, of: Any, deeper: int) -> str:
        if isinstance(of, GraphQLUnionType):
            one = self._dice.choice(of.types)
            return f" {{ __typename ... on {one.name}{self._selection(one, deeper)} }}"
        assert isinstance(of, GraphQLObjectType | GraphQLInterfaceType)
        fits = {n: f for n, f in of.fields.items() if deeper > 0 or is_leaf_type(get_named_type(f.type))}
        chosen = self._dice.sample(sorted(fits), min(len(fits), self._dice.randint(1, 4)))
        return " { __typename " + " ".join(self._field(n, fits[n], deeper - 1) for n in chosen) + " }"

    def _value(self, of: GraphQLInputType, deeper: int) -> Any:
        dice, plain = self._dice, get_nullable_type(of)
        if plain is of and dice.random() < 0.1:
            return None
        if isinstance(plain, GraphQLList):
            return [self._value(plain.of_type, deeper - 1) for _ in range(dice.randint(0, 3))]
        if isinstance(plain, GraphQLEnumType):
            return dice.choice(sorted(plain.values))
        if isinstance(plain, GraphQLInputObjectType):
            return {
                name: self._value(one.type, deeper - 1)
                for name, one in plain.fields.items()
                if isinstance(one.type, GraphQLNonNull) or (deeper > 0 and dice.random() < 2 / len(plain.fields))
            }
        match getattr(plain, "name", ""):
            case "Boolean":
                return dice.random() < 0.5
            case "Int":
                return dice.choice(
                    [n for n in NUMBERS if isinstance(n, int) and abs(n) < 2**31] + [dice.randint(0, 30)]
                )
            case "Float":
                return dice.choice(NUMBERS)
            case "ID":
                return dice.choice([*self._names, *self._names, *ODD])
            case "String":
                return dice.choice([*self._names, *ODD])
            case _:  # a scalar of ours may be asked for with anything that JSON has
                return dice.choice([*self._names, *ODD, *NUMBERS, None, True, {}, {"a": [1]}, ["x"]])
