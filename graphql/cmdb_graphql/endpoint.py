"""POST /graphql: measured, checked against policy, executed within limits, answered with masked errors."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from inspect import isawaitable
from typing import Any

import anyio
import anyio.to_thread
import orjson
from fastapi import APIRouter, Depends, Request
from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, parse, validate
from graphql.execution import ExecutionResult, execute
from starlette.responses import Response

from cmdb.errors import EpicentreError, Forbidden, Invalid, Overloaded, StoreUnavailable, TooLarge, Unavailable
from cmdb.words import Principal, Process
from cmdb_graphql import body, large, limits
from cmdb_graphql.auth import principal
from cmdb_graphql.compiled import MAX_ERRORS, Plan, plan
from cmdb_graphql.context import Context
from cmdb_graphql.errors import answer, facts_of, json, masked
from cmdb_graphql.health import Probe
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.schema import Built, built
from cmdb_graphql.services import Services

log = logging.getLogger("epicentre.graphql")
THREADS = 16
"""Questions executed at once, of everybody together; intake and login have threads of their own."""
LATE = f"the question took longer than {limits.DEADLINE:.0f} s; ask for less"
LATE_COMMAND = (
    f"the command took longer than {limits.COMMAND_DEADLINE:.0f} s and may still be carried out: "
    "look before you give it again"
)
AWAY = "Neo4j does not answer; nothing was lost, try again shortly"
AWAY_COMMAND = "Neo4j does not answer, and the command may still be carried out: look before you give it again"
NOT_BEGUN = "too much is asked at once: this was not begun and nothing came of it; try again shortly"
CACHED = 500
"""Documents kept parsed and validated."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A GraphQL answer; `failure` is set when the store failed under it."""

    body: dict[str, Any]
    failure: StoreUnavailable | None = None


