"""What a device said by object identifier, kept as it was read: in runs of names that begin alike.

A walk of 30,000 rows has a thousand beginnings. Columns are cut out of the runs, so that neither the reading nor the
understanding of a device ever needs one large dictionary of whole names.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import ItemsView, Iterable, Iterator, Mapping
from itertools import chain, islice

from cmdb_agents.transports.snmp_ber import Oid, Run, SnmpValue


def after(root: Oid) -> Oid:
    """The first identifier that is not under it."""
    return (*root[:-1], root[-1] + 1)


class Rows(Mapping[Oid, SnmpValue]):
    """All rows of a walk. The names of each run must rise; runs may come in any order, and overlap."""

    __slots__ = ("_count", "_firsts", "_runs")

    def __init__(self, runs: Iterable[Run]) -> None:
        self._firsts, self._runs = _apart(runs)
        self._count = sum(len(tails) for _, tails, _ in self._runs)

    @classmethod
    def of(cls, values: Mapping[Oid, SnmpValue]) -> Rows:
        """Of a dictionary."""
        names = sorted(values)
        return cls([((), names, [values[name] for name in names])] if names else [])

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Oid]:
        return (head + tail for head, tails, _ in self._runs for tail in tails)

    def __getitem__(self, name: Oid) -> SnmpValue:
        place = bisect_right(self._firsts, name) - 1
        if place >= 0:
            head, tails, told = self._runs[place]
            tail = name[len(head) :]
            at = bisect_left(tails, tail)
            if at < len(tails) and tails[at] == tail and name[: len(head)] == head:
                return told[at]
        raise KeyError(name)

    def items(self) -> ItemsView[Oid, SnmpValue]:
        """As of any mapping."""
        return _Items(self)

    def runs(self) -> Iterable[Run]:
        """In order, none overlapping another."""
        return self._runs

    def column(self, root: Oid) -> dict[Oid, SnmpValue]:
        """What stands under a root, by what follows it in each name, in order."""
        size, limit = len(root), after(root)
        found: dict[Oid, SnmpValue] = {}
        start = max(0, bisect_right(self._firsts, root) - 1)  # the run that begins before the root may reach under it
        for head, tails, told in islice(self._runs, start, bisect_left(self._firsts, limit)):
            if head[:size] == root:
                between = head[size:]
                found.update(zip([between + tail for tail in tails] if between else tails, told, strict=True))
            elif root[: len(head)] == head:
                inner = root[len(head) :]
                cut, at, stop = len(inner), bisect_left(tails, inner), bisect_left(tails, after(inner))
                found.update((tails[n][cut:], told[n]) for n in range(at, stop) if len(tails[n]) > cut)
        return found


class _Items(ItemsView[Oid, SnmpValue]):
    """Without searching for each name again."""

    _mapping: Rows

    def __iter__(self) -> Iterator[tuple[Oid, SnmpValue]]:
        runs = self._mapping.runs()
        return chain.from_iterable(zip(map(head.__add__, tails), told, strict=True) for head, tails, told in runs)


def _apart(runs: Iterable[Run]) -> tuple[list[Oid], list[Run]]:
    """(their first names, runs) in order; those that overlap, since one root lies in another, become one."""
    given = list(runs)
    placed = sorted([(head + tails[0], head + tails[-1], n) for n, (head, tails, _) in enumerate(given)])
    firsts: list[Oid] = []
    found: list[Run] = []
    group: list[Run] = []
    reach: Oid = ()
    for first, last, n in placed:
        if first > reach:
            firsts.append(first)
            found += [_one(group)] if group else []
            group, reach = [given[n]], last
        else:
            group.append(given[n])
            reach = max(reach, last)
    return firsts, [*found, _one(group)] if group else found


def _one(group: list[Run]) -> Run:
    """One run of several; what was read twice is in it once."""
    if len(group) == 1:
        return group[0]
    values = {head + tail: value for head, tails, told in group for tail, value in zip(tails, told, strict=True)}
    names = sorted(values)
    return (), names, [values[name] for name in names]
