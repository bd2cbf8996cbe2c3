"""What stands in a change's way now, and how reasons are told."""

from __future__ import annotations

from collections.abc import Sequence

from cmdb_processes.change.gather import Taken
from cmdb_processes.change.moved import differences
from cmdb_processes.change.nouns import Impact
from cmdb_processes.change.window import over
from cmdb_processes.lifecycle import Category


def in_short(reasons: Sequence[str], most: int = 10) -> str:
    """The reasons as one readable line; how many are left out is said."""
    left = len(reasons) - most
    return "; ".join(reasons[:most]) + (f"; and {left} more" if left > 0 else "")


def blockers(
    state: str, category: Category, window_end: str | None, assessed: Impact | None, current: Taken | None, now: str
) -> list[str]:
    """Why a change may not be approved or carried out now; `current` is what is assessed now, None if a CI is gone."""
    if category is Category.DONE:
        return [f"it is {state}"]
    found = ["its window is over"] if window_end and over(window_end, now) else []
    if assessed is None:
        return [*found, "it is not assessed"]
    if current is None:
        return [*found, "a CI it is about is gone"]
    return [*found, *differences(assessed, current.impact), *current.assessment.blocked_by]
