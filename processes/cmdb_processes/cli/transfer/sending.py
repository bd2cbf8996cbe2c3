"""The rows of a file, sent in parts: parents first, edges last; the order in the file does not matter."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from cmdb.errors import Overloaded, StoreUnavailable
from cmdb_graphql.client import Client
from cmdb_processes.cli.transfer.layout import Layout, as_sent, in_order
from cmdb_processes.cli.transfer.outcomes import Lines, OutcomeFile

BULK = """
mutation Bulk($rows: String!, $source: String!, $dryRun: Boolean!, $reason: String) {
  bulkUpsert(rows: $rows, source: $source, dryRun: $dryRun, reason: $reason) {
    left
    outcomes { row kind label outcome id reason changes rule candidates refused }
  }
}
"""
MOST_ROWS = 1_000
MOST_BYTES = 600_000
"""Of one part: the server takes a body of 1 MiB, and quotes are doubled on the way."""
TRIES = 24
PAUSE = 5.0


@dataclass(slots=True)
class _Part:
    """Lines to be sent together; `context` are rows sent along whose outcome is known already."""

    lines: list[tuple[int, str]] = field(default_factory=list)
    context: dict[str, str] = field(default_factory=dict)
    size: int = 0

    def takes(self, text: str, context: Mapping[str, str]) -> bool:
        new = sum(len(t.encode()) for ref, t in context.items() if ref not in self.context)
        rows = len(self.lines) + len(self.context) + len(context)
        return not self.lines or (rows < MOST_ROWS and self.size + new + len(text.encode()) < MOST_BYTES)

    def add(self, number: int, text: str, context: Mapping[str, str]) -> None:
        self.size += sum(len(t.encode()) for ref, t in context.items() if ref not in self.context) + len(text.encode())
        self.context |= context
        self.lines.append((number, text))


class Sending:
    """One file on its way. `tell` is told how many rows have their outcome."""

    def __init__(
        self, client: Client, path: Path, kind: str, given: Mapping[str, Any], tell: Callable[[int], None]
    ) -> None:
        self._client, self._path, self._kind, self._given, self._tell = client, path, kind, given, tell

    def run(self, layout: Layout, outcomes: OutcomeFile) -> None:
        """Send what has no outcome yet. An error leaves everything so that the same call goes on."""
        self._tell(len(outcomes.done))
        bad = [{"line": n, "outcome": "invalid", "reason": why} for n, why in layout.bad if n not in outcomes.done]
        if bad:
            outcomes.add(bad)
        for part in self._parts(layout, outcomes.done):
            waiting = part.lines
            while waiting:
                waiting = self._send(waiting, part.context, outcomes)
            self._tell(len(outcomes.done))
        outcomes.finish()

    def _parts(self, layout: Layout, done: Lines) -> Iterator[_Part]:
        """Each level's parts end with it: what follows builds on it."""
        for _, level in groupby(in_order(self._path, self._kind, layout), key=lambda one: layout.levels[one[0]]):
            part = _Part()
            for number, row in level:
                if number in done:
                    continue
                text, context = as_sent(row), self._context(layout, row)
                if not part.takes(text, context):
                    yield part
                    part = _Part()
                part.add(number, text, context)
            if part.lines:
                yield part

    def _context(self, layout: Layout, row: Mapping[str, Any]) -> dict[str, str]:
        """In a dry run: the rows this one builds on, since what they made was taken back."""
        found: dict[str, str] = {}
        waiting = [row.get("parent")] if "class" in row else [row.get("from"), row.get("to")]
        while waiting:
            ref = waiting.pop()
            if isinstance(ref, str) and ref in layout.texts and ref not in found:
                found[ref] = layout.texts[ref]
                waiting.append(layout.parents.get(ref))
        return found

    def _send(
        self, lines: list[tuple[int, str]], context: Mapping[str, str], outcomes: OutcomeFile
    ) -> list[tuple[int, str]]:
        """Send some lines; returns those the server had no time for."""
        here = {text for _, text in lines}
        before = [text for text in context.values() if text not in here]
        answer = self._ask("\n".join([*before, *(text for _, text in lines)]))
        first = len(before)
        by_row = {one.pop("row"): one for one in answer["outcomes"]}
        told, left = [], []
        for place, (number, text) in enumerate(lines, start=first + 1):
            if place in by_row:
                told.append({"line": number, **{k: v for k, v in by_row[place].items() if v not in (None, [], {}, "")}})
            else:
                left.append((number, text))
        outcomes.add(told)
        return left

    def _ask(self, rows: str) -> dict[str, Any]:
        """Ask, and again for two minutes if the server is busy or Neo4j away: rows may be sent twice."""
        for attempt in range(TRIES):
            try:
                found: dict[str, Any] = self._client.ask(BULK, rows=rows, **self._given)["bulkUpsert"]
            except (Overloaded, StoreUnavailable):
                if attempt == TRIES - 1:
                    raise
                time.sleep(PAUSE)
            else:
                return found
        raise AssertionError("the last try answers or raises")
