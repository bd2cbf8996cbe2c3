"""Arrangements on a real graph: declared, changed, asked by change and incident, ended by people and by time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.imported import load, node
from support.questions import ADMIN, answer, ask, estate, parts, person

from cmdb import replay
from cmdb.applier import utc_now
from cmdb.errors import Forbidden
from cmdb.moments import after
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql.client import LocalClient
from cmdb_graphql.services import Services
from cmdb_graphql.timers import Timers
from cmdb_processes.arrangements import feed, reading
from cmdb_processes.cli.server.processes import processes
from cmdb_processes.timing.spans import Span, moment

pytestmark = [pytest.mark.neo4j, pytest.mark.one_way]
CLARA = person(Role.CHANGE_MANAGER, name="clara")
TINA = person(Role.APPROVER_TECHNICAL, name="tina")
ERIN = person(Role.ENGINEER, name="erin")


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts with every process, and four accounts."""
    with parts(tmp_path / "home", store, processes().values()) as made:
        for who in (ADMIN, CLARA, TINA, ERIN):
            made.accounts.create_user(who.name, sorted(who.roles - {Role.READER, Role.VIEWER}))
        yield made


def refused(of: Services, document: str, who: Any, **given: Any) -> str:
    """What a command was refused with."""
    (error,) = answer(of, document, who, **given)["errors"]
    return str(error["message"])


def test_what_is_arranged_is_asked_by_one_question_and_ends(served: Services) -> None:
    """Declared, refused where it makes no sense, read as one book, searched for slots, as a file, ended by time."""
    ids = estate(served.store)
    web1 = ids["web1"]
    calendar = """mutation { declareCalendar(name: "office", zone: "Europe/Berlin", workdays: "08:00-17:00",
      country: "DE", years: ["2029"]) { number weekly holidays { day } } }"""
    made = ask(served, calendar, CLARA)["declareCalendar"]
    assert (made["number"], made["weekly"][0], len(made["holidays"])) == ("CAL-1", "mon 08:00-17:00", 9)
    assert "is called office already" in refused(served, calendar, CLARA)
    window = """mutation W($cis: [ID!], $zone: String!) { declareMaintenanceWindow(cis: $cis, name: "nights",
      zone: $zone, start: "2028-12-01T22:00", end: "PT8H", rule: "FREQ=DAILY") { number until } }"""
    assert ask(served, window, CLARA, cis=[web1], zone="Europe/Berlin")["declareMaintenanceWindow"]["until"] is None
    assert "no time zone 'Mars'" in refused(served, window, CLARA, cis=[web1], zone="Mars")
    with pytest.raises(Forbidden, match="needs the role change-manager"):
        answer(served, window, ERIN, cis=[web1], zone="UTC")
    team = """mutation T($m: [String!]!, $cis: [ID!]) { declareSupportGroup(name: "web", members: $m, cis: $cis,
      calendar: "office") { number members } }"""
    assert "no account 'nobody'" in refused(served, team, CLARA, m=["nobody"], cis=[web1])
    ask(served, team, CLARA, m=["erin"], cis=[web1])
    freeze = """mutation F($end: String!) { declareFreeze(classes: ["Host"], name: "Year end", zone: "UTC",
      start: "2028-12-20T00:00", end: $end, why: "the books are closed", overrideBy: ["@web"]) { number until } }"""
    assert "ends before it starts" in refused(served, freeze, CLARA, end="2028-12-01T00:00")
    assert ask(served, freeze, CLARA, end="2029-01-02T00:00")["declareFreeze"]["until"] == "2029-01-02T00:00:00Z"
    stand = """mutation D($to: String!, $role: String!, $until: String!) {
      declareDelegation(to: $to, role: $role, until: $until) { number by } }"""
    tomorrow = after(utc_now(), 24)
    years = "2099-01-01T00:00Z"
    assert "more than a year" in refused(served, stand, TINA, to="erin", role="technical", until=years)
    assert ask(served, stand, TINA, to="erin", role="technical", until=tomorrow)["declareDelegation"] == {
        "number": "DLG-1",
        "by": "tina",
    }
    assert "nobody hands over what they have not" in refused(
        served, stand, ERIN, to="clara", role="technical", until=tomorrow
    )
    assert "stands in for tina" in refused(served, stand, TINA, to="clara", role="technical", until=tomorrow)

    asking = LocalClient(served, CLARA).ask
    book = reading.book(asking, [web1], (*reading.FOR_CIS, "calendars", "delegations"))
    december = Span(moment("2028-12-19T00:00Z"), moment("2028-12-21T00:00Z"))
    (frozen,) = book.freezes_at(december, [web1])
    assert (frozen.freeze.name, frozen.cis) == ("Year end", (web1,))
    assert book.may_override(frozen.freeze, ERIN) and not book.may_override(frozen.freeze, TINA)
    assert [w.number for w in book.windows_of([web1])[web1]] == ["MW-1"]
    assert [d.by for d in book.delegates("technical", moment(utc_now()))] == ["tina"]
    assert [c.name for c in book.calendars_for([web1])] == ["office"]
    slots = """query S($cis: [String!]!) { freeSlots(cis: $cis, duration: "PT2H", start: "2028-12-19T12:00",
      end: "2029-01-04T00:00", zone: "UTC", most: 2) { free slots { sentence businessSeconds } } }"""
    found = ask(served, slots, ERIN, cis=[web1])["freeSlots"]
    assert [slot["sentence"] for slot in found["slots"]] == [
        "Tuesday 19 December 21:00 has no blockers", "Tuesday 2 January 00:00 has no blockers",
    ]  # fmt: skip
    span = {"start": "2028-12-19T00:00Z", "end": "2028-12-21T00:00Z"}
    file = feed.decide(asking, {"ci": (web1,), **span}, CLARA, "2028-12-01T00:00:00Z")
    assert file.count("SUMMARY:Maintenance: nights") == 3
    assert "SUMMARY:Freeze: Year end" in file

    change = 'mutation { changeFreeze(number: "FRZ-1", end: "2028-12-30T00:00") { until everything classes } }'
    assert ask(served, change, CLARA)["changeFreeze"]["classes"] == ["Host"]
    later = Timers(served, lambda: after("2028-12-31T00:00:00Z", 25))
    assert (later.step(), later.step()) == (2, 0)
    assert ask(served, '{ freeze(number: "FRZ-1") { state } delegation(number: "DLG-1") { state } }', CLARA) == {
        "freeze": {"state": "ended"}, "delegation": {"state": "ended"},
    }  # fmt: skip
    assert "has ended" in refused(served, change, CLARA)
    assert replay.lines(served.store.graph()) == replay.lines(replay.replay(served.store.entries_after(0, 999)))


def test_of_hundreds_of_cis_each_is_seen_as_scopes_see_it(served: Services) -> None:
    """However many hundreds are asked about, and though a window holds for one of them."""
    load(served.store, *(node("BusinessService", f"shop {n}", key=f"shop-{n}") for n in range(250)))
    cis = sorted(str(row["id"]) for row in served.store.find("BusinessService", first=1000))
    assert len(cis) == 250
    window = """mutation W($cis: [ID!]) { declareMaintenanceWindow(cis: $cis, name: "nights", zone: "UTC",
      start: "2028-12-01T22:00", end: "PT8H", rule: "FREQ=DAILY") { number } }"""
    ask(served, window, CLARA, cis=cis[:1])
    book = reading.book(LocalClient(served, CLARA).ask, cis)
    assert sorted(book.cis) == cis
    assert [one.number for one in book.windows_of(cis)[cis[0]]] == ["MW-1"]
