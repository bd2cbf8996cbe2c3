"""Which kernel answers: compiled code where numba is installed and the graph is large enough to be worth compiling."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

from cmdb.projection import kernel_numpy, rows
from cmdb.projection.rows import Sort

Spread = Callable[..., int]
"""As `kernel_numpy.spread`."""

WORTH = 200_000
"""Edges below which NumPy answers within some milliseconds; numba would cost 100 MiB and a second for nothing."""


def kernel(edges: int) -> Spread:
    """The quickest there is for so many edges."""
    return (compiled() if edges >= WORTH else None) or kernel_numpy.spread


def sorter(edges: int) -> Sort:
    """The quickest way to sort so many edges."""
    if edges < WORTH or compiled() is None:
        return rows.sort
    from cmdb.projection import kernel_numba

    found: Sort = kernel_numba.sort
    return found


@cache
def compiled() -> Spread | None:
    """The numba kernel, or None where numba is missing."""
    if find_spec("numba") is None:
        return None
    from cmdb.projection import kernel_numba

    spread: Spread = kernel_numba.spread
    return spread
