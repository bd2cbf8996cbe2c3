"""A store that counts the statements it sends: each is one round trip to Neo4j."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from cmdb.store import Store
from cmdb.store.session import Bolt, Run

T = TypeVar("T")


class _Counting:
    """The real session with a counter in it."""

    whole = True

    def __init__(self, bolt: Bolt, sent: list[str]) -> None:
        self._bolt, self._sent = bolt, sent

    def read(self, work: Callable[[Run], T], **options: Any) -> T:
        return self._bolt.read(self._counted(work), **options)

    def write(self, work: Callable[[Run], T], **options: Any) -> T:
        return self._bolt.write(self._counted(work), **options)

    def _counted(self, work: Callable[[Run], T]) -> Callable[[Run], T]:
        def counted(run: Run) -> T:
            def send(text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
                self._sent.append(text)
                return run(text, parameters)

            return work(send)

        return counted


def counting(store: Store) -> tuple[Store, list[str]]:
    """The same store behind a counting session, and the statements it has sent."""
    sent: list[str] = []
    made = copy.copy(store)
    made._bolt = _Counting(store._bolt, sent)  # type: ignore[assignment]  # it has all that is called
    return made, sent
