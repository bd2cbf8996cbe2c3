"""GET /calendar.ics on a real server: who gets it, and what a calendar program reads in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.front_door import Door, front_door
from support.questions import ask, person
from support.reports import NOW

from cmdb.cypher import Compare
from cmdb.store import By, Store
from cmdb.words import Role
from cmdb_processes.cli.server.processes import processes

pytestmark = pytest.mark.neo4j

CLARA = person(Role.CHANGE_MANAGER, name="clara")
WINDOW = """
mutation W($cis: [ID!], $name: String!, $start: String!, $end: String!, $rule: String, $why: String) {
  declareMaintenanceWindow(cis: $cis, name: $name, zone: "Europe/Berlin", start: $start, end: $end, rule: $rule,
                           why: $why) { number }
}
"""
PROPOSE = """
mutation P($cis: [ID!]!) {
  proposeChange(cis: $cis, title: "Upgrade; twice", window: "2127-03-29T22:00Z/PT2H") { number }
}
"""
MARCH = "start=2127-03-28T00:00Z&end=2127-04-01T00:00Z"


@dataclass
class Served:
    """A server, tokens of people by name, and the ids of CIs by name."""

    door: Door
    tokens: dict[str, str]
    ids: dict[str, str]

    def get(self, query: str, who: str | None = "vic") -> Any:
        """The route's answer."""
        headers = {} if who is None else {"Authorization": f"Bearer {self.tokens[who]}"}
        return self.door.call("GET", f"/calendar.ics?{query}", headers=headers)

    def events(self, query: str) -> list[dict[str, str]]:
        """The events of the file, read as a calendar program does."""
        reply = self.get(query)
        assert reply.status == 200, reply.raw
        return read(reply.raw)


