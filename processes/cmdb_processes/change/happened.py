"""What discovery saw between two moments, asked of the graph whole: at some CIs, or in the whole estate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cmdb.errors import Refused
from cmdb_processes.change.questions import HAPPENED, NAMES
from cmdb_processes.change.steps import Act, Steps, observed

Ask = Callable[..., dict[str, Any]]
MOST = 100
"""CIs that can be asked about by name in one question."""

PAGE = 30
"""CIs that differ, at most, in one answer; no more are asked for than can differ, since each is paid for."""


def happened(ask: Ask, start: str | int, end: str | int | None, of: Sequence[str] | None = None) -> Steps:
    """Every step between two moments (ISO 8601 or sequences; no end: now). Questions: one for each 30 CIs that differ,
    and one for each 100 others at the ends of their edges, so that these are named.

    Refused when the history of then is not whole any more: half of what happened would acquit wrongly.
    """
    found = observed(_differences(ask, start, end, of))
    strange = {ci for step in found.steps if step.act in {Act.OPEN, Act.CLOSE} for ci in (step.ci, step.other)}
    return replace(found, names={**named(ask, strange - found.names.keys()), **found.names})


def _differences(
    ask: Ask, start: str | int, end: str | int | None, of: Sequence[str] | None
) -> Iterable[Mapping[str, Any]]:
    parts = [None] if of is None else _parts(of)
    for part in parts:
        after = None
        while True:
            first = PAGE if part is None else min(len(part), PAGE)
            page = ask(HAPPENED, to=end, of=part, first=first, after=after, **{"from": start})["diff"]
            if page["truncated"]:
                raise Refused(f"what happened cannot be told whole: {page['truncated']}")
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]


def named(ask: Ask, cis: Collection[str]) -> dict[str, str]:
    """What they are called, or were when they were retired. One question for each 100."""
    return {ci["id"]: ci["name"] for part in _parts(sorted(cis)) for ci in ask(NAMES, of=part)["pastCis"]}


def _parts(cis: Sequence[str]) -> list[list[str]]:
    return [list(cis[at : at + MOST]) for at in range(0, len(cis), MOST)]
