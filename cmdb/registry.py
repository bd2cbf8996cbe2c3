"""The only plug mechanism: what lies in a package, or is offered by an entry point, is found by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from importlib.machinery import all_suffixes
from types import ModuleType
from typing import TypeVar

from cmdb.errors import DeclarationError

T = TypeVar("T")


def discover(package: ModuleType, kind: type[T], group: str | None = None) -> dict[str, T]:
    """Every module-level `kind` in the modules of `package` (and of entry point `group`), by its `name`, sorted.

    A value imported into another module is found once; a second, different declaration of a name is refused.
    """
    found: dict[str, tuple[T, str]] = {}
    for module in _modules(package, group):
        for value in vars(module).values():
            values = value if isinstance(value, tuple) else (value,)
            for one in values:
                if isinstance(one, kind):
                    _add(found, one, module.__name__)
    return {name: found[name][0] for name in sorted(found)}


def _modules(package: ModuleType, group: str | None) -> list[ModuleType]:
    names = sorted({name for folder in package.__path__ for name in _names(folder)})
    modules = [import_module(f"{package.__name__}.{name}") for name in names]
    if group is not None:
        # Late: the agent offers no entry points, and this import alone would be an eighth of its memory.
        from importlib.metadata import entry_points

        modules += [point.load() for point in sorted(entry_points(group=group), key=lambda p: p.name)]
    return modules


def _names(folder: str) -> Iterator[str]:
    """The modules and packages in a folder. Not by pkgutil: it loads `inspect`, a twentieth of the agent's memory."""
    suffixes = all_suffixes()
    for entry in os.scandir(folder):
        name, _, suffix = entry.name.partition(".")
        module = f".{suffix}" in suffixes and name != "__init__"
        if name.isidentifier() and (module or os.path.exists(f"{entry.path}/__init__.py")):  # noqa: PTH110  # the same
            yield name


def _add(found: dict[str, tuple[T, str]], one: T, place: str) -> None:
    name: str = one.name  # type: ignore[attr-defined]  # every declared noun has a name
    if name in found and found[name][0] is not one:
        raise DeclarationError(f"{type(one).__name__} {name} is declared in {found[name][1]} and again in {place}")
    found.setdefault(name, (one, place))
