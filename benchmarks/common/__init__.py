"""What the benchmarks share."""

import os
from typing import TypeVar

T = TypeVar("T")


def sized(full: T, small: T) -> T:
    """The size of a run: `small` where BENCH_SMALL is set, as by `make bench-small`."""
    return small if os.environ.get("BENCH_SMALL") else full
