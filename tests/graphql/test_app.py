"""The whole application: nobody unknown gets anything, every answer has one shape, no secret leaks."""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from support.front_door import PASSWORD, PEPPER, Door, front_door
from support.reports import host, report

from cmdb.errors import DeclarationError
from cmdb.store import Store
from cmdb.words import Principal, Role
from cmdb_graphql import patience
from cmdb_graphql.app import create_app
from cmdb_graphql.auth import principal
from cmdb_graphql.policy import Policy, policies, policy

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
WITHOUT_CREDENTIALS = {("GET", "/livez"), ("GET", "/readyz"), ("POST", "/enrol"), ("POST", "/login")}
SOCKET = ("WEBSOCKET", "/graphql")
"""Asks who it is by its first message; its own tests prove it."""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One server with an admin, whose Neo4j is down."""
    with front_door(tmp_path_factory.mktemp("door")) as opened:
        opened.services.accounts.create_user("root", [Role.ADMIN], PASSWORD)
        yield opened


def bearer(door: Door) -> dict[str, str]:
    """The admin's token."""
    return {"Authorization": f"Bearer {door.services.accounts.create_token('root')}"}


# --- policies ----------------------------------------------------------------------------------------------


def test_no_route_answers_a_stranger_but_health_enrolment_and_login(door: Door) -> None:
    """Every route of the application by every method, without credentials: 401, or not offered."""
    offered = policies(create_app(door.services))
    paths = {path for _, path in offered} | {"/", "/docs", "/redoc", "/openapi.json", "/graphql/", "/nothing"}
    for path in paths:
        for method in METHODS:
            answer = door.call(method, path)
            if (method, path) in WITHOUT_CREDENTIALS:
                assert answer.status not in {401, 403, 404, 405}, (method, path)
            else:
                wanted = {401} if (method, path) in offered else {404, 405}
                assert answer.status in wanted | ({307} if path.endswith("/") else set()), (method, path)


def test_the_routes_that_take_no_credentials_are_these_four(door: Door) -> None:
    """A new open route must be put here by hand."""
    found = policies(create_app(door.services))
    assert {k for k, which in found.items() if which in {Policy.OPEN, Policy.TOKEN}} == WITHOUT_CREDENTIALS | {SOCKET}
    assert {k for k, which in found.items() if which is Policy.AGENT} == {
        ("POST", "/snapshots"), ("POST", "/rotate"), ("POST", "/discoveries"),
    }  # fmt: skip


def test_a_route_without_a_policy_stops_the_start() -> None:
    """Also one that says it is for persons and does not ask who they are."""
    app = FastAPI(openapi_url=None)

    @app.get("/silent")
    async def silent() -> None: ...

    with pytest.raises(DeclarationError, match="GET /silent declares no policy"):
        policies(app)

    other = FastAPI(openapi_url=None)

    @other.get("/careless")
    @policy(Policy.PERSON)
    async def careless() -> None: ...

    with pytest.raises(DeclarationError, match="does not ask who it is"):
        policies(other)

    third = FastAPI(openapi_url=None)

    @third.get("/careful")
    @policy(Policy.PERSON)
    async def careful(who: Principal = Depends(principal)) -> None: ...  # noqa: B008  # FastAPI's way

    assert policies(third) == {("GET", "/careful"): Policy.PERSON}


# --- answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path", "code"), [("GET", "/nothing", "not_found"), ("GET", "/login", "method")])
def test_every_error_has_one_shape(door: Door, method: str, path: str, code: str) -> None:
    """Code and message, whoever found the fault."""
    answer = door.call(method, path)
    assert answer.code == code
    assert set(answer.body["error"]) == {"code", "message"}


