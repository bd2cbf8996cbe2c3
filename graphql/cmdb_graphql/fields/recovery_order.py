"""In which order comes back what went down when these CIs failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import strawberry

from cmdb.impact import Recovery, State
from cmdb.impact import recovery_order as order_of
from cmdb.store import Slice
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, question, readable_by
from cmdb_graphql.fields.impact import AlsoDown, InContext, struck
from cmdb_graphql.moment import AsOf
from cmdb_graphql.proposed import Proposed
from cmdb_graphql.types import CI, After, First, PageInfo, cut_page, make


@readable_by(Role.READER)
@strawberry.type(description="A CI to be started again.")
class RecoveryStep:
    """A CI and when its turn is."""

    wave: int | None = strawberry.field(
        description="Its wave, from 1: it can be started when all waves before run. Null for one that this rule alone"
        " never starts: CIs that need each other, and what needs something that stays down."
    )
    ci: CI = strawberry.field(description="The CI.")


@readable_by(Role.READER)
@strawberry.type(description="A page of the CIs to be started again, wave by wave; those that are stuck come last.")
class RecoveryStepConnection:
    """A page."""

    sequence: int = strawberry.field(description="The journal sequence of the graph it was taken from.")
    nodes: list[RecoveryStep] = strawberry.field(description="The CIs of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")
    count: int = strawberry.field(description="How many CIs went down in all, those that failed included.")
    waves: int = strawberry.field(description="How many waves there are.")
    stuck: int = strawberry.field(description="How many CIs are in no wave.")
    truncated: str | None = strawberry.field(description="Why there may be others, if there may.")


class Turn(NamedTuple):
    """A CI and its wave; None is stuck."""

    wave: int | None
    ci: str


@question(Role.READER)
async def recovery_order(
    info: Info, of: list[strawberry.ID], first: First = 100, after: After = None, as_of: AsOf = None,
    proposed: Proposed = None, also_down: AlsoDown = None, context: InContext = True,
) -> RecoveryStepConnection:  # fmt: skip
    """In which order to start again what is down when all of these CIs failed; others that are down stay down.

    What a CI merely uses is not waited for, and of a group only as many members as it needs to live.
    """
    part, model, blast = await struck(info, of, as_of, proposed, also_down, None, context=context, anew=True)
    fallen = {*blast.failed, *(item.ci for item in blast.items if item.after is State.DOWN)}
    staying = {ci for ci, state in blast.before.items() if state is State.DOWN} - fallen
    found = await blocking(order_of, model, fallen, staying)
    turns = list(_turns(found, part))
    page, end = cut_page(turns, first, after, lambda turn: turn.ci)
    return RecoveryStepConnection(
        sequence=part.sequence, nodes=[RecoveryStep(wave=t.wave, ci=make(part.row(t.ci))) for t in page],
        page_info=end, count=len(turns), waves=len(found.waves), stuck=len(found.stuck), truncated=part.truncated,
    )  # fmt: skip


def _turns(found: Recovery, part: Slice) -> Iterable[Turn]:
    for wave, cis in [*enumerate(found.waves, 1), (None, found.stuck)]:
        yield from (Turn(wave, ci) for ci in sorted(cis, key=lambda ci: (part.name(ci), ci)))
