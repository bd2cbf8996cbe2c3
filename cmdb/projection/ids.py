"""Public ids and the numbers that stand for them in the arrays. A number, once given, is never given again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cmdb.projection.rows import Ints

Names = NDArray[np.bytes_]


@dataclass(slots=True)
class Ids:
    """Most names as one fixed-width column (28 bytes each) with its order (4); those that came since in a dict.

    One writer adds; readers need no lock: a name is there before its number is published.
    """

    names: Names
    order: Ints
    more: dict[str, int] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, names: Names) -> Ids:
        """Numbered as they come."""
        return cls(names, np.argsort(names, kind="stable").astype(np.int32))

    def __len__(self) -> int:
        return len(self.names) + len(self.added)

    def add(self, name: str) -> int:
        """The number of a name, which gets the next one if it has none."""
        have = self.number(name)
        if have is not None:
            return have
        number = len(self)
        self.added.append(name)
        self.more[name] = number
        return number

    def number(self, name: str) -> int | None:
        """The number of a name; None if it has none."""
        found = self.more.get(name)
        return self._old([name]).get(name) if found is None else found

    def numbers(self, names: Collection[str]) -> dict[str, int]:
        """The numbers of those that have one."""
        found = self._old([name for name in names if name not in self.more])
        return found | {name: self.more[name] for name in names if name in self.more}

    def texts(self, numbers: Ints) -> list[str]:
        """The names of numbers, in their order."""
        old = len(self.names)
        if len(numbers) and int(numbers.max()) >= old:
            return [self.added[n - old] if n >= old else self.names[n].decode() for n in numbers.tolist()]
        found: list[str] = self.names[numbers].astype(str).tolist()
        return found

    def column(self) -> Names:
        """All names by number."""
        return np.concatenate([self.names, np.array(self.added, "S")]) if self.added else self.names

    def _old(self, names: Sequence[str]) -> dict[str, int]:
        found = {}
        for name in names:
            # Not searchsorted: it would copy the whole order at every call.
            wanted = name.encode("ascii", "replace")
            place = bisect_left(self.order, wanted, key=self.names.__getitem__)
            if place < len(self.order) and self.names[self.order[place]] == wanted:
                found[name] = int(self.order[place])
        return found
