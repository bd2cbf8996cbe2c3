"""Bulk writes, and rehearsals that write nothing."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, cast

import orjson
import strawberry
from strawberry.scalars import JSON

from cmdb import imports, ingest
from cmdb.applier import utc_now
from cmdb.errors import Invalid, TooLarge
from cmdb.imports import Outcome
from cmdb.store.imports import MOST_ROWS
from cmdb.store.withdrawals import MOST as MOST_WITHDRAWN
from cmdb.words import WIRE_SCHEMA, Role
from cmdb_graphql import limits
from cmdb_graphql.context import Info, blocking, command, question, readable_by, whole
from cmdb_graphql.fields.commands import REASON, by

Rows = Annotated[str, strawberry.argument(description=f"At most {MOST_ROWS:,} rows as JSON Lines: CIs and edges.")]


@readable_by(Role.VIEWER)
@strawberry.type(description="What became of a row, or would become of it.")
class RowOutcome:
    """One row's outcome."""

    row: int = strawberry.field(description="Its number, from 1.")
    kind: str = strawberry.field(description="node, edge, or row when it could not be read.")
    label: str = strawberry.field(description="What it is about: class and name, or the edge's ends.")
    outcome: str = strawberry.field(
        description="created, changed, unchanged, stale, conflict (the world differs) or invalid (the row is wrong)."
    )
    id: strawberry.ID | None = strawberry.field(description="The CI or edge; null of what a dry run would create.")
    reason: str = strawberry.field(description="Why, in one line.")
    changes: JSON = strawberry.field(description="Values that differ: {attribute: [before, after]}.")
    rule: str | None = strawberry.field(description="What recognised its CI.")
    candidates: list[str] = strawberry.field(
        description="The CIs among which a person must choose.", metadata=whole("the rules of a class find few")
    )
    refused: list[str] = strawberry.field(
        description="Keys that were not used for identity, and why.", metadata=whole("a class has few keys")
    )


@readable_by(Role.VIEWER)
@strawberry.type(description="How many rows came to one outcome.")
class OutcomeCount:
    """A count."""

    outcome: str = strawberry.field(description="The outcome.")
    count: int = strawberry.field(description="How many rows.")


@readable_by(Role.VIEWER)
@strawberry.type(description="What became of a call's rows.")
class BulkResult:
    """A bulk write or its rehearsal."""

    sequence: int = strawberry.field(description="The last journal sequence it wrote; of a dry run: 0.")
    dry_run: bool = strawberry.field(description="Whether everything was taken back.")
    counts: list[OutcomeCount] = strawberry.field(
        description="How many rows came to what.", metadata=whole("there are few outcomes")
    )
    outcomes: list[RowOutcome] = strawberry.field(
        description="Each row's outcome, in their order.", metadata=whole("one for each row that was sent")
    )
    left: list[int] = strawberry.field(
        description="Rows there was no time for: send these again.", metadata=whole("at most the rows that were sent")
    )


def result(outcomes: tuple[Outcome, ...], *, sequence: int, dry_run: bool, left: tuple[int, ...] = ()) -> BulkResult:
    """Outcomes as GraphQL shows them."""
    counted = Counter(one.word for one in outcomes)
    shown = [_shown(one, dry_run=dry_run) for one in outcomes]
    return BulkResult(
        sequence=sequence, dry_run=dry_run, left=list(left), outcomes=shown,
        counts=[OutcomeCount(outcome=word, count=count) for word, count in sorted(counted.items())],
    )  # fmt: skip


def _shown(one: Outcome, *, dry_run: bool) -> RowOutcome:
    known = None if one.id is None or (dry_run and one.word == "created") else strawberry.ID(one.id)
    changes = {name: [_plain(before), _plain(after)] for name, (before, after) in one.changes.items()}
    return RowOutcome(
        row=one.row, kind=one.kind, label=one.label, outcome=one.word, id=known, reason=one.reason,
        changes=cast(JSON, changes), rule=one.rule, candidates=list(one.candidates), refused=list(one.refused),
    )  # fmt: skip


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _read(text: str) -> list[imports.NodeRow | imports.EdgeRow | imports.Unread]:
    last = text[text.rfind("\n") + 1 :]
    count = text.count("\n") + bool(last.strip())
    if not 1 <= count <= MOST_ROWS:
        raise TooLarge(f"send 1 to {MOST_ROWS:,} rows, not {count:,}", where="rows")
    return [_line(n, line) for n, line in enumerate(islice(_lines(text), count), start=1)]


