"""What a question may cost: one pass over the document before anything else looks at it.

It counts what would be executed. A fragment is measured once, so a query that spreads fragments in fragments costs the
pass no more than its text, and is refused for what it would have cost the server.

Questions about the schema itself read no graph, so their fields count once, however many types there are; instead each
`__schema` costs a flat 2,000 and each `__type` 100, they may be 15 deep (the standard question of GraphQL tools is 14),
and lists of fields, interfaces, possible types or input fields may not stand inside one another, which alone makes such
an answer grow without bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    StringValueNode,
    TypeMetaFieldDef,
    VariableNode,
    get_named_type,
    get_nullable_type,
)

from cmdb.errors import Invalid, TooLarge

CHARACTERS = 15_000
TOKENS = 1_000
DEPTH = 10
INTROSPECTION_DEPTH = 15
INTROSPECTION_COST = {"__schema": 2_000, "__type": 100}
INTROSPECTION_LISTS = frozenset({"fields", "interfaces", "possibleTypes", "inputFields"})
ALIASES = 15
DIRECTIVES = 20
ROOT_FIELDS = 10
REPEATS = 50
"""Times one field may be asked again beside itself; validation compares each with each."""
COST = 5_000
COST_PER_MINUTE = 100_000
AT_ONCE = 4
DEADLINE = 10.0
COMMAND_DEADLINE = 25.0
"""For a command, which goes on when nobody waits for it any more: who gave up would give it twice."""
BODY = 1024 * 1024
LARGE_BODY = 8 * 1024 * 1024
"""Bytes of a command with many rows, from who may give it: 10,000 rows of 800 bytes. One at a time."""
LARGE_BODY_PATIENCE = 30.0
"""Seconds in which all of a large body must be here: its place is the only one."""
UNPAGED = 10
"""Rows assumed of a list without `first`."""
VARIABLES_DEPTH = 20
"""Levels of objects and lists in the variables."""
VALUES = 2_000
"""Values in the variables, and in one list of them."""
TEXT = 4_000
"""Characters of one text in the variables of a question: the longest a name or cursor may need."""
FILTER_DEPTH = 10
"""Levels of objects in one filter, the comparison of an attribute being the last."""
COMPARISONS = 100
"""Comparisons in all filters of a question; each is looked at for each row."""
ROWS_PER_COST = 10
"""Lines of the argument `rows` that cost as much as one field: they are work too."""
_META: dict[str, GraphQLOutputType] = {"__schema": SchemaMetaFieldDef.type, "__type": TypeMetaFieldDef.type}
_MOST = 10**12
"""Where counting stops; the limits are far below, and numbers that double with each fragment stay small."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a selection costs when it is executed; `schema_…` is the part that asks about the schema itself."""

    depth: int = 0
    cost: int = 0
    aliases: int = 0
    directives: int = 0
    repeats: int = 0
    schema_depth: int = 0
    schema_lists: int = 0
    filter_depth: int = 0
    comparisons: int = 0
    once: int = 0
    """The cost of what stands beside the rows of a page, such as where it ends: once, however many rows there are."""

    def beside(self, other: Measure) -> Measure:
        """Both, in one selection: depths are the greater, the rest adds up."""
        return Measure(
            max(self.depth, other.depth),
            min(_MOST, self.cost + other.cost),
            min(_MOST, self.aliases + other.aliases),
            min(_MOST, self.directives + other.directives),
            min(_MOST, self.repeats + other.repeats),
            max(self.schema_depth, other.schema_depth),
            max(self.schema_lists, other.schema_lists),
            max(self.filter_depth, other.filter_depth),
            min(_MOST, self.comparisons + other.comparisons),
            min(_MOST, self.once + other.once),
        )


@dataclass(frozen=True, slots=True)
class Operation:
    """The one operation of a document, measured."""

    kind: str
    name: str
    roots: frozenset[str]
    types: frozenset[str]  # of the objects it reads
    measure: Measure
    varies: bool
    """Whether it costs more or less with other variables."""


