"""One field of a selection, asked of a batch of objects at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import iscoroutine
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from graphql import FieldNode, GraphQLField, GraphQLObjectType, VariableNode
from graphql.execution.values import get_argument_values
from graphql.language import Visitor, visit
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from cmdb_graphql.compiled.signals import Failed, Unsupported

if TYPE_CHECKING:
    from cmdb_graphql.compiled.run import Answers, Run


class Completer(Protocol):
    """Turns what resolvers gave, for a whole batch, into what is answered."""

    def complete(self, run: Run, values: Sequence[Any]) -> Sequence[Any]:
        """As many as there were, in their order. Raises Odd when graphql-core would report an error."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field that is more than a plain value: it has a resolver, or objects in it."""

    key: str
    nodes: list[FieldNode]
    parent: GraphQLObjectType
    graphql: GraphQLField
    declared: StrawberryField
    completer: Completer
    converter: GraphQLCoreConverter
    constant: dict[str, Any] | None
    """Its converted arguments, when they hold no variable and nothing that could be changed."""
    info: str | None
    """What the function calls its info, if it takes one."""
    function: Callable[..., Any]
    bound: bool
    """Whether the function takes the object itself."""

    @classmethod
    def of(
        cls, key: str, nodes: list[FieldNode], parent: GraphQLObjectType, completer: Completer,
        converter: GraphQLCoreConverter,
    ) -> Field:  # fmt: skip
        """For the nodes of one response key. Raises Unsupported."""
        graphql = parent.fields[nodes[0].name.value]
        declared = graphql.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if not isinstance(declared, StrawberryField) or declared.extensions or converter.exception_handlers:
            raise Unsupported
        resolver = declared.base_resolver
        function: Callable[..., Any] = attrgetter(declared.python_name)
        if resolver is not None:
            if resolver.parent_parameter or resolver.root_parameter or not callable(resolver.wrapped_func):
                raise Unsupported
            function = resolver.wrapped_func
        bound = resolver is None or bool(resolver.self_parameter)
        constant = _constant(graphql, nodes[0], declared, converter) if resolver is not None else {}
        info = resolver.info_parameter.name if resolver is not None and resolver.info_parameter else None
        return cls(key, nodes, parent, graphql, declared, completer, converter, constant, info, function, bound)

    def ask(self, run: Run, sources: Sequence[Any], answers: Answers) -> None:
        """Resolve it for all objects of a batch."""
        try:
            given = {} if self.declared.base_resolver is None else self._arguments(run)
        except Exception as error:
            raise Failed(self, error) from error
        run.settle(self, self._resolved(sources, given), answers)

    def put(self, run: Run, values: Sequence[Any], answers: Answers) -> None:
        """Complete the values and put them into the answers."""
        key = self.key
        for answer, value in zip(answers, self.completer.complete(run, values), strict=True):
            answer[key] = value

    def _resolved(self, sources: Sequence[Any], given: dict[str, Any]) -> list[Any]:
        function, bound, made = self.function, self.bound, []
        try:
            for source in sources:
                made.append(function(source, **given) if bound else function(**given))
        except Exception as error:
            for one in made:
                if iscoroutine(one):
                    one.close()
            raise Failed(self, error) from error
        return made

    def _arguments(self, run: Run) -> dict[str, Any]:
        """The keyword arguments of the resolver, converted once for all objects of one execution."""
        known = run.shared.get(self)
        if known is None:
            known, info = self.constant, self._info(run)
            if known is None:
                given = get_argument_values(self.graphql, self.nodes[0], run.variables, None, hide_suggestions=True)
                known = _converted(self.declared, self.converter, given, info)
            if self.info is not None:
                known = {**known, self.info: info}
            run.shared[self] = known
        return known

    def _info(self, run: Run) -> Any:
        raw = run.info._replace(
            field_name=self.nodes[0].name.value, field_nodes=self.nodes, return_type=self.graphql.type,
            parent_type=self.parent,
        )  # fmt: skip
        return self.converter.config.info_class(_raw_info=raw, _field=self.declared)


def _converted(
    declared: StrawberryField, converter: GraphQLCoreConverter, given: dict[str, Any], info: Any = None
) -> dict[str, Any]:
    registry, config = converter.scalar_registry, converter.config
    return convert_arguments(given, declared.arguments, scalar_registry=registry, config=config, info=info)


def _constant(
    graphql: GraphQLField, node: FieldNode, declared: StrawberryField, converter: GraphQLCoreConverter
) -> dict[str, Any] | None:
    if any(_holds_variable(argument.value) for argument in node.arguments or ()):
        return None
    given = get_argument_values(graphql, node, None, None, hide_suggestions=True) if graphql.args else {}
    fixed = all(isinstance(value, str | int | float | None) for value in given.values())
    return _converted(declared, converter, given) if fixed else None


class _Variables(Visitor):
    """Notes whether a variable was met."""

    def __init__(self) -> None:
        super().__init__()
        self.met = False

    def enter_variable(self, *_: Any) -> None:
        self.met = True


def _holds_variable(value: Any) -> bool:
    if isinstance(value, VariableNode):
        return True
    seen = _Variables()
    visit(value, seen)
    return seen.met
