"""Files that processes make when they are fetched, such as GET /calendar.ics: a route for each that is declared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.responses import Response

from cmdb.applier import utc_now
from cmdb.errors import Forbidden, Invalid
from cmdb.words import Attribute, Download, Principal
from cmdb_graphql.auth import principal
from cmdb_graphql.client import LocalClient
from cmdb_graphql.context import camel
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.services import Services

_READ: Mapping[str, Callable[[str], Any]] = {
    "string": str, "datetime": str, "int": int, "float": float,
    "boolean": {"true": True, "false": False}.__getitem__,
}  # fmt: skip


def router(services: Services) -> APIRouter:
    """Every download of every process."""
    made = APIRouter()
    for process in services.processes.values():
        for one in process.downloads:
            made.add_api_route(one.path, _route(services, one), methods=["GET"])
    return made


def _route(services: Services, one: Download) -> Callable[..., Awaitable[Response]]:
    @policy(Policy.PERSON)
    async def fetch(request: Request, who: Principal = Depends(principal)) -> Response:  # noqa: B008  # FastAPI's way
        if not one.roles & who.roles:
            raise Forbidden(f"{one.path} needs the role {' or '.join(sorted(one.roles))}")
        given = arguments(one.arguments, request.query_params)
        body = await run_in_threadpool(one.decide, LocalClient(services, who).ask, given, who, utc_now())
        return Response(body, media_type=one.media_type)

    return fetch


def arguments(declared: tuple[Attribute, ...], given: QueryParams) -> dict[str, Any]:
    """The values in a query string, of their types; Invalid names what is unknown, missing, twice or no value."""
    known = {camel(one.name): one for one in declared}
    if strange := sorted(set(given) - set(known)):
        raise Invalid(f"is not known; known are {', '.join(known)}", where=strange[0])
    return {one.name: _value(one, name, given.getlist(name)) for name, one in known.items()}


def _value(declared: Attribute, name: str, texts: list[str]) -> Any:
    if declared.type == "strings":
        return tuple(texts)
    if not texts:
        if declared.required:
            raise Invalid("is missing", where=name)
        return None
    if len(texts) > 1:
        raise Invalid("is given more than once", where=name)
    try:
        return _READ[declared.type](texts[0])
    except (ValueError, KeyError) as error:
        raise Invalid(f"{texts[0]!r} is no {declared.type}", where=name) from error
