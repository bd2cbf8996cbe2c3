"""How answers look: JSON for programs, plain lines for pipes, tables and signs for a terminal."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cmdb_graphql.pictures.words import SIGNS, clean
from cmdb_processes.cli import asking

COLOURS = {"DOWN": "1;31", "DEGRADED": "33", "UP": "32", "FAILED": "1", "AT RISK": "33"}
"""Colours as terminals know them."""
LONGEST = 300
"""Characters of a value shown to people; programs get it whole."""
PLAIN_WIDTH = 80

# What could move a terminal's cursor or turn text round inside JSON; `words.clean` is the same for all other text.
_UNSEEN_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def plain() -> bool:
    """Whether to keep to ASCII without colour: asked for, or nobody looks at a terminal."""
    return bool(asking.OPTIONS["plain"]) or "NO_COLOR" in os.environ or not sys.stdout.isatty()


def out(text: str = "") -> None:
    """A line of output; empty lines before it are kept."""
    line = text.lstrip("\n")
    sys.stdout.write("\n" * (len(text) - len(line)) + clean(line) + "\n")


def note(text: str) -> None:
    """What accompanies an answer, on stderr: stdout is the answer alone."""
    sys.stderr.write(clean(text) + "\n")


def emit(value: Any) -> None:
    """One JSON value on stdout, and nothing else."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    sys.stdout.write(_UNSEEN_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def done(facts: Any, sentence: str, json: bool) -> None:
    """What a command that changes something says when it has."""
    emit(facts) if json else out(sentence)


def secret(make: Callable[[], str], file: Path | None, json: bool) -> None:
    """A token goes to a new file only its owner reads, or to stdout when no file is named."""
    if file is None:
        text = make()
        done({"token": text}, text, json)
        return
    # The file first: a token that cannot be kept must not be made.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        try:
            opened.write(make() + "\n")
        except BaseException:
            file.unlink()
            raise
    done({"file": str(file)}, f"written to {file}", json)


def headed(degree: str) -> str:
    """Sign and word of a degree; what stopped has its sign alone."""
    sign = SIGNS[degree].ascii if plain() else SIGNS[degree].drawn
    return sign if degree == "FAILED" else f"{sign} {degree}"


def separator() -> str:
    """What stands between a thing and its reason."""
    return ": " if plain() else " · "


def item(degree: str, text: str, depth: int = 0) -> None:
    """A line that begins with the sign and word of a degree; what is too long goes on below its beginning."""
    head = headed(degree)
    width = PLAIN_WIDTH if plain() else shutil.get_terminal_size().columns
    indent = "  " * min(depth, width // 4)
    lines = textwrap.wrap(
        f"{head} {clean(text)}", max(width - len(indent), 20), subsequent_indent="    ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    if not plain():
        lines[0] = lines[0].replace(head, f"\x1b[{COLOURS[degree]}m{head}\x1b[0m", 1)
    sys.stdout.write("".join(f"{indent}{line}\n" for line in lines))


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], empty: str = "nothing") -> None:
    """Rows under headings: drawn on a terminal, one record a line elsewhere, the last column never cut."""
    texts = [["" if cell is None else clean(str(cell)) for cell in row] for row in rows]
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


def short(answer: dict[str, Any]) -> None:
    """Why an answer is not whole, if it says so; on stderr, beside text and JSON alike."""
    if answer.get("truncated"):
        note(f"CUT SHORT: {answer['truncated']}")


def more(page: dict[str, Any], option: str) -> None:
    """That a list goes on behind what was shown, and how to go there; on stderr, beside text and JSON alike."""
    follow(option, page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None)


def follow(option: str, place: Any) -> None:
    """The same for a list that names the place behind which it goes on; None: it ends here."""
    if place is not None:
        note(f"more follow: {option} {place}")


def facts(pairs: Sequence[tuple[str, Any]]) -> None:
    """Names and values below each other; absent ones are left out."""
    shown = [(name, value) for name, value in pairs if value not in (None, "", [])]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        out(f"{name.ljust(width)}  {text if len(text) <= LONGEST else text[:LONGEST] + ' ... (whole with --json)'}")
