"""The whole estate looked at for changes that nobody approved, by the real clockwork on a real store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.change_walk import CACHE, POSTGRES, RITA, TO_NEO4J, TO_POSTGRES, Walk, move, walking
from support.questions import ADMIN, EPICENTRE, NEO4J, ask
from support.reports import host, network, report, services

from cmdb.store import By, Store
from cmdb_graphql.client import LocalClient
from cmdb_processes.change import detection, estate
from cmdb_processes.change.counting import counts
from cmdb_processes.change.detection import choice
from cmdb_processes.change.steps import Act, Step
from cmdb_processes.change.unauthorised import FollowUp

ASKED = """
{ unauthorisedChanges { on sequence opened covered flapping unopened cut followUps { number title state reason cis } } }
"""


@pytest.fixture
def walk(store: Store, tmp_path: Path) -> Iterator[Walk]:
    """A webshop forty days ago, on a host with a release, in an estate that is looked at from then on."""
    with walking(tmp_path, store) as made:
        made.see(NEO4J, EPICENTRE, links=(TO_NEO4J,), os_version="12")
        detection.choose(True)
        try:
            assert [made.sweep(), made.sweep()] == [1, 0]
            yield made
        finally:
            detection.choose(False)


def told(walk: Walk) -> dict[str, Any]:
    """What `unauthorisedChanges` answers."""
    found: dict[str, Any] = ask(walk.of, ASKED, ADMIN)["unauthorisedChanges"]
    return found


def release(walk: Walk, version: str, sweeps: int = 1) -> None:
    """Discovery sees this release on web1, and twenty minutes later the clock looks so often."""
    walk.see(NEO4J, EPICENTRE, links=(TO_NEO4J,), os_version=version)
    walk.wait(1 / 3)
    assert [walk.sweep(), walk.sweep()] == [sweeps, 0]


@pytest.mark.neo4j
def test_a_version_that_nobody_planned_opens_one_follow_up(walk: Walk) -> None:
    """One draft with what was seen and when; the same report again opens none, nor does the next version that day, and
    that is said; a day later it opens another one. A change about the host accounts for it in its window."""
    seen = walk.text
    release(walk, "13")
    (one,) = told(walk)["followUps"]
    assert one == {
        "number": "CHG-1", "title": 'Unauthorised change: web1 has osVersion "13"', "state": "draft",
        "reason": f"seen by discovery at {datetime.fromisoformat(seen).isoformat()}, and planned by no change:"
        ' web1 has osVersion "13"', "cis": [walk.ids["web1"]],
    }  # fmt: skip
    assert (walk.whole("CHG-1")["model"], walk.whole("CHG-1")["history"][0]["by"]) == ("emergency", "epicentre:change")
    release(walk, "13", sweeps=0)  # nothing differs: it does not even look
    release(walk, "14")
    found = told(walk)
    assert [row["number"] for row in found["followUps"]] == ["CHG-1"]
    assert found["unopened"] == ['web1 has osVersion "14": CHG-1 of the last day is about the same CI']
    number = walk.started("web1")
    release(walk, "15")
    found = told(walk)
    assert ([row["number"] for row in found["followUps"]], found["covered"]) == (["CHG-1"], 1)
    walk.give(RITA, "finish_change", number, tested=True)
    walk.wait(3)
    walk.sweep()
    release(walk, "16")
    assert [row["number"] for row in told(walk)["followUps"]] == ["CHG-3", "CHG-1"]
    assert (told(walk)["opened"], told(walk)["cut"]) == (2, [])


@pytest.mark.neo4j
def test_what_goes_back_and_forth_by_itself_opens_nothing_and_is_counted(walk: Walk) -> None:
    """Two agents that read one release differently: once six turns are known it flaps; other hardware is told."""
    for version in ("13", "12", "13", "12", "13"):
        release(walk, version)
        walk.wait(25)
    opened = len(told(walk)["followUps"])
    release(walk, "12")
    found = told(walk)
    assert (len(found["followUps"]), found["flapping"], found["unopened"]) == (opened, 1, [])
    walk.see(NEO4J, EPICENTRE, links=(TO_NEO4J,), os_version="12", cpu_cores=8)
    walk.wait(25)
    walk.sweep()
    assert len(told(walk)["followUps"]) == opened + 1


@pytest.mark.neo4j
def test_what_a_change_planned_is_no_unauthorised_change(walk: Walk) -> None:
    """Its graph diff names what was moved, and a CI it made; the clock opens nothing. Without it, it would."""
    walk.started("epicentre", proposed=move(walk))
    walk.see(NEO4J, EPICENTRE, POSTGRES, links=(TO_POSTGRES,), os_version="12")
    walk.wait(1 / 3)
    walk.sweep()
    assert (told(walk)["followUps"], told(walk)["covered"]) == ([], 2)
    walk.wait(24)
    walk.sweep()
    walk.see(NEO4J, EPICENTRE, POSTGRES, links=(TO_NEO4J,), os_version="12")
    walk.wait(1 / 3)
    walk.sweep()
    assert [row["title"] for row in told(walk)["followUps"]] == [
        "Unauthorised change: epicentre no longer depends on postgres and 1 more"
    ]


@pytest.mark.neo4j
def test_everyday_noise_opens_nothing_and_a_new_host_opens_one(walk: Walk) -> None:
    """A program more and a kernel are noise. A host is one follow-up, not one for each thing on it. What a person
    writes down is no finding of discovery."""
    walk.see(NEO4J, EPICENTRE, CACHE, links=(TO_NEO4J,), os_version="12", kernel="6.1.2")
    walk.wait(1 / 3)
    walk.sweep()
    assert told(walk)["followUps"] == []
    by = By("ada", walk.text, "a plan")
    walk.store.create_ci("Application", "on paper", {}, by)
    walk.store.apply(report(1, host("web9"), network("10.0.0.9"), services(NEO4J), node="nd_9", boot="b9"), walk.text)
    walk.wait(1 / 3)
    walk.sweep()
    assert [row["title"] for row in told(walk)["followUps"]] == ["Unauthorised change: Host web9 is made"]


@pytest.mark.neo4j
def test_switched_off_it_ends_and_begins_anew_where_it_is(walk: Walk) -> None:
    """What happened meanwhile is nobody's finding."""
    detection.choose(False)
    assert [walk.sweep(), walk.sweep()] == [1, 0]
    walk.see(NEO4J, EPICENTRE, links=(TO_NEO4J,), os_version="13")
    detection.choose(True)
    assert [walk.sweep(), walk.sweep()] == [1, 0]
    walk.wait(1)
    assert (walk.sweep(), told(walk)["followUps"]) == (0, [])


