"""Keeps the projection at the journal's end: loaded from its file or read from the graph, then entry by entry."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from cmdb.errors import Conflict, EpicentreError, Invalid
from cmdb.projection import snapshot
from cmdb.projection.ids import Ids, Names
from cmdb.projection.kernel import WORTH, compiled, sorter
from cmdb.projection.projection import Projection
from cmdb.projection.rows import Edges, build
from cmdb.projection.snapshot import Snapshot
from cmdb.projection.state import Relations, State

log = logging.getLogger("epicentre.projection")

LOOK = 0.5
"""Seconds between two looks at the journal."""
BATCH = 16
"""Journal entries read together: the first report of a large host is some MB, and several times that once read."""
LAG = 500
"""Entries that a question waits for; further behind it goes to the graph."""
TURN = 0.5
"""Seconds a question waits while somebody else catches up."""
SAVE_EVERY = 3600.0
"""Seconds between two saves while the server runs."""


class Topology(NamedTuple):
    """Every CI (ids sorted) and every edge that carries failure, as of a sequence; ends are places in `names`."""

    sequence: int
    names: Names
    edges: Edges


class Source(Protocol):
    """What the feed needs of the store."""

    def sequence(self) -> int:
        """The last applied sequence."""
        ...

    def entries_after(self, seq: int, first: int) -> list[dict[str, Any]]:
        """Journal entries behind a sequence, oldest first, with their ops."""
        ...

    def journal(self, first: int = 50, before: int | None = None) -> list[dict[str, Any]]:
        """Journal entries, newest first, with their hash."""
        ...

    def topology(self, relations: tuple[str, ...]) -> Topology:
        """All CIs, and all edges of these relations, in columns."""
        ...


class Feed:
    """A thread that follows the journal. Until it has caught up, and after a failure, there is no state to ask."""

    def __init__(self, source: Source, soft: Mapping[str, bool], file: Path | None = None) -> None:
        self._source, self._file = source, file
        self._relations = Relations.of(dict(soft))
        self._projection: Projection | None = None
        self._turn = threading.Lock()
        self._stopping = threading.Event()
        self._saved, self._saved_at = -1, time.monotonic()
        self._merger: threading.Thread | None = None
        self._thread = threading.Thread(target=self._run, name="projection", daemon=True)

    def start(self) -> None:
        """Begin to load and follow."""
        self._thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Stop following and leave the file as new as can be."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        if self._merger is not None:
            self._merger.join(timeout)
        try:
            self.save()
        except (EpicentreError, OSError) as error:
            log.warning("the projection was not saved, the next start reads the graph: %s", error)

    @property
    def state(self) -> State | None:
        """What can be asked now, however far it is; None while there is nothing."""
        return None if self._projection is None else self._projection.state

    def at(self, sequence: int) -> State | None:
        """A state that is at least at a sequence; one that lags a little catches up first. None: ask the graph."""
        state = self.state
        if state is None or state.sequence >= sequence:
            return state
        if sequence - state.sequence > LAG or not self._turn.acquire(timeout=TURN):
            return None
        try:
            self._catch_up()
        except EpicentreError as error:
            log.warning("the projection could not catch up: %s", error)
        finally:
            self._turn.release()
        state = self.state
        return state if state is not None and state.sequence >= sequence else None

    def step(self) -> None:
        """Be up to date: load or read if there is nothing, then follow to the journal's end."""
        with self._turn:
            if self._projection is None:
                self._projection = self._loaded() or self._read()
            self._catch_up()
            self._check()
        self._tidy()

    def save(self) -> None:
        """Write the file, if anything came since the last."""
        projection = self._projection
        if projection is None or self._file is None or projection.state.sequence == self._saved:
            return
        if projection.state.sequence > projection.state.base.sequence:
            projection.merge()
        state = projection.state
        made = Snapshot(state.base, state.ids, state.relations, self._hash(state.base.sequence))
        snapshot.save(self._file, made)
        self._saved, self._saved_at = state.base.sequence, time.monotonic()

    # --- steps ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        waiting = False
        while not self._stopping.is_set():
            try:
                self.step()
                waiting = False
            except EpicentreError as error:
                if not waiting:  # once, not at every try
                    log.warning("the projection waits, questions go to the graph: %s", error)
                waiting = True
            except Exception:
                # A defect of ours must not leave wrong answers: it begins anew, questions go to the graph meanwhile.
                log.exception("the projection failed and begins anew")
                self._projection = None
                self._stopping.wait(10.0)
            self._stopping.wait(LOOK)

    def _catch_up(self) -> None:
        while self._follow() == BATCH and not self._stopping.is_set():
            pass

    def _follow(self) -> int:
        """Apply what the journal has behind us, at most one batch; how many entries that were."""
        projection = self._projection
        if projection is None:
            return 0
        entries = self._source.entries_after(projection.state.sequence, BATCH)
        try:
            for entry in entries:
                projection.apply(entry)
        except Conflict as error:
            log.warning("the projection is read anew: %s", error)
            self._projection = self._read()
        return len(entries)

    def _check(self) -> None:
        """A journal that ends before us is another one: the graph was restored or emptied."""
        state = self.state
        if state is not None and self._source.sequence() < state.sequence:
            log.warning("the journal ends before sequence %d: the projection is read anew", state.sequence)
            self._projection = self._read()

    def _tidy(self) -> None:
        projection = self._projection
        if projection is None or (self._merger is not None and self._merger.is_alive()):
            return
        if projection.due:
            self._merger = threading.Thread(target=projection.merge, name="projection-merge", daemon=True)
            self._merger.start()
        elif time.monotonic() - self._saved_at > SAVE_EVERY:
            self.save()

    def _loaded(self) -> Projection | None:
        """From the file, if it is whole and of this journal."""
        if self._file is None:
            return None
        try:
            found = snapshot.load(self._file)
            self._fitting(found)
        except FileNotFoundError:
            return None
        except (Invalid, OSError, ValueError) as error:
            log.warning("the projection's file is not used, the graph is read instead: %s", error)
            return None
        self._saved = found.base.sequence
        return self._made(Projection(found.base, found.ids, self._relations))

    def _fitting(self, found: Snapshot) -> None:
        same = found.relations.names == self._relations.names and (found.relations.soft == self._relations.soft).all()
        if not same:
            raise Invalid("the relations that carry failure were others")
        if found.hash != self._hash(found.base.sequence):
            raise Invalid("it is of another journal")

    def _read(self) -> Projection:
        topology = self._source.topology(self._relations.names)
        edges = topology.edges
        base = build(len(topology.names), edges, topology.sequence, sort=sorter(len(edges.source)))
        return self._made(Projection(base, Ids.of(topology.names), self._relations))

    def _made(self, projection: Projection) -> Projection:
        if projection.state.base.edges >= WORTH and compiled() is None:
            log.warning("numba is not installed: large answers take some ten times longer (pip install numba)")
        return projection

    def _hash(self, sequence: int) -> str:
        rows = self._source.journal(1, sequence + 1)
        return str(rows[0]["hash"]) if rows and rows[0]["seq"] == sequence else ""
