"""From a validated document to its plan, and from a plan to an answer."""

from __future__ import annotations

from typing import Any

import strawberry
from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLNonNull,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    located_error,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.language import Visitor, visit
from graphql.pyutils import is_awaitable
from graphql.type import GraphQLResolveInfo

from cmdb.errors import StoreUnavailable
from cmdb_graphql.compiled.build import Builder
from cmdb_graphql.compiled.run import Run
from cmdb_graphql.compiled.signals import Failed, Unsupported
from cmdb_graphql.compiled.values import Selection

MAX_ERRORS = 5
"""Faults named of one set of variables."""
_WAYS = 16
"""Selections kept of one document, by what its @skip and @include come to."""


def plan(schema: strawberry.Schema, document: DocumentNode) -> Plan | None:
    """How to execute a valid document; None: graphql-core has to."""
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    seen = _Directives()
    visit(document, seen)
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY or operations[0].directives:
        return None
    if seen.names - {"skip", "include"} or any(one.variable_definitions for one in fragments.values()):
        return None
    made = Plan(schema, operations[0], fragments, sorted(seen.variables))
    try:  # what is compiled at all is decided here; only what depends on the types met comes later
        made.selection(VariableValues({}, dict.fromkeys(seen.variables, True)))
    except Exception:  # whatever it is: graphql-core knows what to say
        return None
    return made


class _Directives(Visitor):
    """The directives of a document, and the variables in them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.variables: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        self.names.add(node.name.value)
        self.variables.update(a.value.name.value for a in node.arguments or () if isinstance(a.value, VariableNode))


class Plan:
    """One operation, prepared. It may be executed by several threads at once."""

    def __init__(
        self, schema: strawberry.Schema, operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode], switches: list[str],
    ) -> None:  # fmt: skip
        self._schema, self._converter = schema._schema, schema.schema_converter
        self._operation, self._fragments, self._switches = operation, fragments, switches
        self._selections: dict[tuple[Any, ...], Selection] = {}

    async def execute(self, context: Any, variables: dict[str, Any]) -> ExecutionResult | None:
        """The answer, or None: graphql-core has to answer instead."""
        given = self._given(variables)
        if isinstance(given, list):
            return None
        run = Run(context, given, self._info(context, given))
        try:
            selection = self.selection(given)
            (answer,) = selection.select(run, [None])
            await run.finish()
        except Failed as failed:
            return self._failure(failed, selection)
        except Exception:  # every way of going wrong is graphql-core's to report
            return None
        finally:
            run.close()
        return ExecutionResult(answer, None)

    def selection(self, given: VariableValues) -> Selection:
        """What is asked of the root, with these variables."""
        key = tuple(given.coerced.get(name) for name in self._switches)
        found = self._selections.get(key)
        if found is None:
            root = self._schema.query_type
            if root is None:
                raise Unsupported
            # The other variables are not kept: they may be a megabyte, and select nothing.
            kept = VariableValues({}, {n: given.coerced[n] for n in self._switches if n in given.coerced})
            found = Builder(self._schema, self._converter, self._operation, self._fragments, kept).root(root)
            if len(self._selections) < _WAYS:
                self._selections[key] = found
        return found

    def _given(self, variables: dict[str, Any]) -> VariableValues | list[Any]:
        declared = self._operation.variable_definitions
        if not declared:
            return VariableValues({}, {})
        return get_variable_values(self._schema, declared, variables, max_errors=MAX_ERRORS, hide_suggestions=True)

    def _failure(self, failed: Failed, selection: Selection) -> ExecutionResult | None:
        """The answer when the only root field failed itself, as most failures are; or the store, wherever it was.

        The store is not asked once more: it would be waited for twice, and the whole request fails anyway.
        """
        field, lost = failed.field, isinstance(failed.error, StoreUnavailable)
        own = selection.fields == (field,)
        if not own and not lost:
            return None
        error = located_error(failed.error, field.nodes, [field.key])
        answer = None
        if own and not isinstance(field.graphql.type, GraphQLNonNull):
            answer = dict(selection.template)
        return ExecutionResult(answer, [error])

    def _info(self, context: Any, given: VariableValues) -> GraphQLResolveInfo[Any]:
        nothing: Any = None  # what a batch has no one value of; a field fills in its own
        return GraphQLResolveInfo(
            "", [], nothing, nothing, nothing, self._schema, self._fragments, None, self._operation, given, context,
            is_awaitable, None, nothing,
        )  # fmt: skip
