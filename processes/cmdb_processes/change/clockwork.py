"""What time does to changes: approvals lapse or fall, windows end, and discovery is held against the plan."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from cmdb.errors import EpicentreError
from cmdb.words import Effect, Timer
from cmdb.words.process import Ask
from cmdb_processes.change.arranged import newly_in_the_way
from cmdb_processes.change.lifecycle import FIRST
from cmdb_processes.change.questions import PENDING, RADIUS
from cmdb_processes.change.unauthorised import LATE
from cmdb_processes.change.window import over


def pending(ask: Ask, *states: str) -> Iterator[Mapping[str, Any]]:
    """The changes in some states, oldest first, but those of the first version. One question for each 100."""
    after = None
    while True:
        page = ask(PENDING, states=list(states), after=after)["changeRequests"]
        yield from (node for node in page["nodes"] if node["version"] != FIRST.version)
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def lapsed(ask: Ask, now: str) -> Iterator[Effect]:
    """Requests for approval that have run out."""
    for one in pending(ask, "awaiting approval"):
        if one["approvalExpires"] and over(one["approvalExpires"], now):
            yield Effect("expire_change_approval", one["number"])


def moved(ask: Ask, _now: str) -> Iterator[Effect]:
    """Changes with approvals whose radius has another hash than their evidence, or that run into a freeze or a window
    that their evidence does not know. One question for each, and one of what is arranged for all."""
    still: list[Mapping[str, Any]] = []
    for one in pending(ask, "awaiting approval", "approved", "scheduled"):
        evidence = json.loads(one["evidence"])
        if _hash(ask, one) != evidence["answers"]["impact"]["hash"]:
            yield Effect("recheck_change", one["number"])
        else:
            still.append(evidence)
    yield from (Effect("recheck_change", number) for number in newly_in_the_way(ask, still))


def _hash(ask: Ask, one: Mapping[str, Any]) -> str | None:
    with suppress(EpicentreError):  # a CI it is about is gone: that is another radius
        return str(ask(RADIUS, of=[ci["id"] for ci in one["cis"]])["impact"]["hash"])
    return None


def ended(ask: Ask, now: str) -> Iterator[Effect]:
    """Changes that are still worked on when their window is over."""
    for one in pending(ask, "implementing"):
        if over(one["windowEnd"], now):
            yield Effect("end_change_window", one["number"])


def verified(ask: Ask, now: str) -> Iterator[Effect]:
    """Changes in review that discovery has had its time to see."""
    for one in pending(ask, "review"):
        done = one["finishedAt"]
        if done and not one["verifiedAt"] and over((datetime.fromisoformat(done) + LATE).isoformat(), now):
            yield Effect("verify_change_in_time", one["number"])


TIMERS = (
    Timer("approvals lapse", "A request for approval that has run out is taken back.", lapsed),
    Timer("approvals fall", "Approvals fall when the radius has moved or a freeze or window is new.", moved),
    Timer("windows end", "Work that is not over at its window's end goes to the review.", ended),
    Timer("execution is verified", "An hour after the work, what discovery saw is held against the plan.", verified),
)