@pytest.mark.parametrize(
    "head",
    [
        b"POST /login?\x80 HTTP/1.1\r\nHost: 127.0.0.1",
        b"POST /snapshots?%ff%00 HTTP/1.1\r\nHost: 127.0.0.1\r\nSignature: \xff\r\nSignature-Input: \x80",
        b"GET /metrics HTTP/1.1\r\nHost: [\r\nCookie: epicentre=a; \xff=\xfe\r\nX-Epicentre: 1\r\nOrigin: http://[",
        b"GET /metrics HTTP/1.1\r\nHost: a:b:c\r\nAuthorization: Bearer \xff\xfe",
        b"POST /login HTTP/1.1\r\nHost: ]:[",
        b"GET /%2e%2e/%80 HTTP/1.1\r\nHost: x",
    ],
)
def test_odd_bytes_in_a_request_are_never_our_failure(door: Door, head: bytes) -> None:
    """Refused in some way, not with a 5xx."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as raw:
        raw.sendall(head + b"\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        assert raw.recv(100).startswith(b"HTTP/1.1 4")


def test_headers_that_keep_browsers_out_are_on_every_answer(door: Door) -> None:
    """Good or refused; and nothing tells which software answers."""
    for path in ("/livez", "/nothing", "/metrics"):
        headers = door.call("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_what_nobody_expected_is_500_with_a_reference_and_the_story_in_the_log(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The inside stays inside."""

    def broken(_counts: object) -> bytes:
        raise RuntimeError("the inside: 4711")

    monkeypatch.setattr(door.services.metrics, "text", broken)
    answer = door.call("GET", "/metrics", headers=bearer(door))
    assert (answer.status, answer.code) == (500, "internal")
    assert b"4711" not in answer.raw
    (reference,) = re.findall(r"as ([0-9a-f]{8})", answer.body["error"]["message"])
    assert reference in caplog.text
    assert "4711" in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


# --- health and metrics ------------------------------------------------------------------------------------


def test_without_neo4j_it_lives_takes_reports_and_says_it_is_not_ready(door: Door) -> None:
    """Readiness names the part that is missing."""
    assert door.call("GET", "/livez").status == 200
    answer = door.call("GET", "/readyz")
    assert (answer.status, answer.body) == (503, {"ready": False, "inbox": True, "neo4j": False})
    agent = door.enrolled()
    assert agent.report(report(1, host(), node=agent.node)).status == 202


@pytest.mark.neo4j
def test_with_neo4j_it_is_ready_until_the_disk_is_full(tmp_path: Path, store: Store) -> None:
    """And again when there is room."""
    with front_door(tmp_path, store) as opened:
        assert opened.call("GET", "/readyz").body == {"ready": True, "inbox": True, "neo4j": True}
        opened.services.inbox._db.execute("PRAGMA query_only = ON")
        time.sleep(1.1)
        assert opened.call("GET", "/readyz").body == {"ready": False, "inbox": False, "neo4j": True}
        opened.services.inbox._db.execute("PRAGMA query_only = OFF")
        time.sleep(1.1)
        assert opened.call("GET", "/readyz").status == 200


