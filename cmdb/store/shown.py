"""The labels of views follow every write, in its own transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from cmdb.cypher import views
from cmdb.store.session import Run
from cmdb.words import View


def decoded(texts: Iterable[str]) -> tuple[View, ...]:
    """Views as the graph keeps them."""
    return tuple(View(**json.loads(text)) for text in texts)


def follow(run: Run, kept: Sequence[str], entries: Iterable[Mapping[str, Any]]) -> None:
    """Look again at each CI that these journal entries made or changed; without views it costs nothing."""
    if not kept:
        return
    steps = (step for entry in entries for step in json.loads(entry["ops"]))
    touched = {step["id"] for step in steps if step["op"] in {"create", "change"}}
    for view in decoded(kept):
        refresh(run, view, touched)


def refresh(run: Run, view: View, ids: Collection[str]) -> None:
    """Set the label of these CIs, and of what is inside of those whose label moved. A round trip a level."""
    moved = [row["id"] for row in run(*views.mark(view, ids, inside=False))] if ids else []
    for _ in range(views.MOST_LEVELS):
        if not moved:
            return
        moved = [row["id"] for row in run(*views.mark(view, moved, inside=True))]