def read(raw: bytes) -> list[dict[str, str]]:
    """Lines joined where they were folded, texts unescaped; every line end is CRLF and no line is over 75 octets."""
    assert b"\n" not in raw.replace(b"\r\n", b"") and raw.endswith(b"END:VCALENDAR\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    found: list[dict[str, str]] = []
    for line in raw.decode().replace("\r\n ", "").split("\r\n"):
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found:
            found[-1][name] = re.sub(r"\\(.)", lambda hit: {"n": "\n"}.get(hit[1], hit[1]), value)
    return found


@pytest.fixture
def served(store: Store, tmp_path: Path) -> Iterator[Served]:
    """A viewer, a manager, and somebody who is kept to a view; two hosts."""
    by = By("ann", NOW, "architecture 7")
    ids = {name: store.create_ci("Host", name, {}, by).ci for name in ("web-1", "web-2")}
    with front_door(tmp_path, store, processes=processes().values()) as door:
        accounts = door.services.accounts
        accounts.create_user("vic", [Role.VIEWER])
        accounts.create_user("clara", [Role.CHANGE_MANAGER])
        store.define_view("web", Compare("os_id", "eq", "rocky"), by)
        accounts.create_user("rob", [Role.READER], view="web")
        yield Served(door, {name: accounts.create_token(name) for name in ("vic", "clara", "rob")}, ids)


def test_who_gets_the_file(served: Served) -> None:
    """With a token of somebody who may read everything; told to be a calendar."""
    assert served.get("", who=None).status == 401
    kept = served.get("", who="rob")
    assert (kept.status, "needs the role viewer" in kept.raw.decode()) == (403, True)
    given = served.get("")
    assert (given.status, given.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert read(given.raw) == []
    wrong = served.door.call("GET", "/calendar.ics", headers={"Authorization": "Bearer ep_no"})
    assert wrong.status == 401


def test_a_wrong_question_is_told(served: Served) -> None:
    """In a sentence that names what was wrong."""
    year = "start=2127-01-01T00:00Z"
    for query, why in (
        ("kind=holidays", "'holidays' is none of changes, freezes, windows, meetings"),
        ("color=red", "color: is not known; known are ci, kind, start, end"),
        ("start=2127-01-01", "names no time zone"),
        ("start=soon", "'soon' is no moment like"),
        ("start=2127-01-02T00:00Z&end=2127-01-01T00:00Z", "ends before it starts"),
        (f"{year}&end=2129-01-01T00:00Z", "is more than 13 months"),
        (f"{year}&{year}", "start: is given more than once"),
    ):
        reply = served.get(query)
        assert (reply.status, why in reply.body["error"]["message"]) == (422, True), reply.raw


def test_texts_are_read_as_they_were_written(served: Served) -> None:
    """Commas, semicolons, backslashes and long names in any script."""
    name = r"Wartung; Büro, \Keller " + "über" * 12 + " 夜間作業" * 6
    ask(served.door.services, WINDOW, CLARA, cis=[served.ids["web-1"]], name=name, start="2127-03-29T22:00", end="PT2H",
        why="a, b; c \\ d")  # fmt: skip
    (event,) = served.events(MARCH)
    assert (event["SUMMARY"], event["DESCRIPTION"]) == (f"Maintenance: {name}", "a, b; c \\ d")
    assert (event["TRANSP"], event["CATEGORIES"]) == ("TRANSPARENT", "maintenance")


def test_wall_times_are_kept_when_clocks_change(served: Served) -> None:
    """02:30 each night: before, in and behind the hour that is skipped; and the day that has an hour more."""
    ask(served.door.services, WINDOW, CLARA, cis=[served.ids["web-1"]], name="nights", start="2127-03-01T02:30",
        end="PT1H", rule="FREQ=DAILY")  # fmt: skip
    spring = [(one["DTSTART"], one["DTEND"]) for one in served.events("start=2127-03-29T00:00Z&end=2127-04-01T00:00Z")]
    assert spring == [
        ("21270329T013000Z", "21270329T023000Z"),
        ("21270330T010000Z", "21270330T020000Z"),  # the jump, from 02:00 to 03:00
        ("21270331T003000Z", "21270331T013000Z"),
    ]
    autumn = served.events("start=2127-10-25T00:00Z&end=2127-10-28T00:00Z")
    assert [one["DTSTART"] for one in autumn] == ["21271025T003000Z", "21271026T003000Z", "21271027T013000Z"]
    again = served.events("start=2127-10-25T00:00Z&end=2127-10-28T00:00Z")
    assert len({one["UID"] for one in autumn}) == 3
    assert [one["UID"] for one in autumn] == [one["UID"] for one in again]


def test_what_is_chosen(served: Served) -> None:
    """By kind and by CI: a change of the other host is not among what is about this one; one called off is gone."""
    of, ids = served.door.services, served.ids
    ask(of, WINDOW, CLARA, cis=[ids["web-1"]], name="nights", start="2127-03-29T22:00", end="PT2H")
    ask(of, PROPOSE, CLARA, cis=[ids["web-2"]])
    call = """mutation {
      callCab(name: "weekly", start: "2127-03-29T10:00Z", end: "PT1H", members: ["vic"]) { number } }"""
    ask(of, call, CLARA)
    freeze = """mutation { declareFreeze(name: "End", everything: true, zone: "UTC", start: "2127-03-28T00:00",
      end: "2127-03-30T00:00", why: "w") { number } }"""
    ask(of, freeze, CLARA)

    def titles(query: str = "") -> list[str]:
        return [one["SUMMARY"] for one in served.events(f"{MARCH}&{query}")]

    change, window = "CHG-1: Upgrade; twice", "Maintenance: nights"
    assert titles() == ["Freeze: End", "CAB: weekly", window, change]
    assert titles(f"ci={ids['web-1']}&kind=windows&kind=changes") == [window]
    assert titles(f"ci={ids['web-2']}&kind=windows&kind=changes") == [change]
    assert titles(f"ci={ids['web-2']}&kind=freezes") == ["Freeze: End"]
    ask(of, 'mutation { cancelCab(number: "CAB-1") { state } }', CLARA)
    assert titles("kind=meetings") == []
