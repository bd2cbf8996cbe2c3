"""A ladder as SVG text: one file without scripts or references, light and dark by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType

from cmdb_graphql.pictures import words
from cmdb_graphql.pictures.ladder import LARGE, LINE, MARGIN, PAD, SMALL, Ladder, Line, Place
from cmdb_graphql.pictures.measure import FONT, width
from cmdb_graphql.pictures.radius import AT_RISK, FAILED

LIGHT: Mapping[str, str] = MappingProxyType({
    "page": "#ffffff", "ink": "#1b1f24", "quiet": "#57606a", "rule": "#8c959f",
    "stopped": "#1b1f24", "stopped-fill": "#e6eaef", "down": "#a40e26", "down-fill": "#ffebe9",
    "degraded": "#7d4e00", "degraded-fill": "#fff5d6", "at-risk": "#5b35b5", "at-risk-fill": "#f3eeff",
    "up": "#116329", "up-fill": "#e6f6ea",
})  # fmt: skip
DARK: Mapping[str, str] = MappingProxyType({
    "page": "#0d1117", "ink": "#f0f3f6", "quiet": "#9ea7b3", "rule": "#6e7681",
    "stopped": "#f0f3f6", "stopped-fill": "#2b323b", "down": "#ff9a94", "down-fill": "#3a1418",
    "degraded": "#f0b849", "degraded-fill": "#33260a", "at-risk": "#c3a6ff", "at-risk-fill": "#251a40",
    "up": "#6fdd8b", "up-fill": "#10301a",
})  # fmt: skip
"""Colours by use; texts have a contrast of 4.5 and lines of 3 to what they are on (WCAG 2.2 AA), by a test."""

_CLASS = {"DOWN": "down", "DEGRADED": "degraded", "UP": "up", FAILED: "stopped", AT_RISK: "at-risk"}
_SHAPES = {
    "stopped": '<path d="M6 0 12 6 6 12 0 6Z"/>',
    "down": '<path d="M2 0 6 4 10 0 12 2 8 6 12 10 10 12 6 8 2 12 0 10 4 6 0 2Z"/>',
    "degraded": '<circle cx="6" cy="6" r="5.2" fill="none" stroke-width="1.6" class="line"/>'
    '<path d="M6 0A6 6 0 0 0 6 12Z"/>',
    "at-risk": '<path d="M6 0 12 12 0 12Z"/>',
    "up": '<circle cx="6" cy="6" r="6"/>',
}
"""Drawn on 12 by 12 px, so that no font has to have the sign."""


_RULES = "".join([
    f".ladder text{{font-family:{FONT};font-size:{SMALL:g}px;fill:var(--ink)}}",
    f".ladder .name,.ladder .verdict{{font-size:{LARGE:g}px;font-weight:700}}",
    ".ladder .head{font-weight:700}.ladder .quiet{fill:var(--quiet)}.ladder .end{text-anchor:end}",
    ".ladder .page{fill:var(--page)}.ladder .way{fill:none;stroke-width:1.4}.ladder .way.bold{stroke-width:4}",
    ".ladder .dashed{stroke-dasharray:6 5}.ladder .frame{stroke-width:1.2}.ladder .bold .frame{stroke-width:3.2}",
    ".ladder .rule{stroke:var(--rule)}",
    *(
        f".ladder .{kind} .frame{{fill:var(--{kind}-fill);stroke:var(--{kind})}}"
        f".ladder .{kind} .shape,.ladder .{kind} .head{{fill:var(--{kind})}}"
        f".ladder .{kind} .line,.ladder .way.{kind}{{stroke:var(--{kind})}}"
        for kind in _CLASS.values()
    ),
])  # fmt: skip
"""The rules of every picture, in terms of the colours."""
_COLOUR = re.compile(r"var\(--([a-z-]+)\)")


def _painted(rules: str, theme: Mapping[str, str]) -> str:
    return _COLOUR.sub(lambda found: theme[found[1]], rules)


def begin(
    wide: float, high: float, title: str, verdict: Sequence[str], summary: str = "", rules: str = ""
) -> Iterator[str]:
    """How every picture begins: its size, what it says to who cannot see it, its colours, and its first lines.

    The colours are written out for both themes, the light one for paper: most viewers that are no browser know no
    variables, and would show everything black.
    """
    size = f'width="{wide:g}" height="{high:g}" viewBox="0 0 {wide:g} {high:g}"'
    every = _RULES + rules
    coloured = "".join(f"{rule}}}" for rule in every.split("}") if _COLOUR.search(rule))
    dark = f"@media screen and (prefers-color-scheme:dark){{{_painted(coloured, DARK)}}}"
    yield f'<svg xmlns="http://www.w3.org/2000/svg" class="ladder" role="img" {size}>'
    yield f"<title>{escape(title)}</title>" + (f"<desc>{escape(summary)}</desc>" if summary else "")
    yield f"<style>{_painted(every, LIGHT)}{dark}</style>"
    yield '<rect class="page" width="100%" height="100%"/>'
    for n, line in enumerate(verdict):
        yield written(MARGIN, MARGIN + LARGE + n * (LARGE + 6), line, "verdict")


def svg(ladder: Ladder) -> str:
    """The picture; the same ladder gives the same text."""
    parts = [
        *begin(ladder.width, ladder.height, ladder.title, ladder.verdict, ladder.summary),
        *(written(x, ladder.top + SMALL, heading, "quiet") for x, heading in ladder.headings),
        *(_way(ladder, line) for line in sorted(ladder.lines, key=lambda line: line.bold)),
        *map(_box, ladder.places),
        *_foot(ladder),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def written(x: float, y: float, text: str, kind: str = "") -> str:
    """A line of text that begins at (x, y)."""
    marked = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{marked}>{escape(text)}</text>'


def _way(ladder: Ladder, line: Line) -> str:
    """From the right side of one box to the left of the other, at the height of their names."""
    a, b = ladder.places[line.source], ladder.places[line.target]
    x1, y1, x2, y2 = a.x + a.w, a.y + 32, b.x, b.y + 32
    bend = (x2 - x1) / 2
    kinds = " ".join(["way", _CLASS[line.degree], *["bold"] * line.bold, *["dashed"] * line.dashed])
    if x1 > x2:  # inside the last column
        return ""
    path = f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
    return f'<path class="{kinds}" d="{path}"/>'


def _box(place: Place) -> str:
    """A picture of its own inside the big one: what a strange font makes wider is clipped at its border."""
    kind = _CLASS[place.degree]
    frame = f'width="{place.w - 4:g}" height="{place.h - 4:g}" rx="5"'
    back = f'<rect class="frame" x="4" y="4" {frame}/>' if place.stacked else ""
    shift = ("0.5", f'width="{place.w - 6:g}" height="{place.h - 6:g}" rx="5"') if place.stacked else ("2", frame)
    below = PAD + (1 + len(place.name)) * LINE + 12
    lines = [
        f'<g class="shape" transform="translate({PAD:g} {PAD:g})">{_SHAPES[kind]}</g>',
        written(PAD + 18, PAD + 10, place.head, "head"),
        written(place.w - PAD, PAD + 10, place.cls, "quiet end"),
        *(written(PAD, PAD + (n + 1) * LINE + 12, line, "name") for n, line in enumerate(place.name)),
        *(written(PAD, below + n * (LINE - 1), line) for n, line in enumerate(place.reason)),
    ]
    whole = f"<title>{escape(place.whole)}</title>"
    return (
        f'<svg class="{kind}{" bold" * place.bold}" x="{place.x:g}" y="{place.y:g}" width="{place.w:g}"'
        f' height="{place.h:g}">{whole}{back}<rect class="frame" x="{shift[0]}" y="{shift[0]}" {shift[1]}/>'
        f"{''.join(lines)}</svg>"
    )


def _foot(ladder: Ladder) -> Iterator[str]:
    """What the signs mean, and what the picture does not show."""
    y = max(place.y + place.h for place in ladder.places) + 16
    yield f'<path class="rule" d="M{MARGIN:g} {y:g}H{ladder.width - MARGIN:g}"/>'
    x = MARGIN
    for degree in ladder.degrees:
        kind, said = _CLASS[degree], words.SIGNS[degree].said
        yield (
            f'<g class="{kind}"><g class="shape" transform="translate({x:g} {y + 9:g})">{_SHAPES[kind]}</g>'
            f"{written(x + 18, y + 19, said, 'head')}</g>"
        )
        x += 18 + width(said, SMALL) * 1.13 + 22
    for n, note in enumerate(ladder.notes):
        yield written(MARGIN, y + 22 + (n + 1) * LINE, note, "quiet")
