"""Changes nobody approved, found in the whole estate; and what flaps by itself, learnt so that it raises no alarm."""

from datetime import timedelta
from typing import Any

import pytest
from support.small_estate import T0, window

from cmdb_processes.change.flapping import NOTHING, Flapping, Policy, Turn, learn
from cmdb_processes.change.steps import Act, Step
from cmdb_processes.change.unauthorised import Cover, Findings, Seen, unauthorised

COVER = Cover("CHG-1", frozenset({"ci_web"}), window(0, 2))


def seen(act: Act, ci: str, hours: float, what: str = "", other: str = "", **more: Any) -> Seen:
    """A step that the agent of the host saw so many hours after T0."""
    more = {"source": "agent-1", **more}
    return Seen(Step(act, ci, what, other), ci.removeprefix("ci_"), "Host", T0 + timedelta(hours=hours), **more)


def judged(*steps: Seen, **more: Any) -> Findings:
    """With one change that covers ci_web from T0 for two hours."""
    return unauthorised(steps, [COVER], **more)


@pytest.mark.parametrize(
    ("one", "covered"),
    [
        (seen(Act.RETIRE, "ci_web", 0), True),
        (seen(Act.RETIRE, "ci_web", 2.9), True),  # seen late
        (seen(Act.RETIRE, "ci_web", 3), False),
        (seen(Act.RETIRE, "ci_web", -0.1), False),
        (seen(Act.RETIRE, "ci_db", 1), False),
        (seen(Act.CREATE, "ci_eth0", 1, "NetworkInterface", "eth0", inside=frozenset({"ci_web"})), True),
        (seen(Act.OPEN, "ci_app", 1, "USES", "ci_web"), True),
        (seen(Act.OPEN, "ci_app", 1, "USES", "ci_db"), False),
    ],
)
def test_a_change_covers_its_cis_in_its_time(one: Seen, covered: bool) -> None:
    """Its CIs, what is inside of them and edges at them; from the start until an hour after the end."""
    found = judged(one)
    assert (found.covered, len(found.follow_ups)) == ((1, 0) if covered else (0, 1))


def test_a_follow_up_says_what_who_and_when() -> None:
    """Steps that one source saw together are one happening."""
    found = judged(
        seen(Act.OPEN, "ci_app", 5.5, "DEPENDS_ON", "ci_db"),
        seen(Act.RETIRE, "ci_db", 5),
        seen(Act.RETIRE, "ci_nas", 5, source="agent-2"),
        seen(Act.RETIRE, "ci_old", 9),
    )
    assert [f.title for f in found.follow_ups] == [
        "Unauthorised change: db is retired and 1 more",
        "Unauthorised change: old is retired",
        "Unauthorised change: nas is retired",
    ]
    first = found.follow_ups[0]
    assert (first.cis, first.at, first.source) == (("ci_app", "ci_db"), T0 + timedelta(hours=5), "agent-1")
    assert first.sentences == ("db is retired", "app now depends on db")


def test_a_first_report_finds_what_was_there_already() -> None:
    """It is counted, and no alarm."""
    found = judged(seen(Act.CREATE, "ci_new", 5, "Host", "new", first=True))
    assert (found.follow_ups, found.first_sights) == ((), 1)


def test_of_values_only_the_watched_count() -> None:
    """A new version of a watched attribute is a change, a new kernel log line is none."""
    version = seen(Act.SET, "ci_db", 5, "version", '"16"')
    assert judged(version).follow_ups == ()
    assert [f.title for f in judged(version, watched=frozenset({"version"})).follow_ups] == [
        'Unauthorised change: db has version "16"'
    ]


def test_what_flaps_is_filtered_and_counted_but_never_a_ci() -> None:
    """An edge that comes and goes by itself is; that a CI is gone is always told."""
    flapping = Flapping(frozenset({("ci_app", ("USES", "ci_db"))}))
    found = judged(seen(Act.OPEN, "ci_app", 5, "USES", "ci_db"), seen(Act.RETIRE, "ci_app", 5), flapping=flapping)
    assert (found.filtered, [f.sentences for f in found.follow_ups]) == (1, [("app is retired",)])


def turns(ci: str, values: str, every: float = 24, what: str = "state") -> list[Turn]:
    """One value a day, the last just before T0."""
    ago = [timedelta(hours=1 + every * n) for n in range(len(values))]
    return [
        Turn(Step(Act.SET, ci, what, value), "Service", T0 - when)
        for value, when in zip(reversed(values), ago, strict=True)
    ]


@pytest.mark.parametrize(
    ("values", "every", "flaps"),
    [
        ("ababab", 24, True),
        ("ababa", 24, False),  # not often enough
        ("abcdef", 24, False),  # never back
        ("abcabc", 24, True),  # half of them back
        ("abcdab", 24, False),
        ("ababab", 24 * 14, False),  # too long ago
    ],
)
def test_what_turns_back_and_forth_flaps(values: str, every: float, flaps: bool) -> None:
    """Six turns within fourteen days, half of them back to where it had been."""
    learnt = learn(turns("ci_1", values, every), T0)
    assert learnt.hides(Step(Act.SET, "ci_1", "state", "x"), "Service") is flaps
    assert not learnt.hides(Step(Act.SET, "ci_1", "version", "x"), "Service")
    assert not learnt.hides(Step(Act.SET, "ci_2", "state", "x"), "Service")


def test_an_edge_that_comes_and_goes_flaps() -> None:
    """Only that edge."""
    acts = [Act.OPEN, Act.CLOSE] * 3
    steps = [Step(act, "ci_1", "USES", "ci_db") for act in acts]
    learnt = learn([Turn(s, "Service", T0 - timedelta(hours=9 - n)) for n, s in enumerate(steps)], T0)
    assert learnt.hides(steps[0], "Service")
    assert not learnt.hides(Step(Act.OPEN, "ci_1", "USES", "ci_other"), "Service")


def test_an_attribute_may_flap_for_its_whole_class() -> None:
    """Five CIs where it flaps, and half of all where it turned; then one never seen to turn is covered too."""
    five = [turn for n in range(5) for turn in turns(f"ci_{n}", "ababab")]
    steady = [turn for n in range(5, 11) for turn in turns(f"ci_{n}", "a")]
    asked = Step(Act.SET, "ci_99", "state", "x")
    assert learn(five, T0).hides(asked, "Service")
    assert not learn(five, T0).hides(asked, "Host")
    assert learn(five + steady[:5], T0).hides(asked, "Service")
    assert not learn(five + steady, T0).hides(asked, "Service")
    assert not learn(five, T0, Policy(cis=6)).hides(asked, "Service")
    assert learn([], T0) == NOTHING
