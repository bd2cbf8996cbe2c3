"""What discovery saw between two moments, asked of the graph whole: at some CIs, or in the whole estate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cmdb.errors import Refused
from cmdb_processes.change.questions import HAPPENED
from cmdb_processes.change.steps import Steps, observed

Ask = Callable[..., dict[str, Any]]
MOST = 100
"""CIs that can be asked about by name in one question."""


def happened(ask: Ask, start: str | int, end: str | int | None, of: Sequence[str] | None = None) -> Steps:
    """Every step between two moments (ISO 8601 or sequences; no end: now). Questions: one for each 50 CIs that differ.

    Refused when the history of then is not whole any more: half of what happened would acquit wrongly.
    """
    nodes: list[dict[str, Any]] = []
    parts = [None] if of is None else [list(of[at : at + MOST]) for at in range(0, len(of), MOST)]
    for part in parts:
        after = None
        while True:
            page = ask(HAPPENED, to=end, of=part, after=after, **{"from": start})["diff"]
            if page["truncated"]:
                raise Refused(f"what happened cannot be told whole: {page['truncated']}")
            nodes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
    return observed(nodes)
