"""A network's picture as SVG text: one file without scripts or references, light and dark by itself."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from cmdb_graphql.pictures.ladder import LINE, MARGIN, PAD, SMALL
from cmdb_graphql.pictures.measure import width
from cmdb_graphql.pictures.network import BOTH, DECLARED, HEARD, ONE
from cmdb_graphql.pictures.svg import begin, written
from cmdb_graphql.pictures.wiring import GAP, SAID, Line, Place, Wiring

_RULES = (
    ".ladder .cable{fill:none;stroke:var(--ink);stroke-width:1.6}"
    f".ladder .{BOTH}{{stroke-width:2.4}}.ladder .{ONE}{{stroke-dasharray:8 4}}.ladder .{HEARD}{{stroke-dasharray:2 3}}"
    f".ladder .{DECLARED}{{stroke:var(--rule)}}"
    ".ladder .box .frame{fill:var(--page);stroke:var(--rule)}.ladder .device .frame{fill:var(--stopped-fill);"
    "stroke:var(--stopped)}.ladder .outside .frame{stroke-dasharray:4 3}.ladder .single .below{fill:var(--at-risk);"
    "font-weight:700}.ladder .dot{fill:var(--ink)}"
)


def svg(wiring: Wiring) -> str:
    """The picture; the same network gives the same text."""
    parts = [
        *begin(wiring.width, wiring.height, wiring.summary, wiring.title, rules=_RULES),
        *map(_cable, wiring.lines),
        *map(_box, wiring.places),
        *_foot(wiring),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _cable(line: Line) -> str:
    """To the next column as an S; to a box of the same column as a bow through the gap."""
    if line.x2 > line.x1:
        bend = (line.x2 - line.x1) / 2
        path = f"C{line.x1 + bend:g} {line.y1:g} {line.x2 - bend:g} {line.y2:g} {line.x2:g} {line.y2:g}"
    else:
        out = max(line.x1, line.x2) + GAP / 3
        path = f"C{out:g} {line.y1:g} {out:g} {line.y2:g} {line.x2:g} {line.y2:g}"
    return (
        f'<path class="cable {line.ends}" d="M{line.x1:g} {line.y1:g}{path}"><title>{escape(line.whole)}</title></path>'
    )


def _box(place: Place) -> str:
    """A picture of its own inside the big one: what a strange font makes wider is clipped at its border."""
    frame = f'width="{place.w - 4:g}" height="{place.h - 4:g}" rx="5"'
    back = f'<rect class="frame" x="4" y="4" {frame}/>' if place.stacked else ""
    shift = ("0.5", f'width="{place.w - 6:g}" height="{place.h - 6:g}" rx="5"') if place.stacked else ("2", frame)
    kinds = " ".join(["box", *["device"] * place.device, *["outside"] * place.outside, *["single"] * place.single])
    under = PAD + (1 + len(place.name)) * LINE + 10
    lines = [
        written(PAD, PAD + 10, place.corner, "quiet"),
        *(written(PAD, PAD + (n + 1) * LINE + 12, line, "name") for n, line in enumerate(place.name)),
        *([written(PAD, under, place.below, "below")] if place.below else []),
    ]
    for port in place.ports:
        x, kind = (place.w - PAD, "quiet end") if port.right else (PAD, "quiet")
        lines.append(written(x, port.y + 4, port.name, kind))
        lines.append(f'<circle class="dot" cx="{place.w - 2 if port.right else 2:g}" cy="{port.y:g}" r="2"/>')
    return (
        f'<svg class="{kinds}" x="{place.x:g}" y="{place.y:g}" width="{place.w:g}" height="{place.h:g}">'
        f"<title>{escape(place.whole)}</title>{back}"
        f'<rect class="frame" x="{shift[0]}" y="{shift[0]}" {shift[1]}/>{"".join(lines)}</svg>'
    )


def _foot(wiring: Wiring) -> Iterator[str]:
    """What the lines mean, and who hangs on one device only."""
    y = max((place.y + place.h for place in wiring.places), default=MARGIN) + 16
    yield f'<path class="rule" d="M{MARGIN:g} {y:g}H{wiring.width - MARGIN:g}"/>'
    x = MARGIN
    for word in wiring.words:
        yield f'<path class="cable {word}" d="M{x:g} {y + 15:g}h30"/>{written(x + 36, y + 19, SAID[word])}'
        x += 36 + width(SAID[word], SMALL) + 22
    if wiring.note:
        yield written(MARGIN, y + 22 + LINE, wiring.note, "quiet")
