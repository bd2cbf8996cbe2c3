"""GET /export: the graph at one sequence as JSON Lines, streamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from cmdb.errors import Conflict, EpicentreError, Forbidden, Overloaded
from cmdb.imports import scope_of
from cmdb.store import Store
from cmdb.words import Principal, Role
from cmdb_graphql.auth import principal
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.services import Services

FORMAT = 1
"""Version of the rows; docs/import-export.md says what they are."""
AT_ONCE = 2
"""Exports under way: each reads the whole graph."""
LINES = 500
"""Rows sent together."""


def router(services: Services) -> APIRouter:
    """The route, with the count of exports under way."""
    made = APIRouter()
    running: list[str] = []

    @made.get("/export")
    @policy(Policy.PERSON)
    async def export(
        who: Principal = Depends(principal),  # noqa: B008  # FastAPI's way
        classes: list[str] = Query(default=[], alias="class", max_length=100),  # noqa: B008
        source: str | None = Query(default=None, max_length=63),
    ) -> Response:
        """First line: format and sequence. Last line: how many CIs and edges came before it.

        `source`: instead of rows, what this import says is there, by our ids.
        """
        if not who.may(Role.READER):
            raise Forbidden("an export needs the role viewer or reader")
        if len(running) >= AT_ONCE:
            raise Overloaded(f"{AT_ONCE} exports are under way already", retry_after=10.0)
        if source is not None:
            head, rows = await run_in_threadpool(_listed, services.store, who, source)
        else:
            head, rows = await run_in_threadpool(_begin, services.store, who.view, classes)
        return StreamingResponse(_counted(running, who.name, _lines(head, rows)), media_type="application/x-ndjson")

    return made


def _begin(store: Store, view: str | None, classes: list[str]) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """Pin the sequence and read the first row, so that a wrong class is an answer and not half a stream."""
    at = store.sequence()
    rows = store.export(at, classes or None) if view is None else _seen(store, view, at, classes)
    first = next(rows, None)
    head = {"epicentre_export": FORMAT, "sequence": at, "classes": sorted(classes) or None}
    return head, iter(()) if first is None else _chained(first, rows)


def _listed(store: Store, who: Principal, source: str) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """What a source says is there, for those who import."""
    if not who.may(Role.ENGINEER):
        raise Forbidden("what a source says is told to the role engineer")
    scope_of(source)  # a wrong name is an answer and not half a stream
    return {"epicentre_export": FORMAT, "sequence": store.sequence(), "source": source}, store.listed(source)


def _seen(store: Store, view: str, at: int, classes: list[str]) -> Iterator[dict[str, Any]]:
    """What a view shows. Another filter meanwhile would leave rows out at the end: that is an error, not an end."""
    label = store.view(view).label
    yield from store.seen_by(view).export(at, classes or None)
    if store.view(view).label != label:
        raise Conflict(f"the view {view} was given another filter meanwhile; export again")


def _chained(first: dict[str, Any], rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rows


def _counted(running: list[str], name: str, parts: Iterable[bytes]) -> Iterator[bytes]:
    running.append(name)
    try:
        yield from parts
    finally:
        running.remove(name)


def _lines(head: dict[str, Any], rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A stream that fails ends with the reason instead of its last line: it is never silently short."""
    count, block = {"nodes": 0, "edges": 0}, [orjson.dumps(head)]
    last: dict[str, Any] = {"epicentre_end": count}
    try:
        for row in rows:
            count["edges" if "type" in row else "nodes"] += 1
            block.append(orjson.dumps(row))
            if len(block) >= LINES:
                yield b"\n".join(block) + b"\n"
                block = []
    except EpicentreError as error:
        last = {"epicentre_error": error.message}
    yield b"\n".join([*block, orjson.dumps(last)]) + b"\n"
