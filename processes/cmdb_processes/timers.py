"""What time does to records of every process, as one-line declarations. Pure but asking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cmdb.words import Effect, RecordType, Timer
from cmdb.words.process import Ask

PAGE = 100


def after(kind: RecordType, state: str, wait: timedelta, command: str) -> Timer:
    """A timer that gives a system command to each record that has been in a state for so long, oldest first.

    The command leads out of the state, so none is due twice. Asked a page at a time, only as far as a sweep gets.
    """
    head, *tail = kind.plural.split("_")
    plural = head + "".join(part.capitalize() for part in tail)
    document = (
        f"query Due($state: String!, $before: String!, $after: String) {{ {plural}(state: $state, order: OLDEST,"
        f" filter: {{ stateBefore: $before }}, first: {PAGE}, after: $after)"
        " { nodes { number } pageInfo { hasNextPage endCursor } } }"
    )

    def due(ask: Ask, now: str) -> Iterator[Effect]:
        before, behind = (datetime.fromisoformat(now) - wait).isoformat(), None
        while True:
            page = ask(document, state=state, before=before, after=behind)[plural]
            yield from (Effect(command, row["number"]) for row in page["nodes"])
            if not page["pageInfo"]["hasNextPage"]:
                return
            behind = page["pageInfo"]["endCursor"]

    return Timer(f"{command} after {wait}", f"After {wait} in state {state}: {command}.", due)
