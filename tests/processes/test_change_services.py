"""Which services an assessment computes: what is required of somebody first, and none is left out in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cmdb_processes.change.nouns import CI, Impact, Planned
from cmdb_processes.change.risk import Facts, Level, Record, risk
from cmdb_processes.change.services import MOST, not_computed, services
from cmdb_processes.change.window import Window

START = datetime(2030, 1, 10, 22, tzinfo=UTC)
CHANGE = Planned("CHG-1", "Patch db", (CI("db", "db"),), Window(START, START + timedelta(hours=2)))
BOUND = {"lo": 0.99, "hi": 0.99, "method": "exact"}


def rows(count: int) -> list[dict[str, Any]]:
    """So many critical services of which nothing is required."""
    return [{"id": f"s{n}", "name": f"s{n:02}", "criticality": "critical"} for n in range(count)]


def ask(_: str, of: Sequence[str], **__: Any) -> dict[str, Any]:
    """As the server answers."""
    minutes = dict.fromkeys(("lostMinutesLo", "lostMinutesHi", "windowLossMinutesLo", "windowLossMinutesHi"), 0)
    item = {**dict.fromkeys(("before", "during", "after"), BOUND), **minutes}
    return {"availabilityEffect": {"items": [{**item, "sentence": "", "spofsAdded": [], "spofsRemoved": []}] * len(of)}}


def test_what_is_required_of_a_lesser_service_is_computed_before_what_is_critical() -> None:
    """A requirement decides whether a change is approvable, so it is never the one left out."""
    least = {"id": "z", "name": "z", "criticality": "low", "availabilityTarget": 99.5}
    found = services(ask, CHANGE, [*rows(MOST + 5), least], 7, {})
    assert [one.name for one in found] == ["z", *(f"s{n:02}" for n in range(MOST - 1))]


def test_services_that_are_not_computed_are_a_doubt() -> None:
    """The sentence says of how many it is known; retired ones are none, and ten or fewer leave no doubt."""
    assert not_computed(rows(MOST), {}) == not_computed(rows(MOST + 1), {"retire": ["s0"]}) == ()
    (said,) = not_computed(rows(MOST + 5), {})
    assert said.startswith("availability is computed of 10 of the 15 services reached: ")
    calm = Facts(Impact((CI("db", "db"),), ()), (), (0, 0), (Record("team db", 40, 0),), True, True, 0, 20)
    (term,) = [one for one in risk(replace(calm, not_computed=(said,))).terms if one.name == "doubts"]
    assert (term.level, term.sentence) == (Level.MODERATE, said)
