"""Every statement that is sent to Neo4j while something is done, found where they all pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from cmdb.store import session
from cmdb.store.session import Run

T = TypeVar("T")


@contextmanager
def listening() -> Iterator[dict[str, Mapping[str, Any]]]:
    """The statements of this process by their text, each with the parameters it was first sent with."""
    sent: dict[str, Mapping[str, Any]] = {}
    real = session._with_run

    def heard(work: Callable[[Run], T], *count: Any) -> Callable[[Any], T]:
        def listened(run: Run) -> T:
            def send(text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
                sent.setdefault(text, dict(parameters))
                return run(text, parameters)

            return work(send)

        return real(listened, *count)

    session._with_run = heard
    try:
        yield sent
    finally:
        session._with_run = real
