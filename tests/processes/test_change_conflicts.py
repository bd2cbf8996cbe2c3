"""Conflicts of a change with its neighbours in the calendar: all of them, each with a sentence."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_estate import Estate, change, estate, window

from cmdb_processes.change.conflicts import Conflict, Freeze, Kind, conflicts, uncovered
from cmdb_processes.change.nouns import Planned, Severity
from cmdb_processes.change.window import Window

HOUSE = estate({"shop": "high"}, shop="1 of web-1, web-2; db", web_1="esx-1", web_2="esx-2", db="disk")


def found(own: Planned, *others: Planned, house: Estate = HOUSE, **more: object) -> list[Conflict]:
    """With the impact of each change alone."""
    impacts = {c.number: house.impact({ci.id for ci in c.cis}) for c in (own, *others)}
    return list(conflicts(own, others, impacts, **more))  # type: ignore[arg-type]  # freezes and maintenance


def said(found: list[Conflict]) -> list[tuple[Kind, str]]:
    """Kind and sentence."""
    return [(c.kind, c.sentence) for c in found]


def test_the_same_ci() -> None:
    """Two changes at one CI at one time."""
    both = found(change("CHG-1", "db", "web-1"), change("CHG-2", "db"))
    assert said(both) == [(Kind.SAME_CI, "CHG-2 works on db too")]


@pytest.mark.parametrize(
    ("own", "other", "sentence"),
    [
        ("disk", "shop", "CHG-2 works on shop, which depends on what this change works on"),
        ("shop", "disk", "this change works on shop, which depends on what CHG-2 works on"),
        ("esx-1", "shop", "CHG-2 works on shop, which depends on what this change works on"),
    ],
)
def test_ancestors_and_descendants(own: str, other: str, sentence: str) -> None:
    """In both directions, over any number of hops, also where redundancy would hold."""
    assert said(found(change("CHG-1", own), change("CHG-2", other))) == [(Kind.DEPENDENCY, sentence)]


def test_redundancy_partners_over_hops() -> None:
    """The hypervisor under one member and the other member itself: who takes what is said."""
    (conflict,) = found(change("CHG-1", "esx-1"), change("CHG-2", "web-2"))
    assert conflict.sentence == "shop needs 1 of 2: this change takes web-1, CHG-2 takes web-2"
    assert conflict.kind is Kind.REDUNDANCY
    assert not conflict.blocks


def test_the_same_member_is_no_partner() -> None:
    """Both take web-1 down: that is a dependency, the pair loses one member as with either alone."""
    kinds = [c.kind for c in found(change("CHG-1", "esx-1"), change("CHG-2", "web-1"))]
    assert kinds == [Kind.DEPENDENCY]


def test_a_freeze_that_touches_the_window_and_the_cis() -> None:
    """A freeze of other CIs, or at another time, is none."""
    freezes = [
        Freeze("quarter end", window(1, 5)),
        Freeze("audit", window(0, 1), frozenset({"db"})),
        Freeze("elsewhere", window(0, 1), frozenset({"shop"})),
        Freeze("later", window(2, 1)),
    ]
    assert said(found(change("CHG-1", "db", "esx-1"), freezes=freezes)) == [
        (Kind.FREEZE, "db: audit freezes it until 2027-01-10 23:00 UTC"),
        (Kind.FREEZE, "db and esx-1: quarter end freezes it until 2027-01-11 04:00 UTC"),
    ]


def test_outside_the_maintenance_window_in_minutes() -> None:
    """A CI without any has none to be outside of; one with an empty list may never be worked on."""
    maintenance = {"db": [window(-1, 2.5)], "shop": []}
    assert said(found(change("CHG-1", "db", "esx-1", "shop"), maintenance=maintenance)) == [
        (Kind.OUTSIDE, "120 of 120 min are outside the maintenance windows of shop"),
        (Kind.OUTSIDE, "30 of 120 min are outside the maintenance windows of db"),
    ]


def test_a_person_is_in_one_place() -> None:
    """Implementers of both changes are named."""
    own, other = change("CHG-1", "db", who=["rita", "anna"]), change("CHG-2", "printer", who=["anna", "ben"])
    assert said(found(own, other)) == [(Kind.IMPLEMENTER, "anna works on CHG-2 at the same time")]


def test_changes_at_other_times_are_left_alone() -> None:
    """One that starts when this one ends does not overlap, whatever it touches; nor is a change its own neighbour."""
    own = change("CHG-1", "db", who=["rita"])
    assert found(own, change("CHG-2", "db", start=2, who=["rita"]), own) == []


def test_all_are_listed() -> None:
    """Eighty neighbours are eighty conflicts."""
    others = [change(f"CHG-{n}", "db") for n in range(2, 82)]
    assert len(found(change("CHG-1", "db"), *others)) == 80


def test_whoever_is_approved_first_stands() -> None:
    """A change that is not approved is listed, and blocks nobody."""
    open_ = replace(change("CHG-2", "db", who=["rita"]), committed=False)
    own = change("CHG-1", "db", who=["rita"])
    assert [(c.kind, c.blocks) for c in found(own, open_)] == [(Kind.SAME_CI, False), (Kind.IMPLEMENTER, False)]
    assert [c.blocks for c in found(own, replace(open_, committed=True))] == [True, True]


def test_a_dependency_blocks_not_and_all_else_does() -> None:
    """What a dependency or a partner costs is told by the combined conflicts; what is out now may be back by then.

    A combination blocks when it takes something down or degrades it, not when it only spends what is spare.
    """
    blocking = {k for k in Kind if Conflict(k, (), (), "").blocks}
    assert blocking == set(Kind) - {Kind.DEPENDENCY, Kind.REDUNDANCY, Kind.COMBINED, Kind.OUTAGE}
    worst = {s for s in Severity if Conflict(Kind.COMBINED, (), (), "", s).blocks}
    assert worst == {Severity.DEGRADED, Severity.DOWN}


spans = st.builds(window, st.integers(-5, 8), st.integers(1, 6))


@settings(max_examples=100)
@given(spans, st.lists(spans, max_size=5))
def test_minutes_outside_are_those_of_no_window(own: Window, windows: list[Window]) -> None:
    """Counted hour by hour, whatever overlaps."""
    hours = [window(hour).start for hour in range(-10, 20)]
    free = [at for at in hours if own.start <= at < own.end and not any(w.start <= at < w.end for w in windows)]
    assert uncovered(own, windows) == 60 * len(free)
