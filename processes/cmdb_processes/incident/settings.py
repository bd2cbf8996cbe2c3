"""What an operator may set: the matrix of priorities, by EPICENTRE_PRIORITY_MATRIX."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from cmdb.errors import Misconfigured
from cmdb.registry import discover
from cmdb_processes.priority import PRESETS, SERVICENOW, Matrix

_chosen: Matrix = SERVICENOW


@cache
def matrices() -> Mapping[str, Matrix]:
    """All matrices by name: the presets, and those of files in `matrices/` or of an entry point."""
    own = discover(import_module("cmdb_processes.incident.matrices"), Matrix, "epicentre.priority_matrices")
    return MappingProxyType({**PRESETS, **own})


def choose(name: str) -> None:
    """Rank by the matrix of that name from now on: said once, when a server starts."""
    global _chosen  # noqa: PLW0603  a setting holds for the whole process, as the environment does
    if name not in matrices():
        raise Misconfigured(f"EPICENTRE_PRIORITY_MATRIX is {name!r}; known are {', '.join(sorted(matrices()))}")
    _chosen = matrices()[name]


def matrix() -> Matrix:
    """The one that is set; ServiceNow's, if none is."""
    return _chosen
