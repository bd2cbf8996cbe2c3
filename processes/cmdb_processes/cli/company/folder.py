"""The data folder of the example: its own, and marked, so that made-up CIs never come among real ones."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from cmdb.errors import Misconfigured

MARK = "demo.json"


def claim(folder: Path, today: date) -> date:
    """Mark a new or empty folder as the example's; the day it was made, which for one made earlier is that day.

    Misconfigured: there is something else in it.
    """
    mark = folder / MARK
    if mark.exists():
        try:
            return date.fromisoformat(json.loads(mark.read_text())["made"])
        except (ValueError, KeyError, TypeError) as error:
            raise Misconfigured(f"{mark} cannot be read: remove {folder} to begin the example anew") from error
    if folder.exists() and any(folder.iterdir()):
        raise Misconfigured(f"{folder} holds something else than the example: name another with --folder")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark.write_text(json.dumps({"demo": True, "made": today.isoformat()}) + "\n")
    return today
