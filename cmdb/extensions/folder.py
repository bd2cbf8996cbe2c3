"""All of a folder's files, in the order of their names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cmdb.extensions import python_file, yaml_file
from cmdb.extensions.found import Found

READERS: dict[str, Callable[[Path, Found], None]] = {
    ".yaml": yaml_file.read, ".yml": yaml_file.read, ".py": python_file.read,
}  # fmt: skip


def read(folder: Path) -> Found:
    """What the folder's YAML and Python files declare; a folder that is not there declares nothing."""
    found = Found()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix in READERS and not path.name.startswith((".", "_")):
            READERS[path.suffix](path, found)
    return found


def read_file(path: Path) -> Found:
    """What one file declares."""
    found = Found()
    if path.suffix not in READERS:
        found.errors.append(f"{path}:1: the name must end with {', '.join(READERS)}")
    elif not path.is_file():
        found.errors.append(f"{path}:1: there is no such file")
    else:
        READERS[path.suffix](path, found)
    return found
