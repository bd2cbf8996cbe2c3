"""From what GraphQL answers to the nouns of arrangements; `book` is the one door for change and incident."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from cmdb.classes import catalogue
from cmdb_processes.arrangements import questions
from cmdb_processes.arrangements.book import Book
from cmdb_processes.arrangements.nouns import (
    Freeze,
    MaintenanceWindow,
    Meeting,
    Point,
    Ruling,
    StandIn,
    Team,
    Work,
    stand_in,
)
from cmdb_processes.arrangements.places import places
from cmdb_processes.arrangements.scope import About, Scope
from cmdb_processes.arrangements.strategy.nouns import Strategy, objectives, promises
from cmdb_processes.timing import declared
from cmdb_processes.timing.hours import Calendar
from cmdb_processes.timing.spans import Span, moment
from cmdb_processes.timing.windows import Kind, Window, window

Ask = Callable[..., dict[str, Any]]
Row = Mapping[str, Any]
FOR_CIS = ("maintenanceWindows", "freezes", "supportGroups")
"""What is arranged about CIs."""
FOR_PEOPLE = ("supportGroups", "delegations")
"""What is arranged among people."""
MOST = 100


def book(
    ask: Ask, cis: Collection[str] = (), lists: Collection[str] = FOR_CIS, *, known: Collection[Row] = (),
    near: Collection[str] = (),
) -> Book:  # fmt: skip
    """What is in force of these kinds, and the CIs as scopes see them; `known` are all of them, if they are here.

    One document, and one for each further 100 CIs; another for what is behind the first ten of a kind. Only where a
    scope names places: two for each step up to them. Windows are those of the CIs, if there are any; changes those of
    what is `near`.
    """
    ids = sorted(set(cis))
    rows, nodes = _rows(ask, tuple(lists), ids[:MOST], with_cis=not known, near=near)
    nodes += known
    for start in range(MOST, len(ids), MOST):
        about_cis = tuple(name for name in lists if name == "maintenanceWindows")
        more, others = _rows(ask, about_cis, ids[start : start + MOST], with_cis=not known)
        nodes += others
        for name, found in more.items():  # a window of CIs here and there is told twice
            told = {row["number"] for row in rows[name]}
            rows[name] += [row for row in found if row["number"] not in told]
    read = {name: [_READ[name](row) for row in found] for name, found in rows.items()}
    scopes = [one.scope for name in ("freezes", "supportGroups") for one in read.get(name, ())]
    standing = places(ask, ids) if any(scope.places for scope in scopes) else {}
    abouts = {node["id"]: about(node, standing.get(node["id"], frozenset())) for node in nodes}
    calendars = {one.name: one for one in reversed(read.get("calendars", ()))}  # of two of one name, the older
    return Book(
        calendars,
        tuple(read.get("maintenanceWindows", ())),
        tuple(read.get("freezes", ())),
        tuple(read.get("supportGroups", ())),
        tuple(read.get("delegations", ())),
        tuple(read.get("cabMeetings", ())),
        abouts,
        tuple(read.get("strategies", ())),
        tuple(one for one in read.get("changeRequests", ()) if one is not None),
    )


def _rows(
    ask: Ask, lists: tuple[str, ...], ids: list[str], *, with_cis: bool, near: Collection[str] = ()
) -> tuple[dict[str, list[Row]], list[Row]]:
    """The rows of each list, page by page until there are no more, and the CIs with the first page."""
    rows: dict[str, list[Row]] = {name: [] for name in lists}
    nodes: list[Row] = []
    left: dict[str, str | None] = dict.fromkeys(lists)
    first = questions.FEW
    with_cis = with_cis and bool(ids)
    while left or with_cis:
        given: dict[str, Any] = {"first": first, **left}
        given |= {"about": ids or None} if "maintenanceWindows" in left else {}
        given |= {"near": list(near) or None} if "changeRequests" in left else {}
        given |= {"ids": ids, "count": len(ids)} if with_cis else {}
        answer = ask(questions.document(tuple(left), cis=with_cis), **given)
        nodes += answer["cis"]["nodes"] if with_cis else []
        for name in lists:
            if name in left:
                rows[name] += answer[name]["nodes"]
        ends = {name: answer[name]["pageInfo"] for name in left}
        left = {name: end["endCursor"] for name, end in ends.items() if end["hasNextPage"] and name != "cabMeetings"}
        first, with_cis = questions.MANY, False
    return rows, nodes


def about(node: Row, standing: frozenset[str] = frozenset()) -> About:
    """A CI as scopes see it, from {id name class tags}."""
    return About(node["id"], node["name"], _kinds(node["class"]), frozenset(node["tags"]), standing | {node["id"]})


@lru_cache(maxsize=256)
def _kinds(name: str) -> frozenset[str]:
    """A class and all it is a kind of."""
    return frozenset(catalogue().lineage(name) if name in catalogue().classes else {name})


def calendar(row: Row) -> Calendar:
    """From a record's fields."""
    weekly = dict(line.split(" ", 1) for line in row["weekly"] or ())
    exceptions = [{**one, "hours": one["hours"] or ""} for one in row["exceptions"]]
    holidays = {"days": {one["day"]: one["name"] for one in row["holidays"]}}
    return declared.read(
        {"name": row["name"], "zone": row["zone"], "weekly": weekly, "holidays": holidays, "exceptions": exceptions}
    )


