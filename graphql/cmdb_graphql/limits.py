"""What a question may cost: one pass over the document before anything else looks at it.

It counts what would be executed. A fragment is measured once per type it is spread on, so a query that spreads
fragments in fragments costs the pass no more than its text, and is refused for what it would have cost the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
)

from cmdb.errors import Invalid, TooLarge

CHARACTERS = 15_000
TOKENS = 1_000
DEPTH = 10
INTROSPECTION_DEPTH = 15
"""The standard introspection question of GraphQL tools is 13 deep and harmless: it reads the schema, not the graph."""
ALIASES = 15
DIRECTIVES = 20
ROOT_FIELDS = 10
COST = 5_000
COST_PER_MINUTE = 100_000
AT_ONCE = 4
DEADLINE = 10.0
BODY = 1024 * 1024
UNPAGED = 10
"""Rows assumed of a list without `first`."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a selection costs when it is executed."""

    depth: int = 0
    cost: int = 0
    aliases: int = 0
    directives: int = 0
    introspection: int = 0

    def beside(self, other: Measure) -> Measure:
        """Both, in one selection."""
        return Measure(
            max(self.depth, other.depth),
            self.cost + other.cost,
            self.aliases + other.aliases,
            self.directives + other.directives,
            max(self.introspection, other.introspection),
        )


@dataclass(frozen=True, slots=True)
class Operation:
    """The one operation of a document, measured."""

    kind: str
    name: str
    roots: frozenset[str]
    measure: Measure


@dataclass(slots=True)
class _Pass:
    """The state of one pass."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    memo: dict[tuple[str, str], Measure] = field(default_factory=dict)
    open: set[tuple[str, str]] = field(default_factory=set)
    roots: list[str] = field(default_factory=list)

    def selection(self, node: SelectionSetNode | None, parent: GraphQLNamedType | None, level: int) -> Measure:
        total = Measure()
        for part in node.selections if node else ():
            if level == 0 and isinstance(part, FieldNode):
                self.roots.append(part.name.value)
            total = total.beside(self.part(part, parent, level))
        return total

    def part(self, part: Any, parent: GraphQLNamedType | None, level: int) -> Measure:
        directives = Measure(directives=len(part.directives or ()))
        match part:
            case FieldNode():
                return self.field(part, parent, level).beside(directives)
            case InlineFragmentNode():
                on = self.schema.get_type(part.type_condition.name.value) if part.type_condition else parent
                return self.selection(part.selection_set, on, level).beside(directives)
            case FragmentSpreadNode():
                return self.fragment(part.name.value, level).beside(directives)
        return directives

    def fragment(self, name: str, level: int) -> Measure:
        found = self.fragments.get(name)
        if found is None:
            return Measure()  # validation names it
        key = (name, "root" if level == 0 else "")
        if key in self.open:
            raise Invalid(f"fragment {name} spreads itself", where="query")
        if key not in self.memo:
            self.open.add(key)
            on = self.schema.get_type(found.type_condition.name.value)
            self.memo[key] = self.selection(found.selection_set, on, level)
            self.open.discard(key)
        return self.memo[key]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int) -> Measure:
        name = node.name.value
        kind = self.type_of(name, parent)
        inner = self.selection(node.selection_set, get_named_type(kind) if kind else None, level + 1)
        alias = 1 if node.alias else 0
        if name.startswith("__"):  # the schema itself: no rows, no store
            return Measure(1, 1 + inner.cost, alias + inner.aliases, inner.directives, 1 + inner.depth)
        rows = self.rows(node, kind, parent)
        return Measure(
            1 + inner.depth, 1 + rows * inner.cost, alias + inner.aliases, inner.directives, inner.introspection
        )

    @staticmethod
    def type_of(name: str, parent: GraphQLNamedType | None) -> GraphQLOutputType | None:
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and name in parent.fields:
            return parent.fields[name].type
        return None

    def rows(self, node: FieldNode, kind: GraphQLOutputType | None, parent: GraphQLNamedType | None) -> int:
        """How many times the inner selection is executed."""
        first = next((a.value for a in node.arguments or () if a.name.value == "first"), None)
        if isinstance(first, IntValueNode):
            return max(1, int(first.value))
        if isinstance(first, VariableNode) and isinstance(given := self.variables.get(first.name.value), int):
            return max(1, given)
        declared = self.default_first(node.name.value, parent)
        if declared is not None:
            return declared
        paged = parent is not None and parent.name.endswith("Connection")  # its own `first` was counted above it
        return UNPAGED if kind is not None and isinstance(get_nullable_type(kind), GraphQLList) and not paged else 1

    @staticmethod
    def default_first(name: str, parent: GraphQLNamedType | None) -> int | None:
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and name in parent.fields:
            argument = parent.fields[name].args.get("first")
            if argument is not None and isinstance(argument.default_value, int):
                return argument.default_value
        return None


def measure(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> Operation:
    """The document's one operation and its cost, or a refusal that names the limit and the value."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if len(operations) != 1:
        raise Invalid(f"one operation per request, not {len(operations)}", where="query")
    operation = operations[0]
    state = _Pass(schema, fragments, variables)
    root = schema.get_root_type(operation.operation)
    total = state.selection(operation.selection_set, root, 0)
    total = total.beside(Measure(directives=len(operation.directives or ())))
    _refuse(total, len(state.roots))
    name = operation.name.value if operation.name else ""
    return Operation(operation.operation.value, name, frozenset(state.roots), total)


def _refuse(total: Measure, roots: int) -> None:
    for what, value, most in (
        ("depth", total.depth, INTROSPECTION_DEPTH if total.introspection else DEPTH),
        ("number of aliases", total.aliases, ALIASES),
        ("number of directives", total.directives, DIRECTIVES),
        ("number of root fields", roots, ROOT_FIELDS),
        ("cost", total.cost, COST),
    ):
        if value > most:
            hint = "; ask for fewer fields or smaller pages" if what == "cost" else ""
            raise TooLarge(f"the {what} is {_short(value)}, at most {most} is allowed{hint}", where="query")


def _short(value: int) -> str:
    return str(value) if value < 10**9 else f"about 10^{len(str(value)) - 1}"