class Budget:
    """What one principal may use: a bucket of cost that fills evenly, and places for questions under way.

    Questions of a process's own decision come from a thread of its own, so counting is locked.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._running, self._spent, self._since = 0, 0.0, clock()

    @contextmanager
    def charge(self, cost: int, *, inner: bool) -> Iterator[None]:
        """Take `cost`, and a place unless `inner`: a question asked on behalf of one that has its place."""
        with self._lock:
            now = self._clock()
            rate = limits.COST_PER_MINUTE / 60
            self._spent, self._since = max(0.0, self._spent - (now - self._since) * rate), now
            over = self._spent + cost - limits.COST_PER_MINUTE
            if over > 0:
                message = f"more than {limits.COST_PER_MINUTE:,} of cost in a minute: wait {over / rate:.0f} s"
                raise Overloaded(message, retry_after=max(1.0, over / rate))
            if not inner and self._running >= limits.AT_ONCE:
                raise Overloaded(f"more than {limits.AT_ONCE} questions at once", retry_after=1.0)
            self._spent += cost
            self._running += not inner
        try:
            yield
        finally:
            with self._lock:
                self._running -= not inner


@dataclass(frozen=True, slots=True)
class _Known:
    """A document that was found valid."""

    document: DocumentNode
    plan: Plan | None
    """How to execute it; none: graphql-core does."""
    operation: limits.Operation | None
    """What it costs, when that does not depend on the variables."""
    command: bool = False


class Executor:
    """Executes documents for principals over one schema."""

    def __init__(self, services: Services, built: Built | None = None) -> None:
        self._services = services
        self.built = built or Built(services.processes)
        self._parsed: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()
        self._budgets: defaultdict[str, Budget] = defaultdict(Budget)
        self.threads = anyio.CapacityLimiter(THREADS)
        self._slot = large.Slot()
        self._neo4j = Probe(self._answers)

    async def late(self, *, command: bool) -> Unavailable:
        """Why a call does not come back: because of what was asked, or because Neo4j stands still."""
        if not await self._neo4j.ok():
            return StoreUnavailable(AWAY_COMMAND if command else AWAY)
        return Overloaded(LATE_COMMAND if command else LATE, retry_after=5.0)

    def _answers(self) -> bool:
        return self._services.store.ping()

    def claim(self, who: Principal) -> large.Claim:
        """What decides whether somebody's body may be large."""
        needed = [self.built.policies["mutation", name] for name in self.built.many_rows]
        return self._slot.claim(allowed=any(one & who.roles for one in needed))

    async def execute(
        self, who: Principal, text: str, variables: dict[str, Any], *, inner: bool = False, many_rows: bool = False
    ) -> Answer:
        """The answer to one document. Raises what is wrong with the request as a whole.

        `inner` is a question of a process's decision: it needs no place of its own. `many_rows`: it came in a body that
        only a command with many rows may have.
        """
        if len(text) > limits.CHARACTERS:
            raise TooLarge(f"the query has {len(text):,} characters, at most {limits.CHARACTERS:,}", where="query")
        limits.check_variables(variables)
        key = _key(text)
        known, operation = self._checked(key, text, variables)
        self._allow(who, operation)
        if many_rows and not (operation.kind == "mutation" and operation.roots <= self.built.many_rows):
            raise body.too_large(limits.BODY)
        if operation.kind == "subscription":
            raise Invalid("a subscription goes over a WebSocket to /graphql, by graphql-transport-ws", where="query")
        if operation.kind == "query" and not operation.roots <= self.built.long_texts:
            # A command may be given a text to keep. Beside a question with long texts, another might compare them.
            limits.check_texts(variables)
        with self._lock:  # two first questions at once must find one budget
            budget = self._budgets[who.name]
        # What the house does by itself is bounded where it is declared; cut by a budget, a sweep over many records
        # would begin anew each time and never come to the last of them.
        with nullcontext() if inner and who.own else budget.charge(operation.measure.cost, inner=inner):
            found = await self._run(who, known, variables)
        if any(e["extensions"].get("code") == "internal" for e in found.body.get("errors", ())):
            log.error("in operation %s of document %s", operation.name or "(unnamed)", key[:16])
        return found

    def subscribable(
        self, who: Principal, text: str, variables: dict[str, Any]
    ) -> tuple[DocumentNode, limits.Operation]:
        """A subscription's document within the same limits and policies; it has one root field."""
        if len(text) > limits.CHARACTERS:
            raise TooLarge(f"the query has {len(text):,} characters, at most {limits.CHARACTERS:,}", where="query")
        limits.check_variables(variables)
        known, operation = self._checked(_key(text), text, variables)
        if operation.kind != "subscription":
            raise Invalid("questions and commands go by POST; this way takes subscriptions only", where="query")
        self._allow(who, operation)
        return known.document, operation

    async def event(
        self, who: Principal, document: DocumentNode, variables: dict[str, Any], operation: limits.Operation, root: Any
    ) -> Answer:
        """What a subscription answers to one event; it is paid for like a question, and so are its rights asked."""
        self._allow(who, operation)
        with self._lock:
            budget = self._budgets[who.name]
        with budget.charge(operation.measure.cost, inner=True):
            return await self._timed(self._by_core(who, document, variables, root))

    def _checked(self, key: str, text: str, variables: dict[str, Any]) -> tuple[_Known, limits.Operation]:
        """The document, parsed, measured and valid. What it costs is taken anew when it depends on the variables."""
        with self._lock:
            known = self._parsed.get(key)
            if known is not None:
                self._parsed.move_to_end(key)
        if known is not None and known.operation is not None:
            return known, known.operation
        try:
            document = known.document if known is not None else _parse(text)
            operation = limits.measure(self.built.graphql, document, variables)
            return known or self._validate(key, document, operation), operation
        except RecursionError as error:
            raise TooLarge("the query is too deeply nested", where="query") from error

    def _validate(self, key: str, document: DocumentNode, operation: limits.Operation) -> _Known:
        found = validate(self.built.graphql, document, max_errors=5, hide_suggestions=True)
        if found:
            raise Invalid("; ".join(error.message for error in found), where="query")
        planned, command = plan(self.built.strawberry, document), operation.kind == "mutation"
        made = _Known(document, planned, None if operation.varies else operation, command)
        with self._lock:
            self._parsed[key] = made
            while len(self._parsed) > CACHED:
                self._parsed.popitem(last=False)
        return made

    def _allow(self, who: Principal, operation: limits.Operation) -> None:
        needs = [(name, self.built.policies.get((operation.kind, name))) for name in sorted(operation.roots)]
        needs += [(name, self.built.type_policies.get(name)) for name in sorted(operation.types)]
        for name, needed in needs:
            if needed is not None and not needed & who.roles:
                roles = " or ".join(sorted(role.value for role in needed))
                raise Forbidden(f"{name} needs the role {roles}, which {who.name} does not hold")
        if not who.roles:
            raise Forbidden(f"{who.name} holds no role")

    async def _run(self, who: Principal, known: _Known, variables: dict[str, Any]) -> Answer:
        return await self._timed(self._executed(who, known, variables), command=known.command)

    async def _executed(self, who: Principal, known: _Known, variables: dict[str, Any]) -> ExecutionResult:
        done = await known.plan.execute(self._context(who), variables) if known.plan else None
        return done if done is not None else await self._by_core(who, known.document, variables)

    async def _timed(self, executed: Awaitable[ExecutionResult], *, command: bool = False) -> Answer:
        try:
            async with asyncio.timeout(limits.COMMAND_DEADLINE if command else limits.DEADLINE):
                done = await executed
        except TimeoutError as error:
            raise Overloaded(LATE_COMMAND if command else LATE, retry_after=5.0) from error
        return _answer(done)

    async def _by_core(
        self, who: Principal, document: DocumentNode, variables: dict[str, Any], root: Any = None
    ) -> ExecutionResult:
        """As graphql-core executes it: commands, the schema itself, and whatever went another way than planned."""
        result = execute(
            self.built.graphql, document, root, context_value=self._context(who), variable_values=variables,
            hide_suggestions=True, max_coercion_errors=MAX_ERRORS,
        )  # fmt: skip
        return await result if isawaitable(result) else result

    def _context(self, who: Principal) -> Context:
        services = self._services
        if who.view is not None:
            # What a view hides is not known to the projection: the store, which does, answers instead.
            services = replace(services, store=services.store.seen_by(who.view), projection=None)
        return Context(services, who, Loaders(services))