def timing(row: Row, kind: Kind) -> Window:
    """The window of a record."""
    return window(row["name"], kind, row["zone"], row["start"], row["end"], row["rule"] or "", row["why"] or "")


def _maintenance(row: Row) -> MaintenanceWindow:
    return MaintenanceWindow(row["number"], timing(row, Kind.MAINTENANCE), _ids(row))


def _freeze(row: Row) -> Freeze:
    return Freeze(row["number"], timing(row, Kind.FREEZE), _scope(row), frozenset(row["overrideBy"] or ()))


def _team(row: Row) -> Team:
    members = frozenset(row["members"] or ())
    return Team(row["number"], row["name"], members, _scope(row), row["calendar"] or "", row["contact"] or "")


def _stand_in(row: Row) -> StandIn:
    return stand_in(row["number"], row["by"], row["to"], row["role"], row["start"], row["until"])


def _meeting(row: Row) -> Meeting:
    return Meeting(
        row["number"], row["name"], Span(moment(row["start"]), moment(row["end"])), row["state"],
        frozenset(row["members"] or ()), frozenset(row["present"] or ()),
        tuple(Point(**_given(one)) for one in row["agenda"]), tuple(Ruling(**_given(one)) for one in row["rulings"]),
        row["place"] or "",
    )  # fmt: skip


def _strategy(row: Row) -> Strategy:
    return Strategy(
        row["number"], row["process"], row["name"], row["owner"], _scope(row), row["approvedBy"], row["approvedAt"],
        row["reviewDue"], objectives(row["objectives"]), promises(row["promises"]), row["priorityMatrix"] or "",
        frozenset(row["readers"] or ()), frozenset(row["acknowledged"] or ()),
    )  # fmt: skip


def _work(row: Row) -> Work | None:
    """None: nobody has said yet when it is."""
    if not row["windowStart"] or not row["windowEnd"]:
        return None
    return Work(row["number"], row["title"], Span(moment(row["windowStart"]), moment(row["windowEnd"])))


def _scope(row: Row) -> Scope:
    names = {name: frozenset(row[name] or ()) for name in ("classes", "tags", "sites")}
    return Scope(bool(row["everything"]), _ids(row), names["classes"], names["tags"], names["sites"])


def _ids(row: Row) -> frozenset[str]:
    return frozenset(row["ciIds"])


def _given(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


_READ: Mapping[str, Callable[[Row], Any]] = {
    "calendars": calendar, "maintenanceWindows": _maintenance, "freezes": _freeze, "supportGroups": _team,
    "delegations": _stand_in, "cabMeetings": _meeting, "strategies": _strategy,
    "changeRequests": _work,
}  # fmt: skip
