"""What a benchmark found, told once more for machines: a run of all of them makes one table of it.

Each file prints its own lines; beside them it says here which figure stands against which bar, and which peer is not
installed. By itself this does nothing. Where BENCH_FIGURES names a file, each is appended to it as a line of JSON.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One figure and its bar, which is a most or a least; a peer that is missing has neither."""

    what: str
    ours: float | None = None
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    hint: str = ""

    @property
    def bar(self) -> str:
        """As people read it."""
        if self.at_most is not None:
            return f"≤ {short(self.at_most)}"
        return f"≥ {short(self.at_least)}" if self.at_least is not None else ""

    @property
    def word(self) -> str:
        """met, missed, peer missing; or told, where nobody set a bar."""
        if self.ours is None:
            return "peer missing"
        if self.at_most is None and self.at_least is None:
            return "told"
        low = self.at_least is None or self.ours >= self.at_least
        return "met" if low and (self.at_most is None or self.ours <= self.at_most) else "missed"


def short(number: float) -> str:
    """Three digits that say something."""
    if number >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.3g}"


def told(
    what: str, ours: float, unit: str, *, at_most: float | None = None, at_least: float | None = None
) -> None:  # fmt: skip
    """Keep one figure for the table."""
    _keep(Figure(what, float(ours), unit, at_most, at_least))


def missing(peer: str, hint: str) -> None:
    """Say, and keep for the table, that a peer is not installed, and how it would be."""
    print(f"  {peer} is missing: {hint}")
    _keep(Figure(peer, hint=hint))


def _keep(figure: Figure) -> None:
    if name := os.environ.get("BENCH_FIGURES"):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(figure)) + "\n")


def kept(file: Path) -> list[Figure]:
    """What was kept there so far."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [Figure(**json.loads(line)) for line in lines]