def test_readiness_answers_in_time_though_a_part_hangs_and_asks_it_once(tmp_path: Path) -> None:
    """Fifty askers of a hanging Neo4j: each answered in about a second, one question under way."""
    with front_door(tmp_path) as opened:
        asked: list[int] = []
        go_on = threading.Event()

        class Hanging:
            """A store that does not answer."""

            def ping(self) -> bool:
                """Wait."""
                asked.append(1)
                return go_on.wait(20)

        services = replace(opened.services, store=_Also(opened.services.store, Hanging()))
        with _served(services) as hanging:
            started, answers = time.monotonic(), []
            threads = [
                threading.Thread(target=lambda: answers.append(hanging.call("GET", "/readyz").body)) for _ in range(50)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
            assert time.monotonic() - started < 5
            assert answers == [{"ready": False, "inbox": True, "neo4j": False}] * 50
            assert len(asked) == 1
            go_on.set()


class _Also:
    """One object with another's methods first."""

    def __init__(self, under: Any, over: Any) -> None:
        self._under, self._over = under, over

    def __getattr__(self, name: str) -> Any:
        return getattr(self._over, name, None) or getattr(self._under, name)


def _served(services: Any) -> Any:
    from contextlib import contextmanager

    from cmdb_graphql.serve import Server

    @contextmanager
    def run() -> Iterator[Door]:
        server = Server(create_app(services), "127.0.0.1", 0)
        server.start()
        try:
            yield Door(services, server.port)
        finally:
            server.stop()

    return run()


def test_metrics_count_reports_by_outcome_and_requests_by_route(tmp_path: Path) -> None:
    """What happened is in the figures; invented paths do not become labels."""
    with front_door(tmp_path) as opened:
        opened.services.accounts.create_user("root", [Role.ADMIN])
        agent = opened.enrolled()
        agent.report(report(1, host(), node=agent.node))
        agent.report(report(1, host(), node=agent.node))
        agent.send(b"{")
        opened.call("GET", "/invented/4711")
        opened.services.metrics.applied("applied", 0.01)
        text = opened.call("GET", "/metrics", headers=bearer(opened)).raw.decode()
        for line in (
            'epicentre_reports_total{outcome="stored"} 1.0',
            'epicentre_reports_total{outcome="known"} 1.0',
            'epicentre_reports_total{outcome="invalid"} 1.0',
            'epicentre_inbox_reports{state="queued"} 1.0',
            'epicentre_inbox_reports{state="held"} 0.0',
            'epicentre_inbox_reports{state="quarantined"} 0.0',
            'epicentre_request_seconds_count{route="/snapshots",status="202"} 1.0',
            'epicentre_request_seconds_count{route="none",status="404"} 1.0',
            "epicentre_apply_seconds_count 1.0",
        ):
            assert line in text
        assert "4711" not in text


# --- patience ----------------------------------------------------------------------------------------------

SLOW = int(os.environ.get("EPICENTRE_TEST_SLOW_CLIENTS", "200"))


def test_slow_clients_are_hung_up_on_and_the_others_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds that say nothing, half a request, or too little: all closed, while a good one is answered."""
    monkeypatch.setattr(patience, "PATIENCE", 0.5)
    starts = [b"", b"POST /snapshots HTTP/1.1\r\nHost: x\r\n", b"POST /login HTTP/1.1\r\nContent-Length: 100\r\n\r\n{"]
    with front_door(tmp_path) as opened:
        slow = [socket.create_connection(("127.0.0.1", opened.port), timeout=10) for _ in range(SLOW)]
        for n, one in enumerate(slow):
            one.sendall(starts[n % 3])
        assert opened.call("GET", "/livez").status == 200
        deadline = time.monotonic() + 8 + SLOW / 50
        closed = 0
        for n, one in enumerate(slow):
            one.settimeout(max(0.1, deadline - time.monotonic()))
            try:
                if n % 2:
                    one.sendall(b"x")
                while one.recv(4096):
                    pass
                closed += 1
            except ConnectionError:
                closed += 1
            except TimeoutError:
                pass
            one.close()
        assert closed == SLOW
        assert opened.call("GET", "/livez").status == 200


def test_headers_without_end_are_hung_up_on(door: Door) -> None:
    """The server underneath would read for ever."""

    def answered(headers: int) -> bytes:
        with socket.create_connection(("127.0.0.1", door.port), timeout=10) as raw:
            try:
                raw.sendall(b"GET /livez HTTP/1.1\r\n")
                for n in range(headers):
                    raw.sendall(b"X-%d: %s\r\n" % (n, b"a" * 8000))
                raw.sendall(b"\r\n")
                return raw.recv(12)
            except ConnectionError:
                return b""

    assert answered(5) == b"HTTP/1.1 200"
    assert answered(100) == b""


# --- secrets -----------------------------------------------------------------------------------------------


def test_no_secret_is_in_any_log_answer_or_repr(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Every secret is used well and badly; none comes back where it does not belong."""
    caplog.set_level(logging.DEBUG)
    with front_door(tmp_path) as opened:
        services = opened.services
        services.accounts.create_user("root", [Role.ADMIN], PASSWORD)
        api, enrolment = services.accounts.create_token("root"), services.enrolment.create_token()
        session = opened.ask("/login", {"name": "root", "password": PASSWORD}).body["token"]
        said = [
            opened.ask("/login", {"name": "root", "password": PASSWORD + "x"}),
            opened.ask("/login", {"name": "root", "password": [PASSWORD]}),
            opened.ask("/enrol", {"token": enrolment, "public_key": "AA=="}),
            opened.call("GET", "/metrics", headers={"Authorization": f"Bearer {api}"}),
            opened.call("GET", "/metrics", headers={"Authorization": f"Bearer {api}x"}),
            opened.call("GET", "/metrics", headers={"Authorization": f"Bearer {session}x"}),
            opened.call("GET", "/readyz"),
        ]
        everything = caplog.text + repr(services) + "".join(a.raw.decode() for a in said)
        for secret in (PASSWORD, api, api.split("_", 2)[2], enrolment, session, PEPPER.decode()):
            assert secret not in everything
