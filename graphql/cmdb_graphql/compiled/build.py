"""From the fields of a validated document to what completes them, type by type."""

from __future__ import annotations

from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from cmdb_graphql.compiled.fields import Completer, Field
from cmdb_graphql.compiled.leaves import Leaf
from cmdb_graphql.compiled.signals import Unsupported
from cmdb_graphql.compiled.values import Abstract, Listed, Objects, Plain, Selection, plain_of

Grouped = dict[str, list[FieldDetails]]


class Builder:
    """Builds selections of one operation, for one outcome of its @skip and @include.

    Which fields are asked is found by graphql-core's own functions, so it is the same by construction.
    """

    def __init__(
        self, schema: GraphQLSchema, converter: GraphQLCoreConverter, operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode], switches: VariableValues,
    ) -> None:  # fmt: skip
        self._schema, self._converter = schema, converter
        self._operation, self._switches = operation, switches
        self._fragments = {name: FragmentDetails(one) for name, one in fragments.items()}

    def root(self, parent: GraphQLObjectType) -> Selection:
        """What is asked of the root."""
        found = collect_fields(self._schema, self._fragments, self._switches, parent, self._operation, True)
        return self._selection(parent, found.grouped_field_set)

    def _selection(self, parent: GraphQLObjectType, grouped: Grouped) -> Selection:
        parts = {key: self._part(key, parent, details) for key, details in grouped.items()}
        template = {key: parent.name if part is None else None for key, part in parts.items()}
        plain = {key: part for key, part in parts.items() if isinstance(part, Plain)}
        return Selection.of(parent, template, plain, tuple(part for part in parts.values() if isinstance(part, Field)))

    def _part(self, key: str, parent: GraphQLObjectType, details: list[FieldDetails]) -> Plain | Field | None:
        name = details[0].node.name.value
        if name == "__typename":
            return None
        known = parent.fields.get(name)
        if known is None:
            raise Unsupported  # questions about the schema itself
        completer = self._completer(known.type, details, required=False)
        declared = known.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if isinstance(declared, StrawberryField) and declared.is_basic_field and plain_of(completer):
            # `class` is no name in Python, so attributes carry an underscore that rows do not.
            python = declared.python_name
            return Plain(name, python, python.rstrip("_"), _absent(declared), completer)
        return Field.of(key, [one.node for one in details], parent, completer, self._converter)

    def _completer(self, kind: GraphQLOutputType, details: list[FieldDetails], *, required: bool) -> Completer:
        match kind:
            case GraphQLNonNull():
                return self._completer(kind.of_type, details, required=True)
            case GraphQLList():
                return Listed(self._completer(kind.of_type, details, required=False), required)
            case GraphQLObjectType():
                return Objects(kind, required, self._inner(kind, details), self._schema)
            case GraphQLInterfaceType() | GraphQLUnionType():
                possible = {one.name: one for one in self._schema.get_possible_types(kind)}
                return Abstract(kind, required, possible, lambda made: self._inner(made, details))
        if not is_leaf_type(kind):
            raise Unsupported
        return Leaf.of(kind, required=required)

    def _inner(self, parent: GraphQLObjectType, details: list[FieldDetails]) -> Selection:
        found: Any = collect_subfields(
            self._schema, self._fragments, self._switches, self._operation, parent, details, True
        )
        return self._selection(parent, found.grouped_field_set)


def _absent(declared: StrawberryField) -> Any:
    """What a field is in a row that has no such property: an empty list for a list, else null."""
    made = declared.default_factory
    return made() if callable(made) else None
