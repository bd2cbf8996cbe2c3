"""The data folder of the example: its own, and marked, so that made-up CIs never come among real ones."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cmdb.errors import Misconfigured

MARK = "demo.json"
LOCK = "lock"
"""The server's: it is kept when the rest goes, since whoever holds it has it open."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What marks the folder: the day on which the company was made, and whether all of it is there."""

    made: date
    whole: bool


def is_example(folder: Path) -> bool:
    """Whether a data folder is the example's."""
    return (folder / MARK).exists()


def claim(folder: Path, today: date) -> Mark:
    """Mark a new or empty folder as the example's; of one that is marked, its mark.

    Misconfigured: there is something else in it.
    """
    if is_example(folder):
        return _read(folder / MARK)
    if folder.exists() and any(folder.iterdir()):
        raise Misconfigured(f"{folder} holds something else than the example: name another with --folder")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return write(folder, Mark(today, whole=False))


def anew(folder: Path, today: date) -> Mark:
    """Remove all that is in a marked folder, and mark it again. The caller holds the server's lock."""
    if not is_example(folder):
        raise Misconfigured(f"{folder} is not the example's: nothing in it was touched")
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in {LOCK, MARK}:
            path.unlink()
    return write(folder, Mark(today, whole=False))


def write(folder: Path, mark: Mark) -> Mark:
    """Write the mark."""
    text = json.dumps({"demo": True, "made": mark.made.isoformat(), "whole": mark.whole})
    (folder / MARK).write_text(text + "\n")
    return mark


def _read(mark: Path) -> Mark:
    try:
        found = json.loads(mark.read_text())
        return Mark(date.fromisoformat(found["made"]), whole=bool(found["whole"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Misconfigured(f"{mark} cannot be read: remove {mark.parent} to begin the example anew") from error
