"""Which person asks: an API token, or a session (a browser's cookie, a program's bearer token)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from cmdb.accounts import SESSION
from cmdb.errors import Forbidden, NotAuthenticated
from cmdb.words import Principal
from cmdb_graphql.services import Services

COOKIE = "epicentre"


def services_of(request: Request) -> Services:
    """The parts of the server this request came to."""
    return cast(Services, request.app.state.services)


def secure(request: Request) -> bool:
    """Whether the request came over TLS, to us or to a proxy on this machine that says so."""
    return bool(request.scope["scheme"] == "https")


def cookie_name(request: Request) -> str:
    """`__Host-` binds the cookie to this origin, but browsers take it over TLS only."""
    return f"__Host-{COOKIE}" if secure(request) else COOKIE


def need_safe_way(request: Request) -> None:
    """A session must not be readable on its way: TLS, or not leaving the machine."""
    if not secure(request) and not _loopback(request.headers.get("host", "")):
        raise Forbidden("a session over plain HTTP could be read on its way: use https, or an API token")


def session_text(request: Request) -> str | None:
    """The session this request carries, if any."""
    token = _bearer(request)
    if token is not None:
        return token if token.startswith(SESSION) else None
    return request.cookies.get(cookie_name(request))


async def principal(request: Request) -> Principal:
    """Who asks. A token needs nothing else; a cookie must prove that our own page sent the request."""
    accounts = services_of(request).accounts
    token, session = _bearer(request), session_text(request)
    if token is not None and session is None:
        return await run_in_threadpool(accounts.authenticate, token)
    if session is None:
        raise NotAuthenticated("log in, or send an API token: Authorization: Bearer epi_…")
    if token is None:
        _same_origin(request)
    return await run_in_threadpool(accounts.session, session)


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _same_origin(request: Request) -> None:
    # A foreign page can make a browser send our cookie, but neither this header nor our origin.
    if request.headers.get("x-epicentre") != "1":
        raise Forbidden("requests with a session carry the header X-Epicentre: 1")
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise Forbidden("this request comes from another site")


def _loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
