"""How answers look: JSON for programs, plain lines for pipes, tables and signs for a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from cmdb_processes.cli import asking

SIGNS = {"DOWN": ("✕", "X"), "DEGRADED": ("◐", "~"), "UP": ("●", "o"), "FAILED": ("◆", "#")}
"""Sign on a terminal and in plain text; never colour alone."""
COLOURS = {"DOWN": "bold red", "DEGRADED": "yellow", "UP": "green", "FAILED": "bold"}


LONGEST = 300
"""Characters of a value shown to people; programs get it whole."""


def plain() -> bool:
    """Whether to keep to ASCII without colour: asked for, or nobody looks at a terminal."""
    return bool(asking.OPTIONS["plain"]) or "NO_COLOR" in os.environ or not sys.stdout.isatty()


def out(text: str = "") -> None:
    """A line of output."""
    sys.stdout.write(text + "\n")


def emit(value: Any) -> None:
    """One JSON value on stdout, and nothing else."""
    out(json.dumps(value, indent=2, ensure_ascii=False))


def sign(degree: str) -> str:
    """The sign and word of a degree, coloured on a terminal."""
    rich_sign, ascii_sign = SIGNS[degree]
    if plain():
        return f"{ascii_sign} {degree}"
    codes = {"bold red": "1;31", "yellow": "33", "green": "32", "bold": "1"}
    return f"\x1b[{codes[COLOURS[degree]]}m{rich_sign} {degree}\x1b[0m"


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], empty: str = "nothing") -> None:
    """Rows under headings: drawn on a terminal, one record a line elsewhere, the last column never cut."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not texts:
        out(empty)
    elif plain():
        widths = [max(len(r[n]) for r in [list(columns), *texts]) for n in range(len(columns))]
        for row in [list(columns), *texts]:
            out("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    else:
        from rich.console import Console
        from rich.table import Table

        made = Table(*columns, box=None, header_style="bold", pad_edge=False)
        for row in texts:
            made.add_row(*row)
        Console(highlight=False, markup=False).print(made)


def facts(pairs: Sequence[tuple[str, Any]]) -> None:
    """Names and values below each other; absent ones are left out."""
    shown = [(name, value) for name, value in pairs if value not in (None, "", [])]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        out(f"{name.ljust(width)}  {text if len(text) <= LONGEST else text[:LONGEST] + ' ... (whole with --json)'}")


def ago(seconds: float | None) -> str:
    """An age in words."""
    if seconds is None:
        return "age unknown"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"seen {seconds / size:.0f} {unit} ago"
    return f"seen {seconds:.0f} s ago"
