"""A list of CIs that are still the store's rows: an object is made of one only when somebody takes it.

Most lists are asked for plain values. The compiled executor reads those from the rows; whoever iterates gets objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, overload

from cmdb.store import Row

Make = Callable[[Row], Any]


class Rows(Sequence[Any]):
    """Rows, and how to make an object of one.

    Each plain field of the object must be the row's value of that name, and where the row has none what the field's
    declaration makes (an empty list), else null.
    """

    __slots__ = ("make", "rows")

    def __init__(self, rows: Iterable[Row], make: Make) -> None:
        self.rows, self.make = list(rows), make

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        return map(self.make, self.rows)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Rows: ...
    def __getitem__(self, place: int | slice) -> Any:
        """One made, or a part as it is."""
        return Rows(self.rows[place], self.make) if isinstance(place, slice) else self.make(self.rows[place])
