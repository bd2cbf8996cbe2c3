"""What follows from a declaration alone: worked out once for each declaration, and not again for every row."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar


class Remembering:
    """A frozen declaration that keeps what was worked out of it. Not a field: equality and copies know nothing of it.

    A changed declaration is another one (`dataclasses.replace`), so nothing kept is ever out of date.
    """

    __slots__ = ("_kept",)
    _kept: dict[Any, Any]


D = TypeVar("D", bound=Remembering)
T = TypeVar("T")


def once(work: Callable[[D], T]) -> Callable[[D], T]:
    """A function of a declaration alone, called once for each; what it returns is shared, so it is not to be changed.

    Two threads may both work it out the first time, to the same.
    """

    @wraps(work)
    def kept(declared: D) -> T:
        try:
            found: T = declared._kept[work]
        except AttributeError:
            object.__setattr__(declared, "_kept", {})  # the first of all; the declaration itself stays frozen
            found = declared._kept[work] = work(declared)
        except KeyError:
            found = declared._kept[work] = work(declared)
        return found

    return kept