def _lines(text: str) -> Iterator[str]:
    """One after the other: all of them at once would be the whole text once more."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _line(n: int, line: str) -> imports.NodeRow | imports.EdgeRow | imports.Unread:
    try:
        return imports.parse(n, orjson.loads(line))
    except orjson.JSONDecodeError as error:
        return imports.Unread(n, f"not JSON: {error.msg}")


@command(
    Role.ENGINEER,
    many_rows=True,
    arguments={
        **REASON,
        "source": "Who says so: the name of this import, such as assets. What it called a CI, it may call it again.",
        "dryRun": "Decide and write the same, say what comes of it, and take all of it back.",
    },
)
async def bulk_upsert(
    info: Info, rows: Rows, source: str, dry_run: bool = False, reason: str | None = None
) -> BulkResult:
    """Create and change many CIs and edges: recognised by identity rules, a source among others, an outcome per row."""
    parsed = _read(rows)
    if not source:
        raise Invalid("name the source of these rows", where="source")
    done = await blocking(
        info.context.services.store.bulk_upsert, parsed, source, by(info, reason),
        dry_run=dry_run, seconds=limits.COMMAND_DEADLINE * 0.8,  # the rest is for the answer, of as many rows
    )  # fmt: skip
    info.context.loaders.forget()
    return result(done.outcomes, sequence=done.seq, dry_run=dry_run, left=done.left)


@command(
    Role.ENGINEER,
    arguments={
        **REASON,
        "source": "Who says so no longer: the name of the import.",
        "ids": f"CIs and edges that its list has no more, at most {MOST_WITHDRAWN}.",
        "dryRun": "Say what would come of it, and write nothing.",
    },
)
async def withdraw(
    info: Info, source: str, ids: list[strawberry.ID], dry_run: bool = False, reason: str | None = None
) -> BulkResult:
    """Take back what an import said of CIs and edges: what nobody else says is there is retired (`stale`) or closed."""
    done = await blocking(
        info.context.services.store.withdraw, source, list(map(str, ids)), by(info, reason),
        dry_run=dry_run, seconds=limits.COMMAND_DEADLINE * 0.6,
    )  # fmt: skip
    info.context.loaders.forget()
    return result(done.outcomes, sequence=done.seq, dry_run=dry_run, left=done.left)


_NEWEST = 2**53 - 1
"""Later than any report: what is rehearsed is taken as the agent's newest word."""
Payload = Annotated[
    str, strawberry.argument(description="A report, or its sections as `epicentre-agent show --json` prints them.")
]
Agent = Annotated[
    str | None, strawberry.argument(description="The agent that would say so; default: the report's, else a new one.")
]


@question(Role.ENGINEER, long_texts=True)
async def reconcile_dry_run(info: Info, payload: Payload, node: Agent = None) -> BulkResult:
    """What a report would come to, row by row, with rule, candidates and refused keys. Nothing of it is written."""
    snapshot = ingest.parse(_report(payload, node))
    services = info.context.services
    rows = await blocking(services.store.rehearse, snapshot, services.enrolment.revoked())
    return result(tuple(rows), sequence=0, dry_run=True)


def _report(payload: str, node: str | None) -> bytes:
    """A whole report around what was given; its number and id are of the rehearsal, so that it is never known."""
    try:
        body = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON: {error.msg}", where="payload") from error
    if not isinstance(body, dict):
        raise Invalid("expected a report, or its sections, as an object", where="payload")
    whole = body if "sections" in body else {"sections": body}
    fresh = f"rehearsal-{secrets.token_hex(8)}"
    new = {"schema": WIRE_SCHEMA, "node": "nd_rehearsal", "boot_id": fresh, "taken_at": utc_now()}
    named = {} if node is None else {"node": node}
    return orjson.dumps({**new, **whole, **named, "report_id": fresh, "seq": _NEWEST})
