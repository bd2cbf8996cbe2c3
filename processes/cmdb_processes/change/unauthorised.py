"""Changes nobody approved: what discovery saw in the estate while no change covered that CI at that time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cmdb_processes.change.flapping import NOTHING, Flapping
from cmdb_processes.change.steps import Act, Step
from cmdb_processes.change.window import Window

LATE = timedelta(hours=1)
"""Discovery sees a step later than it was made: so long after a window what it sees still belongs to it."""
TOGETHER = timedelta(hours=1)
"""Steps that one source saw within this time of each other are one happening, and open one follow-up."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A step that discovery saw. `first`: its source had never spoken of the CI's surroundings before (a first report
    finds what was there already, it is no change), or it follows from a CI that was made or retired as a whole.

    `inside` are the ids of the CIs that contain the CI, `other` is the name of the CI at an edge's end."""

    step: Step
    name: str
    class_: str
    at: datetime
    source: str
    first: bool = False
    inside: frozenset[str] = frozenset()
    other: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """A change that was approved: the ids of the CIs it may touch (its own, and those of its graph diff), and when.

    `births` are (class, name in lower case) of what it plans anew: discovery gives that an id of its own.
    """

    number: str
    cis: frozenset[str]
    window: Window
    births: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is opened for an unauthorised change: an emergency change to be reviewed after the fact."""

    title: str
    cis: tuple[str, ...]
    at: datetime
    source: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All follow-ups, and how many steps were covered, first sights, and hidden because they flap."""

    follow_ups: tuple[FollowUp, ...]
    covered: int
    first_sights: int
    filtered: int


def unauthorised(
    seen: Iterable[Seen],
    covers: Sequence[Cover],
    flapping: Flapping = NOTHING,
    watched: frozenset[str] = frozenset(),
    late: timedelta = LATE,
) -> Findings:
    """Judge steps of the whole estate. Structural are CIs and edges; of values only the `watched` attributes count."""
    open_: list[Seen] = []
    covered = first = filtered = 0
    for one in seen:
        if one.step.act is Act.SET and one.step.what not in watched:
            continue
        if one.first:
            first += 1
        elif any(covers_it(cover, one, late) for cover in covers):
            covered += 1
        elif flapping.hides(one.step, one.class_):
            filtered += 1
        else:
            open_.append(one)
    return Findings(tuple(_follow_up(some) for some in _happenings(open_)), covered, first, filtered)


def covers_it(cover: Cover, one: Seen, late: timedelta = LATE) -> bool:
    """Whether a change may have made a step: it names the CI, or one that contains it, or the edge's other end."""
    touched = {one.step.ci, *one.inside}
    if one.step.act in {Act.OPEN, Act.CLOSE}:
        touched.add(one.step.other)
    born = one.step.act is Act.CREATE and (one.step.what, one.step.other.casefold()) in cover.births
    return (born or bool(touched & cover.cis)) and cover.window.start <= one.at < cover.window.end + late


def _happenings(seen: Sequence[Seen]) -> list[list[Seen]]:
    found: list[list[Seen]] = []
    for one in sorted(seen, key=lambda s: (s.source, s.at, s.step)):
        last = found[-1][-1] if found else None
        if last is not None and last.source == one.source and one.at - last.at <= TOGETHER:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _follow_up(seen: Sequence[Seen]) -> FollowUp:
    names = {**{one.step.other: one.other for one in seen if one.other}, **{one.step.ci: one.name for one in seen}}
    sentences = tuple(dict.fromkeys(one.step.sentence(names) for one in seen))
    more = f" and {len(sentences) - 1} more" if len(sentences) > 1 else ""
    title = f"Unauthorised change: {sentences[0]}{more}"
    return FollowUp(title, tuple(sorted({one.step.ci for one in seen})), seen[0].at, seen[0].source, sentences)