@pytest.mark.neo4j
def test_a_look_asks_as_often_for_five_hosts_as_for_one(walk: Walk) -> None:
    """What differs, where it is and who did it come in questions about many; the figures of a look are bounded."""
    asked: list[str] = []

    def ask_(document: str, **given: Any) -> dict[str, Any]:
        asked.append(document)
        return LocalClient(walk.of, ADMIN).ask(document, **given)

    def cost(count: int, version: int) -> int:
        place = estate.head(ask_)
        for at in range(count):
            one = host(f"n{at}", os_version=str(version))
            walk.store.apply(report(version, one, node=f"nd_n{at}", boot=f"b{at}"), walk.text)
        to = estate.head(ask_)
        asked.clear()
        looked = estate.look(ask_, place, to)
        assert [(one.step.what, one.first) for one in looked.seen] in (
            [("osVersion", False)] * count, [("Host", False)] * count,
        )  # fmt: skip
        return len(asked)

    cost(5, 1)
    assert cost(1, 2) == cost(5, 3) == 3


T0 = datetime.fromisoformat("2026-11-01T12:00:00+00:00")


def test_no_flood() -> None:
    """One for each CI, then no more than a day may have; each one that is not opened is said with why."""
    found = [FollowUp(f"Unauthorised change: {n}", (f"ci_{n}",), T0, f"ci_{n % 30}", ("x",)) for n in range(40)]
    chosen = choice(found, [("CHG-9", frozenset({"ci_0"}))])
    assert len(chosen.opened) == detection.A_DAY - 1
    assert len(chosen.opened) + len(chosen.unopened) == 40
    assert chosen.unopened[0] == "0: CHG-9 of the last day is about the same CI"
    assert chosen.unopened[1] == "20: 20 follow-ups were opened in the last day, and no more are"


@pytest.mark.parametrize(
    ("step", "trial", "expected"),
    [
        (Step(Act.CREATE, "h", "Server", "web"), False, True),
        (Step(Act.RETIRE, "h"), True, True),
        (Step(Act.RETIRE, "s"), False, False),
        (Step(Act.SET, "h", "memoryBytes", "1"), True, True),
        (Step(Act.SET, "h", "kernel", '"6.2"'), False, False),
        (Step(Act.SET, "h", "osVersion", '"13"'), False, True),
        (Step(Act.SET, "h", "osVersion", '"13"'), True, False),
        (Step(Act.SET, "s", "redundancy", "null"), True, True),
        (Step(Act.OPEN, "s", "DEPENDS_ON", "d"), False, True),
        (Step(Act.CLOSE, "s", "DEPENDS_ON", "e"), False, False),
        (Step(Act.OPEN, "h", "HAS_SOFTWARE", "v"), False, False),
        (Step(Act.OPEN, "d", "HAS_SOFTWARE", "v"), False, True),
        (Step(Act.OPEN, "s", "COMMUNICATES_WITH", "d"), False, False),
        (Step(Act.OPEN, "s", "USES", "d"), False, True),
        (Step(Act.OPEN, "h", "USES", "s"), False, False),
    ],
)
def test_what_counts(step: Step, trial: bool, expected: bool) -> None:
    """Hosts, hardware, versions in production, dependencies and redundancy; not programs, kernels, contacts, nor
    whom a server alone saw."""
    classes = {"h": "Server", "s": "Service", "d": "DatabaseInstance", "e": "Endpoint", "v": "SoftwareVersion"}
    assert counts(step, classes, trial) is expected