@dataclass(slots=True)
class _Pass:
    """The state of one pass."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    memo: dict[str, Measure] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    varies: bool = False

    def selection(self, node: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Measure:
        asked: Counter[str] = Counter()
        total = self.parts(node, parent, asked)
        return total.beside(Measure(repeats=asked.total() - len(asked)))

    def parts(self, node: SelectionSetNode | None, parent: GraphQLNamedType | None, asked: Counter[str]) -> Measure:
        if parent is not None:
            self.types.add(parent.name)
        total = Measure()
        for part in node.selections if node else ():
            total = total.beside(Measure(directives=len(part.directives or ())))
            match part:
                case FieldNode():
                    asked[(part.alias or part.name).value] += 1
                    total = total.beside(self.field(part, parent))
                case InlineFragmentNode():
                    on = self.schema.get_type(part.type_condition.name.value) if part.type_condition else parent
                    total = total.beside(self.parts(part.selection_set, on, asked))
                case FragmentSpreadNode():
                    total = total.beside(self.fragment(part.name.value))
        return total

    def fragment(self, name: str) -> Measure:
        found = self.fragments.get(name)
        if found is None:
            return Measure()  # validation names it
        if name in self.open:
            raise Invalid(f"fragment {name} spreads itself", where="query")
        if name not in self.memo:
            self.open.add(name)
            inner = self.selection(found.selection_set, self.schema.get_type(found.type_condition.name.value))
            self.memo[name] = inner.beside(Measure(directives=len(found.directives or ())))
            self.open.discard(name)
        return self.memo[name]

    def field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        name, s = node.name.value, self.schema
        if parent is not None and parent in (s.query_type, s.mutation_type, s.subscription_type):
            self.roots.add(name)
        kind = self.type_of(name, parent)
        inner = self.selection(node.selection_set, get_named_type(kind) if kind else None)
        alias = Measure(aliases=1 if node.alias else 0).beside(self.filters(node, parent))
        if name in INTROSPECTION_COST or (parent is not None and parent.name.startswith("__")):
            return _of_schema(name, inner).beside(alias)
        cost = min(_MOST, 1 + self.rows(node, kind, parent) * inner.cost + inner.once + self.lines(node))
        beside = _is_page(parent) and kind is not None and not isinstance(get_nullable_type(kind), GraphQLList)
        priced = {"cost": 0, "once": cost} if beside else {"cost": cost, "once": 0}
        return replace(inner, depth=1 + inner.depth, **priced).beside(alias)

    def filters(self, node: FieldNode, parent: GraphQLNamedType | None) -> Measure:
        """What the field's filters hold, in the text and in the variables."""
        total = Measure()
        declared = parent.fields.get(node.name.value) if isinstance(parent, _WITH_FIELDS) else None
        for argument in node.arguments or ():
            kind = declared.args.get(argument.name.value) if declared else None
            if kind is not None and get_named_type(kind.type).name.endswith("Filter"):
                total = total.beside(self.filter(argument.value))
        return total

    def filter(self, value: Any) -> Measure:
        """Levels of objects, and values in them that are no objects. The text is as deep as the parser lets it be."""
        match value:
            case VariableNode():
                self.varies = True
                return self.filter(self.variables.get(value.name.value))
            case ObjectValueNode():
                inner = [self.filter(one.value) for one in value.fields]
            case ListValueNode():
                return _all(self.filter(one) for one in value.values if isinstance(one, _OF_OBJECTS)) or _ONE
            case Mapping():
                inner = [self.filter(one) for one in value.values()]
            case list():
                return _all(self.filter(one) for one in value if isinstance(one, Mapping | list)) or _ONE
            case _:
                return _ONE
        total = _all(inner) or _ONE  # an empty one is looked at too
        return replace(total, filter_depth=1 + total.filter_depth)

    @staticmethod
    def type_of(name: str, parent: GraphQLNamedType | None) -> GraphQLOutputType | None:
        if name in _META:
            return _META[name]
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and name in parent.fields:
            found: GraphQLOutputType = parent.fields[name].type
            return found
        return None

    def rows(self, node: FieldNode, kind: GraphQLOutputType | None, parent: GraphQLNamedType | None) -> int:
        """How many times the inner selection is executed."""
        first = next((a.value for a in node.arguments or () if a.name.value == "first"), None)
        if isinstance(first, VariableNode):
            self.varies = True
            first = self.variables.get(first.name.value)
        if isinstance(first, IntValueNode):
            return max(1, min(_MOST, int(first.value[:13])))  # longer ones are beyond any limit
        if isinstance(first, int) or (isinstance(first, float) and first.is_integer()):  # 100.0 is as good as 100
            return int(max(1, min(_MOST, first)))
        declared = self.default_first(node.name.value, parent)
        if declared is not None:
            return declared
        paged = _is_page(parent)  # its own `first` was counted above it
        return UNPAGED if kind is not None and isinstance(get_nullable_type(kind), GraphQLList) and not paged else 1

    def lines(self, node: FieldNode) -> int:
        """What the lines of an import cost."""
        given = next((a.value for a in node.arguments or () if a.name.value == "rows"), None)
        if isinstance(given, VariableNode):
            self.varies = True
            given = self.variables.get(given.name.value)
        text = given.value if isinstance(given, StringValueNode) else given
        return (text.count("\n") + 1) // ROWS_PER_COST if isinstance(text, str) else 0

    @staticmethod
    def default_first(name: str, parent: GraphQLNamedType | None) -> int | None:
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and name in parent.fields:
            argument = parent.fields[name].args.get("first")
            if argument is not None and isinstance(argument.default_value, int):
                return argument.default_value
        return None


