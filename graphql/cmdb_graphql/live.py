"""WebSocket /graphql: subscriptions by the protocol graphql-transport-ws, and nothing else.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md; its close codes are used as it gives them. Who asks is
known before anything is subscribed to, and is asked again while it goes on, so that a revoked token ends it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import anyio
import anyio.to_thread
import orjson
from fastapi import APIRouter, WebSocket
from graphql import DocumentNode
from starlette.concurrency import run_in_threadpool

from cmdb.accounts import SESSION
from cmdb.errors import EpicentreError, Invalid, NotAuthenticated, Overloaded
from cmdb.words import Principal
from cmdb_graphql import limits
from cmdb_graphql.auth import COOKIE
from cmdb_graphql.endpoint import LATE, Answer, Executor, executor
from cmdb_graphql.errors import facts_of, masked
from cmdb_graphql.fields.changes import Event
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.services import Services
from cmdb_graphql.tail import Listener, Tail

PROTOCOL = "graphql-transport-ws"
SUBSCRIPTIONS = 5
"""At once on one connection."""
CONNECTIONS = 200
"""At once on one server."""
GREETING = 10.0
"""Seconds in which who asks must be known."""
AGAIN = 30.0
"""Seconds after which who asks is looked up again."""
Ended = tuple[int, str]
"""A close code of the protocol, and why."""


def router(services: Services) -> APIRouter:
    """The route; all connections share one reader of the journal."""
    made = APIRouter()
    run, tail = executor(services), Tail(services.store)
    there: set[Connection] = set()

    @made.websocket("/graphql")
    @policy(Policy.TOKEN)
    async def live(socket: WebSocket) -> None:
        refused = PROTOCOL not in socket.scope.get("subprotocols", ()) or not _own_site(socket)
        if refused or len(there) >= CONNECTIONS:
            await socket.close()  # before it is accepted: HTTP 403
            return
        connection = Connection(socket, services, run, tail)
        there.add(connection)
        try:
            await connection.serve()
        finally:
            there.discard(connection)

    return made


def _own_site(socket: WebSocket) -> bool:
    """A browser says whose page opens the socket, programs say nothing; a foreign page could use our cookie."""
    origin = socket.headers.get("origin")
    return origin is None or origin.partition("://")[2] == socket.headers.get("host")


class Connection:
    """One socket and what is subscribed to on it."""

    def __init__(self, socket: WebSocket, services: Services, run: Executor, tail: Tail) -> None:
        self._socket, self._services, self._run, self._tail = socket, services, run, tail
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._payload: Mapping[str, Any] = {}
        self._known: tuple[Principal, float] | None = None

    async def serve(self) -> None:
        """Until one of both sides ends it."""
        await self._socket.accept(PROTOCOL)
        try:
            ended = await self._greet()
            while ended is None:
                message = await self._receive()
                ended = message if isinstance(message, tuple) else await self._obey(message)
            if ended[0]:
                await self._socket.close(ended[0], ended[1][:120])
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _receive(self) -> dict[str, Any] | Ended:
        """The next message; code 0: the other side has gone."""
        got = await self._socket.receive()
        if got["type"] == "websocket.disconnect":
            return 0, ""
        try:
            message = orjson.loads(got.get("text") or "")
        except orjson.JSONDecodeError:
            return 4400, "expected a message in JSON"
        fits = isinstance(message, dict) and isinstance(message.get("type"), str)
        return message if fits else (4400, "expected an object with a `type`")

    async def _send(self, kind: str, **rest: Any) -> None:
        await self._socket.send_text(orjson.dumps({"type": kind, **rest}).decode())

    # --- who asks -----------------------------------------------------------------------------------------

    async def _greet(self) -> Ended | None:
        try:
            async with asyncio.timeout(GREETING):
                message = await self._receive()
        except TimeoutError:
            return 4408, "Connection initialisation timeout"
        if isinstance(message, tuple):
            return message
        if message["type"] != "connection_init":
            return 4401, "Unauthorized"
        payload = message.get("payload")
        self._payload = payload if isinstance(payload, dict) else {}
        try:
            await self._who()
        except EpicentreError as error:
            return 4403, error.message
        await self._send("connection_ack")
        return None

    async def _who(self) -> Principal:
        """Who asks: `token` of the greeting, else the header of a program, else our cookie on our own page."""
        if self._known is not None and time.monotonic() - self._known[1] < AGAIN:
            return self._known[0]
        scheme, _, bearer = self._socket.headers.get("authorization", "").partition(" ")
        token = self._payload.get("token") or (bearer.strip() if scheme.lower() == "bearer" else None)
        if not token and self._socket.headers.get("origin") is not None:
            prefix = "__Host-" if self._socket.scope["scheme"] == "wss" else ""
            token = self._socket.cookies.get(prefix + COOKIE)
        if not isinstance(token, str) or not token:
            raise NotAuthenticated("send an API token: {token: epi_…} as the payload of connection_init")
        accounts = self._services.accounts
        ask = accounts.session if token.startswith(SESSION) else accounts.authenticate
        found = await run_in_threadpool(ask, token)
        self._known = found, time.monotonic()
        return found

    # --- what is asked ------------------------------------------------------------------------------------

    async def _obey(self, message: dict[str, Any]) -> Ended | None:
        name = message.get("id")
        match message["type"]:
            case "ping":
                await self._send("pong")
            case "pong":
                pass
            case "subscribe" if isinstance(name, str) and name:
                return await self._subscribe(name, message.get("payload"))
            case "complete" if isinstance(name, str):
                if task := self._under_way.pop(name, None):
                    task.cancel()
            case "connection_init":
                return 4429, "Too many initialisation requests"
            case kind:
                return 4400, f"there is no message {kind[:40]!r} like this"
        return None

    async def _subscribe(self, name: str, payload: Any) -> Ended | None:
        if name in self._under_way:
            return 4409, f"Subscriber for {name[:40]} already exists"
        try:
            if len(self._under_way) >= SUBSCRIPTIONS:
                raise Invalid(f"at most {SUBSCRIPTIONS} subscriptions on a connection", where="id")
            subscription = await self._asked(payload)
            listener = await self._tail.join()
        except EpicentreError as error:
            await self._fail(name, error)
            return None
        try:
            # What is wrong with it shows at once, and whoever is answered a ping knows that it has begun.
            await self._next(name, await subscription.answer(await self._who(), None))
        except BaseException as error:
            self._tail.leave(listener)
            if not isinstance(error, EpicentreError):
                raise
            await self._fail(name, error)
            return None
        task = self._under_way[name] = asyncio.create_task(self._tell(name, subscription, listener))
        # Not by the task itself: one that is ended before its first step does nothing at all.
        task.add_done_callback(lambda _: self._tail.leave(listener))
        return None

    async def _asked(self, payload: Any) -> Subscription:
        text = payload.get("query") if isinstance(payload, dict) else None
        variables = (payload.get("variables") or {}) if isinstance(payload, dict) else None
        if not isinstance(text, str) or not isinstance(variables, dict):
            raise Invalid("expected `query` as text and `variables` as an object", where="payload")
        who = await self._who()
        document, operation = await run_in_threadpool(self._run.subscribable, who, text, variables)
        return Subscription(self._run, document, variables, operation)

    async def _tell(self, name: str, one: Subscription, listener: Listener) -> None:
        """Every answer of a subscription, until it is cancelled or fails."""
        try:
            while True:
                entries = await listener.take()
                who = await self._who()
                for entry in entries[-1:] if one.batch else entries:
                    await self._next(name, await one.answer(who, entry))
        except EpicentreError as error:
            self._under_way.pop(name, None)
            await self._fail(name, error)
        except Exception as error:  # the listener must not wait for answers that never come
            self._under_way.pop(name, None)
            await self._send("error", id=name, payload=[masked(error)])

    async def _next(self, name: str, answer: Answer | None) -> None:
        if answer is not None:
            await self._send("next", id=name, payload=answer.body)

    async def _fail(self, name: str, error: EpicentreError) -> None:
        facts = facts_of(error)
        await self._send("error", id=name, payload=[{"message": facts.pop("message"), "extensions": facts}])


class Subscription:
    """A subscription's document, answered for one journal entry after the other."""

    def __init__(
        self, run: Executor, document: DocumentNode, variables: dict[str, Any], operation: limits.Operation
    ) -> None:
        self._run, self._document, self._variables, self._operation = run, document, variables, operation
        self.batch = bool(operation.roots & run.built.batched)
        self._memory: dict[str, Any] = {}

    async def answer(self, who: Principal, entry: Mapping[str, Any] | None) -> Answer | None:
        """The answer to an entry (None: at the beginning); None when there is nothing to tell. Errors are answers."""
        event = Event(entry, self._memory)

        def work() -> Answer:
            return asyncio.run(self._run.event(who, self._document, self._variables, self._operation, event))

        try:
            with anyio.fail_after(limits.DEADLINE + 1):
                found = await anyio.to_thread.run_sync(work, limiter=self._run.threads, abandon_on_cancel=True)
        except TimeoutError as error:
            raise Overloaded(LATE, retry_after=5.0) from error
        told = "errors" in found.body or any(value is not None for value in (found.body["data"] or {}).values())
        return found if told else None
