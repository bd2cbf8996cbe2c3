"""What questions need to be asked: a value for every argument of the schema, taken from the small estate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLArgument, GraphQLField, GraphQLNonNull, Undefined


def values(ids: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """Values by the name of an argument or variable."""
    return {
        "id": ids["web1"], "of": [ids["neo4j"], ids["epicentre"]], "cis": [ids["web1"]], "from": ids["shop"],
        "to": ids["neo4j"], "name": "web", "text": "web", "by": "CLASS", "class": "Host", "olderThan": 0.0, **more,
    }  # fmt: skip


def needed(argument: GraphQLArgument) -> bool:
    """Whether a question cannot leave it out."""
    return isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined


def arguments(field: GraphQLField, known: Mapping[str, Any], parent: str = "", name: str = "") -> dict[str, Any]:
    """Values for the arguments that a field needs; `Query.field.argument` is more exact than `argument`."""
    return {a: known.get(f"{parent}.{name}.{a}", known.get(a)) for a, one in field.args.items() if needed(one)}