_ONE = Measure(comparisons=1)
_WITH_FIELDS = (GraphQLObjectType, GraphQLInterfaceType)
_OF_OBJECTS = (ObjectValueNode, ListValueNode, VariableNode)


def _all(found: Iterable[Measure]) -> Measure | None:
    """All of them beside one another; None when there are none."""
    total: Measure | None = None
    for one in found:
        total = one if total is None else total.beside(one)
    return total


def _is_page(parent: GraphQLNamedType | None) -> bool:
    return parent is not None and parent.name.endswith("Connection")


def _of_schema(name: str, inner: Measure) -> Measure:
    flat = INTROSPECTION_COST.get(name, 0)
    return replace(
        inner,
        depth=1 if flat else 0,
        cost=min(_MOST, 1 + flat + inner.cost),
        schema_depth=1 + inner.schema_depth,
        schema_lists=inner.schema_lists + (name in INTROSPECTION_LISTS),
    )


def measure(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> Operation:
    """The document's one operation and its cost, or a refusal that names the limit and the value."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if len(operations) != 1:
        raise Invalid(f"one operation per request, not {len(operations)}", where="query")
    operation = operations[0]
    state = _Pass(schema, fragments, {**_defaults(operation), **variables})
    total = state.selection(operation.selection_set, schema.get_root_type(operation.operation))
    total = total.beside(Measure(directives=len(operation.directives or ())))
    _refuse(total, _root_fields(operation.selection_set, fragments))
    name = operation.name.value if operation.name else ""
    return Operation(
        operation.operation.value, name, frozenset(state.roots), frozenset(state.types), total, state.varies
    )


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    """Variables left out of a request have the values the document gives them, as its text has them."""
    return {v.variable.name.value: v.default_value for v in operation.variable_definitions or () if v.default_value}


def _root_fields(node: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """How many different root fields are executed, fragments followed once each."""
    names: set[str] = set()
    seen: set[str] = set()
    waiting = [node]
    while waiting:
        for part in waiting.pop().selections:
            match part:
                case FieldNode():
                    names.add((part.alias or part.name).value)
                case InlineFragmentNode():
                    waiting.append(part.selection_set)
                case FragmentSpreadNode() if part.name.value not in seen and part.name.value in fragments:
                    seen.add(part.name.value)
                    waiting.append(fragments[part.name.value].selection_set)
    return len(names)


def _refuse(total: Measure, roots: int) -> None:
    hint = "; ask for fewer fields or smaller pages"
    _each(
        ("depth", total.depth, DEPTH, ""),
        ("depth of the question about the schema", total.schema_depth, INTROSPECTION_DEPTH, ""),
        ("number of lists inside lists in the question about the schema", total.schema_lists, 1, ""),
        ("number of aliases", total.aliases, ALIASES, ""),
        ("number of directives", total.directives, DIRECTIVES, ""),
        ("number of root fields", roots, ROOT_FIELDS, ""),
        ("number of fields asked again beside themselves", total.repeats, REPEATS, ""),
        ("depth of a filter", total.filter_depth, FILTER_DEPTH, ""),
        ("number of comparisons in filters", total.comparisons, COMPARISONS, ""),
        ("cost", total.cost, COST, hint),
    )


def _each(*checks: tuple[str, int, int, str], where: str = "query") -> None:
    for what, value, most, hint in checks:
        if value > most:
            shown = f"{value:,}" if value < _MOST else f"{_MOST:,} or more"
            raise TooLarge(f"the {what} is {shown}, at most {most:,} is allowed{hint}", where=where)


def check_variables(variables: Mapping[str, Any]) -> None:
    """Refuse variables that are deeper or more than any question of ours needs; one walk, level by level."""
    level: list[Any] = [variables]
    depth = count = 0
    while level:
        level = [inner for value in level for inner in _inner(value)]
        depth, count = depth + 1, count + len(level)
        _each(("depth of the variables", depth, VARIABLES_DEPTH, ""), where="variables")
        _each(("number of values in the variables", count, VALUES, ""), where="variables")


def check_texts(variables: Mapping[str, Any]) -> None:
    """Refuse a text longer than any question needs: it would be compared with every row."""
    waiting: list[Any] = [variables]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            _each(("length of a text in the variables", len(value), TEXT, ""), where="variables")
        waiting.extend(_inner(value))


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
