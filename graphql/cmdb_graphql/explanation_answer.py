"""What `explain` answers: its types, and the way there from the pure computation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import strawberry

from cmdb.availability import Explanation, Explanations
from cmdb.store import Entry, Slice
from cmdb.words import Role
from cmdb_graphql.availability_answer import joined
from cmdb_graphql.context import readable_by, whole
from cmdb_graphql.types import CI, make

MOST_CHANGES = 5
"""Changes told with an explanation."""
Changes = Mapping[str, Sequence[Entry]]
"""What was done to each CI lately, newest first."""


@readable_by(Role.VIEWER)
@strawberry.type(description="Something that was done to a CI lately.")
class NearChange:
    """A journal entry near an explanation."""

    ci: CI = strawberry.field(description="The CI it was done to: one of the explanation, or one that these need.")
    sequence: int = strawberry.field(description="The journal sequence.")
    at: str = strawberry.field(description="When, ISO 8601 UTC.")
    actor: str = strawberry.field(description="Who.")
    summary: str = strawberry.field(description="What, in words.")


@readable_by(Role.VIEWER)
@strawberry.type(description="CIs whose failure together explains all symptoms.")
class ExplanationItem:
    """An explanation."""

    cis: list[CI] = strawberry.field(description="The CIs.", metadata=whole("it has 3 at most"))
    extra_count: int = strawberry.field(description="How many other CIs would be down with them.")
    extra: list[CI] = strawberry.field(description="The first 20 of those.", metadata=whole("extraCount has them all"))
    score: float = strawberry.field(description="How much was changed near them lately; more is more suspicious.")
    change_count: int = strawberry.field(description="How many changes these are.")
    changes: list[NearChange] = strawberry.field(
        description="The latest 5 of them.", metadata=whole("changeCount has them all")
    )


@readable_by(Role.VIEWER)
@strawberry.type(description="The smallest sets of failures that explain symptoms.")
class ExplanationAnswer:
    """The answer."""

    sequence: int = strawberry.field(description="The journal sequence of the graph it was taken from.")
    items: list[ExplanationItem] = strawberry.field(
        description="The best first: fewest CIs, then most changed lately, then fewest others hit."
    )
    truncated: str | None = strawberry.field(description="Why there may be others, if there may.")


def explanation_answer(
    part: Slice, found: Explanations, changes: Changes, more: Iterable[str | None]
) -> ExplanationAnswer:
    """Explanations with their CIs."""
    items = [_explanation(part, one, changes) for one in found.found]
    # Equals by name: ids are random.
    items.sort(key=lambda one: (len(one.cis), -one.score, one.extra_count, [ci.name for ci in one.cis]))
    return ExplanationAnswer(sequence=part.sequence, items=items, truncated=joined(found.truncated, *more))


def _explanation(part: Slice, one: Explanation, changes: Changes) -> ExplanationItem:
    def named(cis: Sequence[str]) -> list[str]:
        return sorted(cis, key=lambda ci: (part.name(ci), ci))

    near = sorted(((entry, ci) for ci in one.changed for entry in changes[ci]), key=lambda n: (-n[0].seq, n[1]))
    return ExplanationItem(
        cis=[make(part.row(ci)) for ci in named(one.cis)], extra_count=len(one.extra),
        extra=[make(part.row(ci)) for ci in named(one.extra)[:20]], score=one.score, change_count=len(near),
        changes=[
            NearChange(
                ci=make(part.row(ci)), sequence=entry.seq, at=entry.at, actor=entry.actor, summary=entry.summary
            )
            for entry, ci in near[:MOST_CHANGES]
        ],
    )  # fmt: skip
