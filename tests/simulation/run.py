"""Lives through seeds and says which one ended badly, why, and how to live through it again."""

from __future__ import annotations

import gc
import logging
import os
import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

from simulation.oracles import judge
from simulation.world import Parts, World

from cmdb.store import commands

AGAIN = (
    "EPICENTRE_TEST_SEED={seed} EPICENTRE_TEST_CASES=1 .venv/bin/python -m pytest tests/simulation -k seed_ends_well"
)
AT_ONCE = 250
"""Seeds for one process before it says how they went."""


@dataclass
class Told:
    """How some seeds went: what happened in them, and the first that ended badly."""

    happened: Counter[str] = field(default_factory=Counter)
    failure: str | None = None
    seed: int | None = None


@contextmanager
def silence() -> Iterator[None]:
    """Without the log lines of what is meant to go wrong."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Python looks for cycles of objects all the time, and a sixth of a seed's time goes into it; once at the end is
    enough."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


def live(seed: int, parts: Parts | None = None) -> World:
    """A world of this seed that has come to rest and was judged; raises what it did wrong."""
    before = random.getstate()
    random.seed(seed)  # the real code shakes a Retry-After by it
    try:
        world = World(seed, parts or Parts())
        try:
            with patch.object(commands, "new_id", world.new_id):
                world.run()
            judge(world)
        except Exception as error:
            error.add_note("\n".join(world.notes[-15:]))
            raise
        return world
    finally:
        random.setstate(before)


def many(seeds: Iterable[int], parts: Callable[[], Parts] = Parts) -> Told:
    """Live through these until one ends badly."""
    told = Told()
    with silence(), _no_collector():
        for seed in seeds:
            try:
                world = live(seed, parts())
            except Exception as error:
                told.seed, told.failure = seed, f"{''.join(traceback.format_exception(error)[-6:])}\n{error}"
                return told
            told.happened += Counter(world.faults.seen)
            told.happened["reports applied"] += len(world.server.bolt.state.applied)
            told.happened["requests let in"] += len(world.server.heard)
    return told


def all_of(first: int, cases: int) -> Told:
    """So many seeds, on all processors where they are many."""
    chunks = [range(start, min(start + AT_ONCE, first + cases)) for start in range(first, first + cases, AT_ONCE)]
    if len(chunks) == 1:
        return many(chunks[0])
    whole = Told()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for told in pool.map(many, chunks):
            whole.happened += told.happened
            if told.failure is not None and whole.failure is None:
                whole.failure, whole.seed = told.failure, told.seed
    return whole
