"""What ended by itself is started again: at once the first time, then ever more slowly, and never given up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from subprocess import SubprocessError

from cmdb.errors import EpicentreError

log = logging.getLogger("epicentre")

LONGEST = 10.0
"""Seconds between two tries: about what one start of Neo4j takes, so that a failing one keeps half a core free."""
SETTLED = 30.0
"""Seconds of life after which an earlier end no longer counts."""


@dataclass
class Revival:
    """One child: whether it lives, how to start it, and what is known of its end. `look` is called every second."""

    name: str
    alive: Callable[[], bool]
    start: Callable[[], None]
    last_words: Callable[[], str]
    _ends: int = 0
    _next: float = 0.0
    _since: float | None = None

    def look(self, now: float) -> None:
        """Start it again if it is gone and it is time; a start that fails is a line in the log and another try.

        The server itself goes on: reports are still taken in while Neo4j is away.
        """
        if self.alive():
            self._since = now if self._since is None else self._since
            if now - self._since >= SETTLED:
                self._ends, self._next = 0, 0.0
            return
        self._since = None
        if now < self._next:
            return
        self._ends += 1
        try:
            log.error("%s ended by itself and is started again: %s", self.name, self.last_words())
            self.start()
        except (EpicentreError, OSError, SubprocessError) as error:  # a full or read-only disk, no memory, no answer
            log.error("%s does not start: %s", self.name, error)  # noqa: TRY400  # the sentence says it all
        self._next = now + min(LONGEST, 2.0**self._ends)
