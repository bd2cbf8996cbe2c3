"""Governance policies: set at run time, enforced on people and imports, reported of what discovery found."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

import strawberry

from cmdb import governance
from cmdb.store import Crowd, Found
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, command, computed, question, readable_by, whole
from cmdb_graphql.fields.commands import KEPT_REV, REASON, REV, by
from cmdb_graphql.types import CI, After, Class, First, OfClass, PageInfo, make, page_size


@strawberry.enum(description="What a policy asks.")
class PolicyRule(Enum):
    """The rules, as `governance.Rule` has them."""

    REQUIRED = strawberry.enum_value(
        "required", description="The attribute must be there; of `tags` with `values`: one tag that fits each of them."
    )
    ALLOWED = strawberry.enum_value("allowed", description="The attribute, where it is there, is one of `values`.")
    PATTERN = strawberry.enum_value("pattern", description="The attribute, where it is there, fits `pattern` wholly.")
    TAGS = strawberry.enum_value(
        "tags", description="Every tag fits one of `values`: a tag, or the start of one with * behind it."
    )
    EXTRA = strawberry.enum_value("extra", description="Each free attribute's name is one of `values`; none: no names.")
    PRECEDENCE = strawberry.enum_value(
        "precedence",
        description="Whose word on the attribute counts: `values` are agent, person, import, or a source such as "
        "import:assets or an agent's id, best first. What is left out comes behind; an override stands above all.",
    )


@readable_by(Role.READER)
@strawberry.type(description="A rule for the values of a class and its kinds.")
class Policy:
    """One policy."""

    name: str = strawberry.field(description="Its name.")
    class_: str = strawberry.field(
        name="class", description="The class whose members, and its kinds', it is for; CI: every class."
    )
    rule: PolicyRule = strawberry.field(description="What it asks.")
    attribute: str | None = strawberry.field(description="The attribute it is about, if it is about a single one.")
    values: list[str] = strawberry.field(
        description="The entries of `allowed`, `required`, `tags`, `extra` and `precedence`.",
        metadata=whole("a policy has at most 500"),
    )
    pattern: str | None = strawberry.field(description="The pattern that the whole value fits.")
    why: str = strawberry.field(description="Why it is there, for those it refuses.")
    allowed: str = strawberry.field(description="What it allows, in words.")
    rev: int = strawberry.field(description="Its revision: the journal sequence it was set at.")

    @classmethod
    def of(cls, one: governance.Policy) -> Policy:
        """From the noun."""
        return cls(
            name=one.name, class_=one.cls, rule=PolicyRule[one.rule.name], attribute=one.attribute,
            values=list(one.values), pattern=one.pattern, why=one.why, allowed=one.allowed, rev=one.rev,
        )  # fmt: skip


@readable_by(Role.READER)
@strawberry.type(description="A value of a CI that breaks a policy.")
class PolicyViolation:
    """One violation."""

    of: strawberry.Private[str]
    policy: str = strawberry.field(description="The policy's name.")
    attribute: str = strawberry.field(description="The attribute that breaks it.")
    value: str | None = strawberry.field(description="The value; null: it is missing.")
    allowed: str = strawberry.field(description="What is allowed, in words.")
    sentence: str = strawberry.field(description="All of this in one sentence.")

    @classmethod
    def found(cls, one: Found) -> PolicyViolation:
        """From the store's answer."""
        it = one.violation
        return cls(
            of=one.ci, policy=it.policy, attribute=it.attribute, value=it.value, allowed=it.allowed,
            sentence=it.sentence,
        )  # fmt: skip

    @computed("The CI.")
    async def ci(self, info: Info) -> CI | None:
        """As it is now."""
        row = await info.context.loaders.ci.load(self.of)
        return None if row is None else make(row)


@readable_by(Role.READER)
@strawberry.type(description="How often a policy is broken.")
class ViolationCount:
    """One policy's count."""

    policy: str = strawberry.field(description="The policy's name.")
    count: int = strawberry.field(description="How many values break it.")


@readable_by(Role.READER)
@strawberry.type(description="How often each policy is broken.")
class ViolationCounts:
    """Counts of a check."""

    by_policy: list[ViolationCount] = strawberry.field(description="Each policy with its count, by name.")
    looked_at: int = strawberry.field(description="How many CIs were looked at.")
    truncated: str | None = strawberry.field(description="Why not all CIs were looked at, if they were not.")


@readable_by(Role.READER)
@strawberry.type(description="A page of what breaks policies, by CI.")
class PolicyViolationConnection:
    """A part of a check."""

    asked: strawberry.Private[tuple[str | None, str | None]]
    nodes: list[PolicyViolation] = strawberry.field(description="The violations of this page; those of a CI together.")
    looked_at: int = strawberry.field(description="How many CIs were looked at for this page.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether there is more to look at.")

    @computed("How often each policy is broken, in all pages; counted only when asked.")
    async def counts(self, info: Info) -> ViolationCounts:
        """The size of the matter."""
        found = await blocking(info.context.services.store.violation_counts, *self.asked)
        counts = [ViolationCount(policy=name, count=count) for name, count in sorted(found.counts.items())]
        cut = None if found.whole else f"only the first {found.looked_at:,} CIs were looked at; name a class"
        return ViolationCounts(by_policy=counts, looked_at=found.looked_at, truncated=cut)


