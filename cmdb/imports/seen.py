"""The CIs that this very run makes, by what they are recognised by: the graph cannot know them yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product

from cmdb import identity
from cmdb.classes import catalogue
from cmdb.identity import Candidate
from cmdb.words import CIClass, Value

_ALONE = "machine_id"
"""Two of these alone are a clone or one machine twice: `identity` wants to see both."""


class Seen:
    """Grows with the run; a look-up costs as much as the row has rules."""

    def __init__(self) -> None:
        self._by_keys: defaultdict[int, list[str]] = defaultdict(list)
        self._attributes: dict[str, Mapping[str, Value]] = {}
        self._local: dict[tuple[str, str | None, str], str] = {}

    def at(self, cls: str, parent: str | None, key: str) -> str | None:
        """What was made there."""
        return self._local.get((cls, parent, key))

    def put(self, cls: str, parent: str | None, key: str, ci: str) -> None:
        """Something was made there."""
        self._local[cls, parent, key] = ci

    def candidates(self, cls: CIClass, values: Mapping[str, Value]) -> list[Candidate]:
        """Those that share the keys of some rule."""
        ids = dict.fromkeys(ci for key in _keys(cls, values) for ci in self._by_keys.get(key, ()))
        return [Candidate(ci, self._attributes[ci]) for ci in ids]

    def add(self, cls: CIClass, ci: str, values: Mapping[str, Value]) -> None:
        """One was made."""
        wanted = (*identity.identity_keys(cls), "virtualisation")
        self._attributes[ci] = {k: values[k] for k in wanted if values.get(k) is not None}
        for key in _keys(cls, values):
            self._by_keys[key].append(ci)


def _keys(cls: CIClass, values: Mapping[str, Value]) -> Iterator[int]:
    """A number for each complete rule; what shares one is compared in full, so a chance meeting does no harm."""
    clean, _ = identity.keys_of(cls, values)
    family = catalogue().lineage(cls.name)[-1]
    for rule in cls.identity:
        if all(clean.get(key) is not None for key in rule.keys):
            for parts in product(*(_forms(key, clean[key]) for key in rule.keys)):
                yield hash((family, rule.name, parts))
    if clean.get(_ALONE) is not None:
        yield hash((family, _ALONE, clean[_ALONE]))


def _forms(key: str, value: Value) -> tuple[Value, ...]:
    if isinstance(value, tuple):
        return value
    return (identity.uuid_variants(value)[0],) if key == "smbios_uuid" and isinstance(value, str) else (value,)
