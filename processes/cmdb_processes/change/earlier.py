"""What was done before: the closed changes at the same CIs and from the same template, as a track record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmdb_processes.change.questions import CLOSED, PREDICTED
from cmdb_processes.change.risk import Record as Track
from cmdb_processes.change.templates import BAD, Outcome, Use

Ask = Callable[..., dict[str, Any]]
Row = Mapping[str, Any]
MOST = 500
"""Closed changes that are looked at, the newest first: a failure of long ago says little of today."""
FIRST, PAGE = 20, 100
"""How many are asked for at first, and then: most CIs have few, and each row that is asked for is paid for."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The newest of some closed changes, and how many there are in all."""

    rows: tuple[Row, ...]
    total: int

    @property
    def named(self) -> str:
        """The same inside of a sentence; nothing where all are there."""
        return f", the newest {len(self.rows)} of {self.total}," if self.total > len(self.rows) else ""

    @property
    def cut(self) -> str | None:
        """That older ones are left out, in words; None: all are there."""
        if self.total <= len(self.rows):
            return None
        return f"the newest {len(self.rows)} of {self.total} closed changes are looked at"


def closed(ask: Ask, cis: Sequence[str] | None = None, text: str | None = None) -> Looked:
    """Closed changes about any of these CIs, or with these words. One question for 20, then one for each 100."""
    given = {"cis": None if cis is None else list(cis), "text": text}
    return _looked(ask, lambda after, first: (CLOSED, {**given, "first": first, "after": after}))


def predicted(ask: Ask) -> Looked:
    """What was predicted of closed changes, and what broke. One question for each 50."""
    return _looked(ask, lambda after, _first: (PREDICTED, {"after": after}))


def _looked(ask: Ask, question: Callable[[str | None, int], tuple[str, dict[str, Any]]]) -> Looked:
    rows: list[Row] = []
    after, total, more = None, 0, True
    while more and len(rows) < MOST:
        document, given = question(after, min(PAGE, MOST - len(rows)) if rows else FIRST)
        page = ask(document, **given)["changeRequests"]
        rows += page["nodes"]
        total = total or int(page["total"])  # counted at the first page: what is closed meanwhile is no older one
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    return Looked(tuple(rows), max(total, len(rows)) if more else len(rows))


def uses(ask: Ask, template: str) -> tuple[Use, ...]:
    """The reviewed changes that were made from a template."""
    return tuple(_use(one) for one in closed(ask, text=template).rows if one["template"] == template)


def track(ask: Ask, cis: Sequence[str], template: str | None) -> tuple[Track, ...]:
    """How earlier changes at these CIs went, and those from the template; one without any is left out."""
    looked = closed(ask, cis=cis)
    here = [_use(one) for one in looked.rows]
    found = [Track(f"these CIs{looked.named}", len(here), _bad(here))]
    if template:
        looked = closed(ask, text=template)
        used = [_use(one) for one in looked.rows if one["template"] == template]
        found.append(Track(f"template {template}{looked.named}", len(used), _bad(used)))
    return tuple(one for one in found if one.done)


def _use(one: Row) -> Use:
    return Use(str(one["number"]), Outcome(one["outcome"]), datetime.fromisoformat(one["closedAt"]))


def _bad(found: Sequence[Use]) -> int:
    return sum(1 for use in found if use.outcome in BAD)