@question(Role.READER, complete="at most 500 policies are kept")
async def policies(info: Info) -> list[Policy]:
    """All policies, by name."""
    return [Policy.of(one) for one in await blocking(info.context.services.store.policies)]


@question(Role.READER, arguments={"policy": "Only what breaks the policy of this name."})
async def policy_violations(
    info: Info, class_: OfClass = None, policy: str | None = None, first: First = 50, after: After = None
) -> PolicyViolationConnection:
    """What live CIs break, also what discovery found and what was there before a policy was set. Nothing is changed."""
    store, size = info.context.services.store, page_size(first)
    check = await blocking(store.violations, class_, policy, size, after or "")
    return PolicyViolationConnection(
        asked=(class_, policy),
        nodes=[PolicyViolation.found(one) for one in check.found],
        looked_at=check.looked_at,
        page_info=PageInfo(has_next_page=check.cursor is not None, end_cursor=check.cursor),
    )


@command(
    Role.ADMIN,
    arguments={
        **REASON,
        **KEPT_REV,
        "name": "Its name: lower-case words with - between them. A policy of that name is set anew.",
        "rule": "What it asks.",
        "attribute": "The attribute it is about, in snake_case: a declared one, `name`, `tags` or `extra:<name>`.",
        "values": "Allowed values, tags, names or sources, as the rule says; at most 500.",
        "pattern": "Characters, `.`, `[a-z]`, `\\\\d`, `\\\\w`, `\\\\s`, groups, `|`, repeats; the whole value fits.",
        "why": "Why it is there, in one line; it is told to those it refuses.",
    },
)
async def set_policy(
    info: Info, name: str, class_: Class, rule: PolicyRule, attribute: str | None = None,
    values: list[str] | None = None, pattern: str | None = None, why: str = "", rev: int | None = None,
    reason: str | None = None,
) -> Policy:  # fmt: skip
    """Set a policy. People and imports are refused what would newly break it; what breaks it already is reported.

    One of precedence is broken by nothing: values are decided anew by it, the claims stay.
    """
    chosen = governance.Rule[rule.name]
    policy = governance.Policy(name, class_, chosen, attribute, tuple(values or ()), pattern, why.strip())
    kept = await blocking(info.context.services.store.put_policy, policy, by(info, reason), rev=rev)
    return Policy.of(replace(policy, rev=kept))


@command(Role.ADMIN, arguments={**REASON, **REV, "name": "The policy's name."})
async def remove_policy(info: Info, name: str, rev: int | None = None, reason: str | None = None) -> bool:
    """Remove a policy: from now on nothing is refused, reported or decided by it."""
    await blocking(info.context.services.store.lift_policy, name, by(info, reason), rev=rev)
    return True


@readable_by(Role.READER)
@strawberry.type(description="More open edges at one CI than its relation has room for; reports are not refused.")
class CardinalityViolation:
    """One crowded place."""

    at: strawberry.Private[str]
    others: strawberry.Private[list[str]]
    relation: str = strawberry.field(description="The relation's name.")
    outgoing: bool = strawberry.field(description="Whether the edges lead from the CI, or to it.")
    count: int = strawberry.field(description="How many edges there are; the first 100 are named.")
    edges: list[strawberry.ID] = strawberry.field(
        description="The ids of the edges, at most 100.", metadata=whole("`count` beside it says how many there are")
    )

    @computed("The CI.")
    async def ci(self, info: Info) -> CI | None:
        """As it is now."""
        row = await info.context.loaders.ci.load(self.at)
        return None if row is None else make(row)

    @computed("The other ends of these edges.", complete="one for each edge shown")
    async def ends(self, info: Info) -> list[CI]:
        """As they are now."""
        rows = await info.context.loaders.ci.load_many(self.others)
        return [make(row) for row in rows if row is not None]


@readable_by(Role.READER)
@strawberry.type(description="A page of crowded places, by CI.")
class CardinalityViolationConnection:
    """Crowded places."""

    nodes: list[CardinalityViolation] = strawberry.field(description="The places of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")


@question(Role.READER)
async def cardinality_violations(info: Info, first: First = 50, after: After = None) -> CardinalityViolationConnection:
    """Where reports opened more edges of a relation than it has room for; people's links are refused before."""
    size = page_size(first)
    found = await blocking(info.context.services.store.crowds, size + 1, after or "")
    shown = [_crowded(one) for one in found[:size]]
    end = PageInfo(has_next_page=len(found) > size, end_cursor=found[:size][-1].place if shown else None)
    return CardinalityViolationConnection(nodes=shown, page_info=end)


def _crowded(one: Crowd) -> CardinalityViolation:
    return CardinalityViolation(
        at=one.ci, relation=one.relation, outgoing=one.goes, count=one.count, others=[end for _, end in one.edges],
        edges=[strawberry.ID(edge) for edge, _ in one.edges],
    )  # fmt: skip
