"""What was done before: the closed changes at the same CIs and from the same template, as a track record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from cmdb_processes.change.questions import CLOSED
from cmdb_processes.change.risk import Record as Track
from cmdb_processes.change.templates import BAD, Outcome, Use

Ask = Callable[..., dict[str, Any]]
MOST = 500
"""Closed changes that are looked at, the newest first."""


def closed(ask: Ask, cis: Sequence[str] | None = None, text: str | None = None) -> Iterator[Mapping[str, Any]]:
    """Closed changes about any of these CIs, or with these words, newest first. One question for each 50."""
    after = None
    for _ in range(MOST // 50):
        page = ask(CLOSED, cis=None if cis is None else list(cis), text=text, after=after)["changeRequests"]
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def uses(ask: Ask, template: str) -> tuple[Use, ...]:
    """The reviewed changes that were made from a template."""
    return tuple(_use(one) for one in closed(ask, text=template) if one["template"] == template)


def track(ask: Ask, cis: Sequence[str], template: str | None) -> tuple[Track, ...]:
    """How earlier changes at these CIs went, and those from the template; one without any is left out."""
    here = [_use(one) for one in closed(ask, cis=cis)]
    found = [Track("these CIs", len(here), _bad(here))]
    if template:
        used = uses(ask, template)
        found.append(Track(f"template {template}", len(used), _bad(used)))
    return tuple(one for one in found if one.done)


def _use(one: Mapping[str, Any]) -> Use:
    return Use(str(one["number"]), Outcome(one["outcome"]), datetime.fromisoformat(one["closedAt"]))


def _bad(found: Sequence[Use]) -> int:
    return sum(1 for use in found if use.outcome in BAD)
