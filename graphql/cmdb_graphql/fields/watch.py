"""What the server itself knows: counts, agents, and what waits for a person."""

from __future__ import annotations

import strawberry
from strawberry.scalars import JSON

from cmdb.enrolment import Agent as Enrolled
from cmdb.inbox import Kept
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, command, question, readable_by, whole
from cmdb_graphql.pages import Connection
from cmdb_graphql.pages import held as page
from cmdb_graphql.types import After, First, age


@readable_by(Role.READER)
@strawberry.type(description="How many live CIs a class has.")
class ClassCount:
    """A count."""

    class_: str = strawberry.field(name="class", description="The class.")
    count: int = strawberry.field(description="How many live CIs.")


@readable_by(Role.READER)
@strawberry.type(description="How the server does.")
class Status:
    """The state of the whole; of reports that wait, a reader is told nothing: they may be about any CI."""

    sequence: int = strawberry.field(description="The last applied journal sequence.")
    counts: list[ClassCount] = strawberry.field(description="Live CIs by class.", metadata=whole("one for each class"))
    queued: int | None = strawberry.field(description="Reports that wait to be applied; null to a reader.")
    held: int | None = strawberry.field(
        description="Reports that wait for a person's word on an identity; null to a reader."
    )
    quarantined: int | None = strawberry.field(description="Reports that failed three times; null to a reader.")


@readable_by(Role.VIEWER)
@strawberry.type(description="An enrolled agent.")
class Agent:
    """An agent."""

    node: strawberry.ID = strawberry.field(description="Its id.")
    site: str = strawberry.field(description="The site its token was bound to.")
    owner: str = strawberry.field(description="The owner its token was bound to.")
    state: str = strawberry.field(description="reporting, silent, held, revoked or new.")
    enrolled_at: str = strawberry.field(description="When it was enrolled, ISO 8601 UTC.")
    last_seen: str | None = strawberry.field(description="When its last request came, ISO 8601 UTC.")
    host: str | None = strawberry.field(description="The name of the host it speaks for.")


@readable_by(Role.VIEWER)
@strawberry.type(description="An identity that waits for a person's word.")
class Conflict:
    """An identity conflict."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    node: str = strawberry.field(description="The agent whose report is held.")
    hostname: str | None = strawberry.field(description="What the reporting host calls itself.")
    outcome: str = strawberry.field(description="conflict or ambiguous.")
    reason: str = strawberry.field(description="Why it is held.")
    candidates: list[str] = strawberry.field(
        description="The CIs it might be.", metadata=whole("all that fit are named")
    )
    opened_at: str = strawberry.field(description="Since when, ISO 8601 UTC.")
    trace: JSON | None = strawberry.field(description="Rule by rule, what was tried.")


@readable_by(Role.VIEWER)
@strawberry.type(description="A report that failed three times, kept with its reason.")
class QuarantinedReport:
    """A poisoned report."""

    row: int = strawberry.field(description="Its number in the inbox.")
    node: str = strawberry.field(description="The agent that sent it.")
    report_id: str = strawberry.field(description="The report's id.")
    reason: str = strawberry.field(description="Why it failed.")
    at: str = strawberry.field(description="When it came, ISO 8601 UTC.")


@question(Role.READER)
async def status(info: Info) -> Status:
    """How the server does: counts, queue and sequence."""
    services, all_of_it = info.context.services, not info.context.narrowed
    counts = await blocking(services.store.counts)
    return Status(
        sequence=await blocking(services.store.sequence),
        counts=[ClassCount(class_=name, count=n) for name, n in counts.items()],
        queued=services.inbox.depth() if all_of_it else None,
        held=len(await blocking(services.inbox.held)) if all_of_it else None,
        quarantined=len(await blocking(services.inbox.quarantine)) if all_of_it else None,
    )


@question(Role.VIEWER)
async def agents(info: Info, first: First = 50, after: After = None) -> Connection[Agent]:
    """Every enrolled agent and when it last reported."""
    services = info.context.services
    enrolled = await blocking(services.enrolment.agents)
    seen = await blocking(services.inbox.senders)
    hosts = await blocking(services.store.hosts_of_agents)
    held = {kept.node for kept in await blocking(services.inbox.held)}
    quiet = services.settings.agent_interval * 5

    def state(node: str, revoked: str | None) -> str:
        if revoked:
            return "revoked"
        if node in held:
            return "held"
        return "new" if node not in seen else "silent" if (age(seen[node]) or 0) > quiet else "reporting"

    def shown(a: Enrolled) -> Agent:
        return Agent(
            node=strawberry.ID(a.node), site=a.site, owner=a.owner, state=state(a.node, a.revoked_at),
            enrolled_at=a.enrolled_at, last_seen=seen.get(a.node), host=hosts.get(a.node),
        )  # fmt: skip

    return page(enrolled, first, after, shown, lambda a: a.node)


@question(Role.VIEWER)
async def conflicts(info: Info, first: First = 50, after: After = None) -> Connection[Conflict]:
    """Identities that wait for a person's word, oldest first."""
    found = await blocking(info.context.services.store.conflicts)
    return page(found, first, after, lambda row: Conflict(**row), lambda row: str(row["id"]))


@question(Role.ADMIN)
async def quarantine(info: Info, first: First = 50, after: After = None) -> Connection[QuarantinedReport]:
    """Reports that failed three times."""

    def shown(k: Kept) -> QuarantinedReport:
        return QuarantinedReport(row=k.row, node=k.node, report_id=k.report_id, reason=k.reason, at=k.at)

    kept = await blocking(info.context.services.inbox.quarantine)
    return page(kept, first, after, shown, lambda k: str(k.row))


@command(Role.ADMIN)
async def replay(info: Info, row: int) -> bool:
    """Try a quarantined report again."""
    await blocking(info.context.services.inbox.replay, row)
    return True


@command(Role.ADMIN, arguments={"decision": "`same` or `distinct`."})
async def resolve_conflict(info: Info, id: strawberry.ID, decision: str) -> bool:  # noqa: A002
    """Say whether the machines of an identity conflict are the `same` or `distinct`."""
    who = info.context.principal.name
    await blocking(info.context.services.applier.resolve_conflict, str(id), decision.lower(), who)  # type: ignore[arg-type]
    return True


@command(Role.ADMIN, arguments={"collector": "Whether it is for a collector, which looks at other machines."})
async def create_enrolment_token(info: Info, site: str = "", owner: str = "", collector: bool = False) -> str:
    """A one-off token with which one agent can enrol within the hour; shown this once."""
    return await blocking(info.context.services.enrolment.create_token, site, owner, collector)


@command(Role.ADMIN)
async def revoke_agent(info: Info, node: strawberry.ID) -> bool:
    """Send an agent away; its next request is refused."""
    await blocking(info.context.services.enrolment.revoke, str(node))
    return True
