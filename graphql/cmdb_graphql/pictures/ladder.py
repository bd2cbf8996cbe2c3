"""The impact ladder as nouns: where every box stands and what it says. `svg` makes the picture of it.

Columns are hops from what stopped; who is at risk stands in a column of its own at the end. The same answer gives the
same ladder: nothing here depends on the clock or on the order of a set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cmdb_graphql.pictures import words
from cmdb_graphql.pictures.folding import MOST_COLUMNS, Box, Columns, boxes
from cmdb_graphql.pictures.measure import clip, width, wrap
from cmdb_graphql.pictures.radius import AT_RISK, DEGREES, Hit, Radius

BOX_W, COLUMN_GAP, ROW_GAP, MARGIN = 216.0, 56.0, 10.0, 16.0
SMALL, LARGE, LINE = 11.0, 13.0, 15.0
"""Font sizes and the height of a line, in px."""
PAD = 9.0
_INNER = BOX_W - 2 * PAD
_NAMED = 3
"""A fold of so few says their names."""
_TOLD = 12
"""Names told in the tooltip of a fold."""
_WHOLE = 600
"""Characters of a tooltip."""
_NARROWEST = 2 * MARGIN + 3 * BOX_W + 2 * COLUMN_GAP


@dataclass(frozen=True, slots=True)
class Place:
    """A box on the picture. x, y: its upper left corner; w, h: its size, all in px. `whole` is its uncut text."""

    degree: str
    head: str
    cls: str
    name: tuple[str, ...]
    reason: tuple[str, ...]
    whole: str
    x: float
    y: float
    h: float
    w: float = BOX_W
    bold: bool = False
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """The failure's way from one box (by place) to the next. Dashed: not seen lately."""

    source: int
    target: int
    degree: str
    bold: bool
    dashed: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """Everything on the picture, in px. `verdict` is broken into lines; `headings` are (x, text)."""

    width: float
    height: float
    verdict: tuple[str, ...]
    headings: tuple[tuple[float, str], ...]
    places: tuple[Place, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    degrees: tuple[str, ...]
    title: str
    summary: str

    @property
    def top(self) -> float:
        """Where the column headings stand."""
        return MARGIN + len(self.verdict) * (LARGE + 6) + 14


def layout(radius: Radius, focus: str | None = None, most_columns: int = MOST_COLUMNS) -> Ladder:
    """The ladder of an answer. The bold way leads to the CI with the id `focus`, else to who matters most.

    `most_columns`: hops with a column of their own; in between the others share one.
    """
    found = next((hit for hit in radius.hits if hit.id == focus), None) or radius.focus()
    path = radius.way(found) if found is not None else ()
    made, shape = boxes(radius, path, most_columns)
    columns = max(box.column for box in made) + 1
    wide = max(2 * MARGIN + columns * BOX_W + (columns - 1) * COLUMN_GAP, _NARROWEST)
    verdict = wrap(words.clean(radius.verdict), wide - 2 * MARGIN, LARGE * 1.13, 3)
    top = MARGIN + len(verdict) * (LARGE + 6) + 34
    bold = {hit.id for hit in path}
    places = _stand(made, bold, {hit.id: hit.name for hit in (*radius.failed, *radius.hits)}, top)
    lines = tuple(_line(made, source, n, path) for n, box in enumerate(made) for source in box.parents)
    notes = _notes(radius, path, any(line.dashed for line in lines), wide - 2 * MARGIN)
    bottom = max(place.y + place.h for place in places)
    return Ladder(
        width=wide,
        height=bottom + 42 + len(notes) * LINE + MARGIN,
        verdict=verdict,
        headings=tuple((MARGIN + n * (BOX_W + COLUMN_GAP), _heading(made, shape, n)) for n in range(columns)),
        places=places,
        lines=lines,
        notes=notes,
        degrees=tuple(degree for degree in DEGREES if any(box.degree == degree for box in made)),
        title=words.clean(radius.verdict),
        summary=words.clean(words.summary(radius, path)),
    )


def _heading(made: Sequence[Box], shape: Columns, column: int) -> str:
    at_risk = any(box.degree == AT_RISK for box in made if box.column == column)
    return "still up, nothing to spare" if at_risk else shape.heading(column)


def _stand(made: Sequence[Box], bold: set[str], names: dict[str, str], top: float) -> tuple[Place, ...]:
    """Every column from the top down, each box as near to its first parent's height as the ones above it allow."""
    found: list[Place] = []
    free: dict[int, float] = {}
    for box in made:
        wanted = found[box.parents[0]].y if box.parents and not box.rest else top
        x, y = MARGIN + box.column * (BOX_W + COLUMN_GAP), max(free.get(box.column, top), wanted)
        found.append(_place(box, bold, names, x, y))
        free[box.column] = y + found[-1].h + ROW_GAP
    return tuple(found)


def _place(box: Box, bold: set[str], names: dict[str, str], x: float, y: float) -> Place:
    head = box.degree if box.degree in {"DOWN", "DEGRADED"} else words.SIGNS[box.degree].said.upper()
    room = _INNER - width(head, SMALL, bold=True) - 26
    name, corner = _called(box)
    why = _why(box, names)
    whole = words.label(box.hits[0]) if len(box.hits) == 1 else f"{name}: {words.some_names(box.hits, _TOLD)}"
    called = wrap(words.clean(name), _INNER, LARGE, 2, bold=True)
    reason = wrap(words.clean(why), _INNER, SMALL, 2)
    return Place(
        degree=box.degree,
        head=head,
        cls=clip(words.clean(corner), room, SMALL),
        name=called,
        reason=reason,
        whole=words.clean(f"{head} {whole}" + (f": {why}" if why else ""))[:_WHOLE],
        x=x, y=y, h=2 * PAD + LINE * (1 + len(called)) + (LINE - 1) * len(reason) + 2,
        bold=any(hit.id in bold for hit in box.hits), stacked=len(box.hits) > 1,
    )  # fmt: skip


def _called(box: Box) -> tuple[str, str]:
    """What a box is called, and what stands in its corner."""
    count = f"{len(box.hits):,}"
    if box.rest:
        return f"+{count} more", "worst of them" if len({hit.degree for hit in box.hits}) > 1 else ""
    if len(box.hits) == 1:
        return box.hits[0].name, box.hits[0].cls
    if len(box.hits) <= _NAMED:
        return ", ".join(hit.name for hit in box.hits), words.several(box.hits)
    return words.several(box.hits), ""


def _why(box: Box, names: dict[str, str]) -> str:
    if box.rest:
        return words.several(box.hits)
    return words.why(box.hits[0]) if len(box.hits) == 1 else words.why_of(box.hits, names)


def _line(made: Sequence[Box], source: int, target: int, path: Sequence[Hit]) -> Line:
    """Dashed when none of the dependencies by which the failure comes was seen lately; bold on the path."""
    from_, to = {hit.id for hit in made[source].hits}, made[target].hits
    mine = [hit for hit in to if hit.parent in from_]
    return Line(
        source, target, made[target].degree, bold=any(hit in path for hit in mine),
        dashed=bool(mine) and all(words.unseen(hit.age_s) for hit in mine),
    )  # fmt: skip


def _notes(radius: Radius, path: Sequence[Hit], dashed: bool, most: float) -> tuple[str, ...]:
    taken = f"; taken at sequence {radius.sequence}" if radius.sequence is not None else ""
    notes = [f"{words.totals(radius)}{taken}"]
    if len(path) > 1:
        notes.append(words.way(path))
    if dashed:
        notes.append(f"dashed: a dependency not seen for {words.STALE_S / 86_400:.0f} days or more")
    if radius.truncated:
        notes.append(f"CUT SHORT: {radius.truncated}")
    return tuple(clip(words.clean(note), most, SMALL) for note in notes)