def _key(text: str) -> str:
    try:
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise Invalid("the query holds half a character", where="query") from error


def _parse(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=limits.TOKENS, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        if "tokens" in error.message:  # graphql-core has no class of its own for this
            raise TooLarge(f"the query has more than {limits.TOKENS:,} tokens", where="query") from error
        raise Invalid(error.message, where="query") from error


def _answer(done: ExecutionResult) -> Answer:
    if done.data is None and done.errors and all(e.path is None and _cause(e) is None for e in done.errors):
        # Nothing was executed: the variables do not fit the document.
        raise Invalid("; ".join(error.message for error in done.errors), where="variables")
    made: dict[str, Any] = {"data": done.data}
    if done.errors:
        made["errors"] = [_fault(error) for error in done.errors]
    inner = (_cause(error) for error in done.errors or ())
    return Answer(made, next((e for e in inner if isinstance(e, StoreUnavailable)), None))


def _cause(error: GraphQLError) -> Exception | None:
    """What a resolver raised; None when graphql-core itself refused a value, which it may wrap in itself."""
    inner = error.original_error
    while isinstance(inner, GraphQLError):
        inner = inner.original_error
    return inner


def _fault(error: GraphQLError) -> dict[str, Any]:
    inner = _cause(error)
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


_EXECUTORS: dict[int, Executor] = {}
_MAKING = threading.Lock()
_SERVERS = 8
"""Servers in one process: one, and a few in tests."""


def prepare(processes: Mapping[str, Process]) -> None:
    """Build the schema of these very processes before there is a server, whose executor then finds or awaits it."""
    with _MAKING:
        built(processes)


def executor(services: Services) -> Executor:
    """The one executor of a server's parts; it holds them, so their identity stays theirs as long as it is kept."""
    with _MAKING:  # first questions at once must find one: each would build a schema, and count budgets of its own
        if id(services) not in _EXECUTORS:
            while len(_EXECUTORS) >= _SERVERS:
                _EXECUTORS.pop(next(iter(_EXECUTORS)))
            _EXECUTORS[id(services)] = Executor(services, built(services.processes))
        return _EXECUTORS[id(services)]


def router(services: Services) -> APIRouter:
    """The route; building it builds and checks the schema."""
    made = APIRouter()
    run = executor(services)

    @made.post("/graphql")
    @policy(Policy.PERSON)
    async def graphql(request: Request, who: Principal = Depends(principal)) -> Response:  # noqa: B008  # FastAPI's way
        claim = run.claim(who)
        try:
            text, variables = await _question(request, claim)
            found = await _apart(run, who, text, variables, claim)
        except EpicentreError as error:
            return refusal(error)
        finally:
            claim.leave()
        return refusal(found.failure) if found.failure is not None else json(200, found.body)

    return made


async def _apart(run: Executor, who: Principal, text: str, variables: dict[str, Any], claim: large.Claim) -> Answer:
    """Execute in a thread with an event loop of its own: a large answer holds up neither reports nor other people."""

    begun = False

    def work() -> Answer:
        nonlocal begun
        begun = True
        mine = claim.moved()  # what was sent is needed until here is done, also when nobody waits for it any more
        try:
            return asyncio.run(run.execute(who, text, variables, many_rows=mine.taken))
        finally:
            mine.leave()

    command = "mutation" in text  # what is one has the word; a question that has it too is only waited for longer
    patience = limits.COMMAND_DEADLINE if command else limits.DEADLINE
    with anyio.move_on_after(patience + 1):  # for a call that does not come back; else it stops by itself
        return await anyio.to_thread.run_sync(work, limiter=run.threads, abandon_on_cancel=True)
    raise await run.late(command=command) if begun else Overloaded(NOT_BEGUN, retry_after=5.0)


def refusal(error: EpicentreError) -> Response:
    """The whole request fails: our error body, said in GraphQL's way too. What is wrong with the question is 400."""
    made = answer(error)
    asked = isinstance(error, Invalid) and error.where in {"query", "variables"}
    said = orjson.loads(bytes(made.body))
    facts = dict(said["error"])
    said["errors"] = [{"message": facts.pop("message"), "extensions": facts}]
    headers = {name: value for name, value in made.headers.items() if name in {"retry-after", "www-authenticate"}}
    if isinstance(error, large.TooSlow):
        headers["connection"] = "close"
    return json(400 if asked else made.status_code, said, headers)


async def _question(request: Request, claim: large.Claim) -> tuple[str, dict[str, Any]]:
    body.need_json(request)
    raw = await large.read(request, claim)
    try:
        asked = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON: {error.msg} at byte {error.pos}", where="body") from error
    if not isinstance(asked, dict):
        raise Invalid("expected one question as an object; lists of questions are not taken", where="body")
    text, variables = asked.get("query"), asked.get("variables")
    if not isinstance(text, str) or not isinstance(variables, dict | None):
        raise Invalid("expected `query` as text and `variables` as an object", where="body")
    return text, variables or {}
