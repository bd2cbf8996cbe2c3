"""Whole numbers of 64 bits."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, get_nullable_type

from cmdb.classes import catalogue
from cmdb.errors import Invalid
from cmdb_graphql.context import camel
from cmdb_graphql.long import LEAST, MOST, checked
from cmdb_graphql.schema import built


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """What is served, without processes."""
    return built({}).graphql


def test_every_size_in_bytes_is_a_long(schema: GraphQLSchema) -> None:
    """No attribute counted in bytes is an Int, which overflows at 2 GiB, or a Float, which prints decimals."""
    sizes = [(c.name, a) for c in catalogue().classes.values() for a in c.attributes if a.unit == "bytes"]
    assert sizes
    for name, attribute in sizes:
        made = schema.type_map[name]
        assert isinstance(made, GraphQLObjectType)
        assert str(get_nullable_type(made.fields[camel(attribute.name)].type)) == "Long", attribute.name


@pytest.mark.parametrize("value", [0, -1, 2**34, LEAST, MOST])
def test_a_whole_number_of_64_bits_is_itself(schema: GraphQLSchema, value: int) -> None:
    """In and out, a number that fits is the same number, and an integer."""
    made: Any = schema.type_map["Long"]
    for given in (made.serialize(value), made.parse_value(value)):
        assert (given, type(given)) == (value, int)


@pytest.mark.parametrize("value", [True, 1.0, "1", None, LEAST - 1, MOST + 1])
def test_what_is_no_long_is_refused(value: object) -> None:
    """Booleans, decimals, text and longer numbers are refused, never rounded or cut."""
    with pytest.raises(Invalid, match="Long"):
        checked(value)
