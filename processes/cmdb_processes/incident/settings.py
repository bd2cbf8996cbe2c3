"""What an operator may set: the matrix of priorities, by EPICENTRE_PRIORITY_MATRIX."""

from __future__ import annotations

import os
from importlib import import_module

from cmdb.errors import Misconfigured
from cmdb.registry import discover
from cmdb_processes.priority import PRESETS, Matrix

VARIABLE = "EPICENTRE_PRIORITY_MATRIX"


def matrices() -> dict[str, Matrix]:
    """All matrices by name: the presets, and those of files in `matrices/` or of an entry point."""
    own = discover(import_module("cmdb_processes.incident.matrices"), Matrix, "epicentre.priority_matrices")
    return {**PRESETS, **own}


def matrix() -> Matrix:
    """The one that is set; ServiceNow's, if none is."""
    name, known = os.environ.get(VARIABLE) or "servicenow", matrices()
    if name not in known:
        raise Misconfigured(f"{VARIABLE} is {name!r}; known are {', '.join(sorted(known))}")
    return known[name]
