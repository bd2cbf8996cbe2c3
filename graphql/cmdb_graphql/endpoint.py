"""POST /graphql: measured, checked against policy, executed within limits, answered with masked errors."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from fastapi import APIRouter, Depends, Request
from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, parse, validate
from graphql.execution import execute
from starlette.responses import Response

from cmdb.errors import EpicentreError, Forbidden, Invalid, Overloaded, StoreUnavailable, TooLarge
from cmdb.words import Principal
from cmdb_graphql import body, limits
from cmdb_graphql.auth import principal, services_of
from cmdb_graphql.context import Context
from cmdb_graphql.errors import answer, facts_of, json, masked
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.schema import Built
from cmdb_graphql.services import Services

log = logging.getLogger("epicentre.graphql")
CACHED = 500
"""Documents kept parsed and validated."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A GraphQL answer; `failure` is set when the store failed under it."""

    body: dict[str, Any]
    failure: StoreUnavailable | None = None


@dataclass(slots=True)
class _Account:
    """What one principal has used."""

    running: int = 0
    spent: int = 0
    since: float = field(default_factory=time.monotonic)


class Executor:
    """Executes documents for principals over one schema."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.built = Built(services.processes)
        self._parsed: OrderedDict[str, DocumentNode] = OrderedDict()
        self._accounts: defaultdict[str, _Account] = defaultdict(_Account)

    async def execute(self, who: Principal, text: str, variables: dict[str, Any]) -> Answer:
        """The answer to one document. Raises what is wrong with the request as a whole."""
        document, known = self._read(text)
        operation = limits.measure(self.built.graphql, document, variables)
        if not known:
            self._validate(text, document)
        self._allow(who, operation)
        account = self._charge(who, operation.measure.cost)
        try:
            return await self._run(who, document, variables)
        finally:
            account.running -= 1

    def _read(self, text: str) -> tuple[DocumentNode, bool]:
        if len(text) > limits.CHARACTERS:
            raise TooLarge(f"the query has {len(text)} characters, at most {limits.CHARACTERS}", where="query")
        key = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        if key in self._parsed:
            self._parsed.move_to_end(key)
            return self._parsed[key], True
        try:
            return parse(text, max_tokens=limits.TOKENS, no_location=False), False
        except (GraphQLSyntaxError, RecursionError) as error:
            why = error.message if isinstance(error, GraphQLSyntaxError) else "too deeply nested"
            if "token" in why and "limit" in why.lower():
                raise TooLarge(f"the query has more than {limits.TOKENS} tokens", where="query") from error
            raise Invalid(why, where="query") from error

    def _validate(self, text: str, document: DocumentNode) -> None:
        found = validate(self.built.graphql, document, max_errors=5, hide_suggestions=True)
        if found:
            raise Invalid("; ".join(error.message for error in found), where="query")
        self._parsed[hashlib.sha256(text.encode()).hexdigest()] = document
        while len(self._parsed) > CACHED:
            self._parsed.popitem(last=False)

    def _allow(self, who: Principal, operation: limits.Operation) -> None:
        for name in operation.roots:
            needed = self.built.policies.get((operation.kind, name))
            if needed is not None and not who.may(needed):
                raise Forbidden(f"{name} needs the role {needed.value}, which {who.name} does not hold")
        if not who.roles:
            raise Forbidden(f"{who.name} holds no role")

    def _charge(self, who: Principal, cost: int) -> _Account:
        account = self._accounts[who.name]
        if time.monotonic() - account.since > 60:
            account.spent, account.since = 0, time.monotonic()
        if account.spent + cost > limits.COST_PER_MINUTE:
            wait = 60 - (time.monotonic() - account.since)
            raise Overloaded(f"more than {limits.COST_PER_MINUTE} of cost in a minute", retry_after=max(1.0, wait))
        # A command's decision asks as the same principal while the command runs; that is not one more request.
        if account.running >= limits.AT_ONCE * 2:
            raise Overloaded(f"more than {limits.AT_ONCE} questions at once", retry_after=1.0)
        account.spent += cost
        account.running += 1
        return account

    async def _run(self, who: Principal, document: DocumentNode, variables: dict[str, Any]) -> Answer:
        context = Context(self._services, who, Loaders(self._services))
        try:
            async with asyncio.timeout(limits.DEADLINE):
                result = execute(self.built.graphql, document, context_value=context, variable_values=variables)
                done = await result if isawaitable(result) else result
        except TimeoutError as error:
            message = f"the question took longer than {limits.DEADLINE:.0f} s; ask for less"
            raise Overloaded(message, retry_after=5.0) from error
        found = [_fault(error) for error in done.errors or ()]
        made: dict[str, Any] = {"data": done.data}
        if found:
            made["errors"] = found
        failures = [e.original_error for e in done.errors or () if isinstance(e.original_error, StoreUnavailable)]
        return Answer(made, failures[0] if failures else None)


def _fault(error: GraphQLError) -> dict[str, Any]:
    inner = error.original_error
    if isinstance(inner, EpicentreError):
        facts = facts_of(inner)
        if inner.detail:
            log.warning("%s", inner.detail)
    elif inner is None:
        facts = {"code": "invalid", "message": error.message}
    else:
        facts = masked(inner)
    message = facts.pop("message")
    return {"message": message, "path": error.path, "extensions": facts}


_EXECUTORS: WeakKeyDictionary[Any, Executor] = WeakKeyDictionary()


def executor(services: Services) -> Executor:
    """The one executor of a server's parts."""
    if services.store not in _EXECUTORS:
        _EXECUTORS[services.store] = Executor(services)
    return _EXECUTORS[services.store]


def router(services: Services) -> APIRouter:
    """The route; building it builds and checks the schema."""
    made = APIRouter()
    run = executor(services)

    @made.post("/graphql")
    @policy(Policy.PERSON)
    async def graphql(request: Request, who: Principal = Depends(principal)) -> Response:  # noqa: B008  # FastAPI's way
        text, variables = await _question(request)
        found = await run.execute(who, text, variables)
        if found.failure is not None:
            return answer(found.failure)
        if any(e["extensions"].get("code") == "internal" for e in found.body.get("errors", ())):
            services_of(request).metrics.request("/graphql#internal", 200, 0.0)
        return json(200, found.body)

    return made


async def _question(request: Request) -> tuple[str, dict[str, Any]]:
    body.need_json(request)
    raw = await body.read(request, limits.BODY)
    try:
        asked = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON: {error.msg} at byte {error.pos}", where="body") from error
    if not isinstance(asked, dict):
        raise Invalid("expected one question as an object; lists of questions are not taken", where="body")
    text, variables = asked.get("query"), asked.get("variables") or {}
    if not isinstance(text, str) or not isinstance(variables, dict):
        raise Invalid("expected `query` as text and `variables` as an object", where="body")
    return text, variables
