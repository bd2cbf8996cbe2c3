"""One execution of a plan: what its fields share, and what they wait for, level by level."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any

from cmdb_graphql.compiled.signals import Failed

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo
    from graphql.execution.values import VariableValues

    from cmdb_graphql.compiled.fields import Field

Answers = list[dict[str, Any]]


@dataclass(slots=True)
class Waiting:
    """One field of a batch, some of whose values are still coroutines."""

    field: Field
    values: list[Any]
    answers: Answers
    left: dict[int, Any]
    """By place, what the coroutine there waits for: a future, or none for its next turn."""

    def step(self) -> None:
        """Let each go on to where it waits again or is done. No task is made: a batch has hundreds of them."""
        before, self.left = self.left, {}
        values = self.values
        for place in before:
            try:
                future = values[place].send(None)
            except StopIteration as done:
                values[place] = done.value
            except Exception as error:
                raise Failed(self.field, error) from error
            else:
                self.left[place] = future
                if future is not None:
                    future._asyncio_future_blocking = False  # asyncio's sign that whoever drives it has seen it

    def close(self) -> None:
        """Nobody waits any more."""
        for value in self.values:
            if iscoroutine(value):
                with suppress(Exception):  # one that will not stop keeps the others from nothing
                    value.close()


class Run:
    """The state of one execution; resolvers get `context` by their info."""

    __slots__ = ("context", "info", "shared", "variables", "waiting")

    def __init__(self, context: Any, variables: VariableValues, info: GraphQLResolveInfo[Any]) -> None:
        self.context, self.variables, self.info = context, variables, info
        self.shared: dict[Field, dict[str, Any]] = {}
        self.waiting: list[Waiting] = []

    def settle(self, field: Field, values: Sequence[Any], answers: Answers) -> None:
        """Put the values of a field into the answers, now or when they are there."""
        later = [kind for kind in set(map(type, values)) if hasattr(kind, "__await__")]
        if not later:
            field.put(self, values, answers)
            return
        waits = tuple(later)
        places = {place: None for place, value in enumerate(values) if isinstance(value, waits)}
        held = [_coroutine(value) if place in places else value for place, value in enumerate(values)]
        one = Waiting(field, held, answers, places)
        self.waiting.append(one)
        one.step()
        if not one.left:
            self.waiting.remove(one)
            field.put(self, one.values, answers)

    async def finish(self) -> None:
        """Until nothing waits. All of a level is there before the next begins, so its loads are in one batch."""
        while self.waiting:
            level = list(self.waiting)
            for one in level:
                await _all(one.left.values())
            for one in level:
                one.step()
            ready = [one for one in level if not one.left]
            self.waiting = [one for one in level if one.left]
            for one in ready:
                one.field.put(self, one.values, one.answers)

    def close(self) -> None:
        """Leave nothing that was begun hanging."""
        for one in self.waiting:
            one.close()


async def _all(futures: Any) -> None:
    for future in futures:
        if future is None:
            await asyncio.sleep(0)
            continue
        if not future.done():
            with suppress(Exception):  # whose it is meets it when it goes on
                await future
        if not future.cancelled():
            future.exception()  # seen, also when one before it ends the run; else asyncio logs it as forgotten


def _coroutine(value: Any) -> Coroutine[Any, Any, Any]:
    return value if iscoroutine(value) else _await(value)


async def _await(value: Any) -> Any:
    return await value
