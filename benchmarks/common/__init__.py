"""What the benchmarks share."""

import os
from typing import TypeVar

T = TypeVar("T")

SMALL = bool(os.environ.get("BENCH_SMALL"))
"""Whether this is a small run."""


def sized(full: T, small: T) -> T:
    """The size of a run: `small` where BENCH_SMALL is set, as by `make bench-small`."""
    return small if SMALL else full
