"""What discovery saw in the whole estate since it was looked at last, and which changes it may have come from."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cmdb.errors import Invalid
from cmdb_processes.change.counting import TRIALS, counts
from cmdb_processes.change.evidence import canonical
from cmdb_processes.change.flapping import Turn
from cmdb_processes.change.questions import AROUND, COVERING, DIFFERS, HAPPENED, JOURNAL, TOGETHER, histories, touched
from cmdb_processes.change.steps import NEW, Act, Step, Steps, observed, planned
from cmdb_processes.change.unauthorised import LATE, Cover, Seen
from cmdb_processes.change.window import Window

Ask = Callable[..., dict[str, Any]]
Row = Mapping[str, Any]
DISCOVERY = frozenset({"report", "sweep"})
"""The kinds of journal entry in which discovery speaks: what agents report, and what their silence retires."""
DIFFER, PAGE = 1000, 30
"""CIs that differ, at most, in one look, and in one answer."""
JUDGED, AT_ONCE = 200, 5
"""CIs whose history tells who saw what and when, at most, in one look, and in one question."""
COVERS = 500
"""Changes that are looked at as covers."""
DEEP = 5
"""Containers inside of each other."""
MADE_NEW = "new in the estate"
UNTOLD = datetime.min.replace(tzinfo=UTC)


def head(ask: Ask) -> int:
    """The sequence of the newest journal entry. One question."""
    nodes = ask(JOURNAL)["journal"]["nodes"]
    return int(nodes[0]["seq"]) if nodes else 0


# --- what was seen ---------------------------------------------------------------------------------------


@dataclass
class Look:
    """The steps that count, what discovery saw at the same CIs before, and what could not be taken in, in words."""

    seen: list[Seen] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)


def differs(ask: Ask, place: int) -> bool:
    """Whether anything differs from a place in the journal. One question."""
    return bool(ask(DIFFERS, **{"from": place})["diff"]["nodes"])


def look(ask: Ask, place: int, to: int) -> Look:
    """Every step of discovery between two places in the journal that counts (see counting.py), by what is left of it.

    Questions: one for each 30 CIs that differ, for each 100 CIs that are at such a step, with one more for each
    container they are inside of, and for each five CIs at which something counts.
    """
    found = Look()
    nodes, more, forgotten = _differ(ask, place, to)
    if forgotten:
        found.cut.append(forgotten)
    if more:
        found.cut.append(
            f"more than {DIFFER} CIs differ between sequences {place} and {to}: the rest was not looked at"
        )
    seen = list(_counting(ask, _steps(nodes, found.cut)))
    cis = list(dict.fromkeys(one.step.ci for one in seen))
    if len(cis) > JUDGED:
        found.cut.append(f"something counts at {len(cis)} CIs between sequences {place} and {to}: {JUDGED} were judged")
    told = _histories(ask, cis[:JUDGED])
    classes = {one.step.ci: one.class_ for one in seen}
    found.turns += [turn for ci, entries in told.items() for turn in _turns(ci, classes[ci], entries)]
    for one in seen:
        entry = _entry(one.step, told.get(one.step.ci, ()), place, to)
        if entry is None and one.step.ci in told:
            found.cut.append(f"{one.name}: who did what in its last steps is not told whole")
        elif entry is not None and entry["kind"] in DISCOVERY:
            found.seen.append(replace(one, at=datetime.fromisoformat(entry["at"])))
    return found


def _differ(ask: Ask, place: int, to: int) -> tuple[list[Row], bool, str | None]:
    """What differs, whether there is more, and why some may be missing."""
    rows: list[Row] = []
    after = None
    while True:
        page = ask(HAPPENED, to=to, of=None, first=PAGE, after=after, **{"from": place})["diff"]
        rows += page["nodes"]
        more = page["pageInfo"]["hasNextPage"]
        if not more or len(rows) >= DIFFER:
            return rows[:DIFFER], more, page["truncated"]
        after = page["pageInfo"]["endCursor"]


def _histories(ask: Ask, cis: Sequence[str]) -> dict[str, Sequence[Row]]:
    found: dict[str, Sequence[Row]] = {}
    for at in range(0, len(cis), AT_ONCE):
        some = cis[at : at + AT_ONCE]
        answer = ask(histories(len(some)), **{f"n{n}": ci for n, ci in enumerate(some)})
        found |= {ci: answer[f"n{n}"]["nodes"] for n, ci in enumerate(some)}
    return found


def _entry(step: Step, entries: Sequence[Row], place: int, to: int) -> Row | None:
    """The journal entry that took a step, the last one if there are several: entries are newest first."""
    near = [one for one in entries if place < one["seq"] <= to]
    return next((one for one in near if _takes(one, step)), None)


def _turns(ci: str, class_: str, entries: Sequence[Row]) -> Iterator[Turn]:
    """What discovery saw at a CI in these entries, to learn from it what goes back and forth by itself."""
    for one in entries:
        if one["kind"] in DISCOVERY and one["what"] not in {"created", "retired"}:
            at = datetime.fromisoformat(one["at"])
            for value in one["values"]:
                yield Turn(Step(Act.SET, ci, value["attribute"], canonical(value["after"])), class_, at)
            for edge in one["edges"]:
                act = Act.OPEN if edge["opened"] else Act.CLOSE
                yield Turn(Step(act, edge["from"], edge["type"], edge["to"]), class_, at)


def _takes(entry: Row, step: Step) -> bool:
    match step.act:
        case Act.CREATE:
            return entry["what"] in {"created", "revived"}
        case Act.RETIRE:
            return bool(entry["what"] == "retired")
        case Act.SET:
            return any(one["attribute"] == step.what for one in entry["values"])
        case _:
            edge = (step.what, step.ci, step.other, step.act is Act.OPEN)
            return any((one["type"], one["from"], one["to"], one["opened"]) == edge for one in entry["edges"])


def _steps(nodes: Sequence[Row], cut: list[str]) -> Steps:
    """The steps of what differs; a CI with too many edges to be told whole is said, and no reason to see nothing."""
    told = []
    for node in nodes:
        # What is told of a CI for the first time was so before: an agent that learns to see more changes nothing.
        known = {**node, "values": [one for one in node["values"] if one["before"] is not None]}
        try:
            observed([known])
            told.append(known)
        except Invalid as error:
            cut.append(error.message)
    return observed(told)


def _counting(ask: Ask, steps: Steps) -> Iterator[Seen]:
    """The steps that count; when they were taken is still to be found out."""
    maybe = {step for step in steps.steps if counts(step, steps.classes, False) or step.act in {Act.OPEN, Act.CLOSE}}
    rows = _around(ask, {end for step in maybe for end in _ends(step)}) if maybe else {}
    classes = {**{ci: row["class"] for ci, row in rows.items()}, **steps.classes}
    born, gone = ({step.ci for step in steps.of(act)} for act in (Act.CREATE, Act.RETIRE))
    for step in sorted(maybe):
        inside = containers(step.ci, rows)
        near = [rows[ci] for ci in (step.ci, *inside) if ci in rows]
        if not counts(step, classes, any(map(_trial, near))):
            continue
        whole = {step.ci, *inside}
        follows = bool(inside & (born | gone)) or (step.act is not Act.CREATE and step.ci in born)
        follows |= step.act is not Act.RETIRE and step.ci in gone
        follows |= step.act is Act.CLOSE and step.other in gone
        follows |= step.act is Act.OPEN and bool(containers(step.other, rows) & born)  # of a host that is new itself
        top = next((ci for ci in sorted(whole) if not (rows.get(ci) or {}).get("parent")), step.ci)
        source = MADE_NEW if step.act is Act.CREATE and not inside else top
        name = rows[step.ci]["name"] if step.ci in rows else steps.names.get(step.ci, step.ci)
        end = str((rows.get(step.other) or {}).get("name") or "")
        yield Seen(step, name, classes.get(step.ci, ""), UNTOLD, source, follows, inside, end)


def _ends(step: Step) -> tuple[str, ...]:
    return (step.ci, step.other) if step.act in {Act.OPEN, Act.CLOSE} else (step.ci,)


def containers(ci: str, rows: Mapping[str, Row]) -> frozenset[str]:
    """The ids of what a CI is inside of."""
    found: list[str] = []
    while (up := (rows.get(ci) or {}).get("parent")) and up not in found and len(found) < DEEP:
        found.append(str(up))
        ci = str(up)
    return frozenset(found)


def _trial(row: Row) -> bool:
    environment = str((row["attributes"] or {}).get("environment") or "").casefold()
    return environment in TRIALS or any(str(tag).casefold() in TRIALS for tag in row.get("tags") or ())


def _around(ask: Ask, cis: Collection[str]) -> dict[str, Row]:
    """These CIs and what they are inside of, retired ones too: {id name class parent attributes tags}."""
    rows: dict[str, Row] = {}
    wanted = set(cis)
    for _ in range(DEEP + 1):
        ids = sorted(wanted)
        for at in range(0, len(ids), 100):
            some = ids[at : at + 100]
            answer = ask(AROUND, of=some, ids=some)
            tags = {one["id"]: one["tags"] for one in answer["cis"]["nodes"]}
            rows |= {one["id"]: {**one, "tags": tags.get(one["id"])} for one in answer["pastCis"]}
        wanted = {str(row["parent"]) for row in rows.values() if row["parent"]} - rows.keys() - wanted
        if not wanted:
            break
    return rows


# --- what may have done it -------------------------------------------------------------------------------

COVERING_STATES = ("approved", "scheduled", "implementing", "backed out", "review")
"""The states of changes whose work may be under way, or is over and not closed."""


def covers(ask: Ask, start: datetime, end: datetime) -> tuple[tuple[Cover, ...], str | None]:
    """The changes whose work may be seen between two moments, and why some may be missing.

    Questions: one for each 100 changes that are not closed or were closed in the day before, and for each 10 that fit.
    """
    rows, cut = [], None
    for given in ({"states": list(COVERING_STATES)}, {"states": ["closed"], "since": _day_before(start)}):
        nodes, more = _changes(ask, given)
        rows += nodes
        cut = f"only {COVERS} changes were looked at for what may have done it" if more else cut
    near = [(row, window) for row in rows if (window := _window(row)) and _meets(window, start, end)]
    cis: dict[str, set[str]] = {}
    for at in range(0, len(near), TOGETHER):
        some = near[at : at + TOGETHER]
        answer = ask(touched(len(some)), **{f"n{n}": row["number"] for n, (row, _) in enumerate(some)})
        cis |= {one["number"]: {ci["id"] for ci in one["cis"]} for one in answer.values()}
    return tuple(_cover(row, window, cis[row["number"]]) for row, window in near), cut


def _day_before(at: datetime) -> str:
    return (at - timedelta(days=1)).isoformat()


def _changes(ask: Ask, given: Mapping[str, Any]) -> tuple[list[Row], bool]:
    rows: list[Row] = []
    after = None
    while len(rows) < COVERS:
        page = ask(COVERING, after=after, **given)["changeRequests"]
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return rows, False
        after = page["pageInfo"]["endCursor"]
    return rows, True


def _window(row: Row) -> Window | None:
    """From when its work began, if that was earlier than planned; at its end the clock ends the work."""
    if not row["windowStart"] or not row["windowEnd"]:
        return None
    starts = [datetime.fromisoformat(row[name]) for name in ("windowStart", "startedAt") if row[name]]
    return Window(min(starts), datetime.fromisoformat(row["windowEnd"]))


def _meets(window: Window, start: datetime, end: datetime) -> bool:
    return window.start <= end and start < window.end + LATE


def _cover(row: Row, window: Window, cis: set[str]) -> Cover:
    """Its CIs, and what its graph diff names; what it plans anew is known by class and name."""
    steps = planned(json.loads(row["proposed"] or "{}")).steps
    found = {end for step in steps for end in _ends(step) if not end.startswith(NEW)}
    births = frozenset((step.what, step.other.casefold()) for step in steps if step.act is Act.CREATE)
    return Cover(str(row["number"]), frozenset(cis | found), window, births)
