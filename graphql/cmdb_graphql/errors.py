"""The last place: our errors become HTTP statuses and GraphQL codes. Nothing of the inside leaks."""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cmdb import errors

log = logging.getLogger("epicentre.http")

# Most specific first: the first class that fits decides. (class, code, HTTP status)
_TABLE: tuple[tuple[type[errors.EpicentreError], str, int], ...] = (
    (errors.TooLarge, "too_large", 413),
    (errors.UnknownName, "unknown_name", 422),
    (errors.AmbiguousName, "ambiguous_name", 422),
    (errors.Invalid, "invalid", 422),
    (errors.NotAuthenticated, "not_authenticated", 401),
    (errors.Forbidden, "forbidden", 403),
    (errors.FullNeeded, "full_needed", 409),
    (errors.Refused, "refused", 409),
    (errors.Conflict, "conflict", 409),
    (errors.StoreUnavailable, "store_unavailable", 503),
    (errors.Overloaded, "overloaded", 429),
    (errors.DiskFull, "disk_full", 507),
    (errors.Unavailable, "unavailable", 503),
)


def code_of(error: errors.EpicentreError) -> str:
    """The stable code of an error, for programs."""
    if isinstance(error, errors.NotAuthenticated) and error.code != "credentials":
        return error.code
    return next((code for kind, code, _ in _TABLE if isinstance(error, kind)), "internal")


def status_of(error: errors.EpicentreError) -> int:
    """Its HTTP status. Malformed JSON (at `body`) is 400, a wrong value in good JSON 422."""
    if isinstance(error, errors.Invalid) and error.where in {"Content-Type", "Content-Encoding"}:
        return 415
    if isinstance(error, errors.Invalid) and error.where == "body" and not isinstance(error, errors.TooLarge):
        return 400
    return next((status for kind, _, status in _TABLE if isinstance(error, kind)), 500)


def facts_of(error: errors.EpicentreError) -> dict[str, Any]:
    """Code, message and what else helps the caller to act."""
    facts: dict[str, Any] = {"code": code_of(error), "message": error.message}
    match error:
        case errors.AmbiguousName():
            facts["candidates"] = [list(c) for c in error.candidates]
        case errors.Refused() if error.reasons:
            facts["reasons"] = list(error.reasons)
        case errors.Invalid() if error.where:
            facts["where"] = error.where
    return facts


def masked(error: BaseException) -> dict[str, Any]:
    """For what we did not expect: a reference for the person, the whole story for the log."""
    reference = secrets.token_hex(4)
    log.error("internal error %s", reference, exc_info=error)
    return {"code": "internal", "message": f"something failed on our side; it is in the server's log as {reference}"}


def _now() -> datetime:
    return datetime.now(UTC)


def answer(error: errors.EpicentreError, clock: Callable[[], datetime] = _now) -> Response:
    """The HTTP answer to an error."""
    body: dict[str, Any] = {"error": facts_of(error)}
    headers: dict[str, str] = {}
    if isinstance(error, errors.NotAuthenticated):
        body["server_time"] = clock().isoformat(timespec="seconds").replace("+00:00", "Z")
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.Unavailable):
        # Jitter, so that a thousand agents refused together do not come back together.
        headers["Retry-After"] = str(max(1, round(error.retry_after * random.uniform(0.8, 1.6))))  # noqa: S311
    if code_of(error) == "internal":
        body["error"] = masked(error)
    elif error.detail:
        log.warning("%s: %s", code_of(error), error.detail)
    return json(status_of(error), body, headers)


def json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body), status, headers, "application/json")


def install(app: FastAPI) -> None:
    """Answer every error of this application in one shape."""

    async def ours(_request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.EpicentreError)
        return answer(error)

    async def http(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        words = {
            404: ("not_found", "there is nothing at this address"),
            405: ("method", "this method is not offered here"),
        }
        code, message = words.get(error.status_code, ("http", str(error.detail)))
        return json(error.status_code, {"error": {"code": code, "message": message}}, dict(error.headers or {}))

    app.add_exception_handler(errors.EpicentreError, ours)
    app.add_exception_handler(HTTPException, http)
