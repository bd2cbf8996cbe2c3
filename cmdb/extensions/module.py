"""Declarations in Python: every noun at the top level of a module, with the line it stands at."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from cmdb.extensions.found import Declared, Found
from cmdb.words import CIClass, RelationType
from cmdb.words.extension import MoreAttributes, MoreEnds

KINDS = (CIClass, RelationType, MoreAttributes, MoreEnds)


def take(values: Mapping[str, object], path: Path, found: Found) -> None:
    """Note the nouns among the values of a module that was read from a file, alone or in a tuple or list."""
    lines = _lines(path)
    seen = {id(one) for one, _ in found.declared}
    for name, value in values.items():
        for one in value if isinstance(value, tuple | list) else (value,):
            # What one module takes from another is declared once.
            if isinstance(one, KINDS) and id(one) not in seen:
                seen.add(id(one))
                declared: Declared = one
                found.declared.append((declared, f"{path}:{lines.get(name, 1)}"))


def _lines(path: Path) -> dict[str, int]:
    """Where each name of a file's top level gets its value."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}  # there is only compiled code: the file is all that can be told
    found: dict[str, int] = {}
    for one in tree.body:
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        found |= {name.id: one.lineno for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return found
