"""Combined conflicts: changes each safe alone that together spend one redundancy."""

import os
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_estate import T0, Estate, change, estate

from cmdb_processes.change.combined import ORDER, combined, moments
from cmdb_processes.change.conflicts import Conflict, Kind
from cmdb_processes.change.nouns import Impact, Planned, Severity

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "150"))
SHOP = estate(
    {"shop": "critical"},
    shop="pool", pool="1 of web-1, web-2", web_1="esx-1", web_2="esx-2", esx_1="1 of feed-a, feed-b", esx_2="feed-b",
)  # fmt: skip


def found(house: Estate, own: Planned, *others: Planned) -> tuple[Conflict, ...]:
    """As the process asks: each change alone, and any set together."""
    all_ = {c.number: c for c in (own, *others)}
    asked: list[frozenset[str]] = []

    def together(numbers: frozenset[str]) -> Impact:
        asked.append(numbers)
        return house.impact({ci.id for n in numbers for ci in all_[n].cis})

    impacts = {number: together(frozenset({number})) for number in all_}
    answer = combined(own, others, together, impacts)
    assert len(asked) == len(set(asked)), "a set was asked about twice"
    return answer


def test_two_changes_each_safe_alone_spend_one_pair() -> None:
    """Over three hops: a hypervisor and the other web server take the pool, and the service with it."""
    first, second = change("CHG-1", "esx-1"), change("CHG-2", "web-2")
    (conflict,) = found(SHOP, first, second)
    assert (conflict.kind, conflict.others, conflict.severity) == (Kind.COMBINED, ("CHG-2",), Severity.DOWN)
    assert conflict.blocks
    assert [ci.name for ci in conflict.cis] == ["pool", "shop"]
    assert conflict.sentence == "safe alone, but with CHG-2 pool is down; it reaches shop"


def test_what_one_change_breaks_alone_is_no_combination() -> None:
    """The impact of the change itself says so already."""
    assert found(SHOP, change("CHG-1", "pool"), change("CHG-2", "web-2")) == ()


def test_a_partner_that_is_not_approved_blocks_not_yet() -> None:
    """It is told all the same."""
    other = replace(change("CHG-2", "web-2"), committed=False)
    (conflict,) = found(SHOP, change("CHG-1", "web-1"), other)
    assert (conflict.severity, conflict.blocks) == (Severity.DOWN, False)


def test_a_stranger_is_not_named() -> None:
    """Of three changes at once only those that are needed for the harm are partners."""
    (conflict,) = found(SHOP, change("CHG-1", "web-1"), change("CHG-2", "printer"), change("CHG-3", "web-2"))
    assert conflict.others == ("CHG-3",)


def test_each_subset_that_suffices_is_named() -> None:
    """Two partners each suffice: two conflicts, not one with both."""
    others = change("CHG-2", "web-2"), change("CHG-3", "esx-2")
    assert [c.others for c in found(SHOP, change("CHG-1", "web-1"), *others)] == [("CHG-2",), ("CHG-3",)]


def test_changes_that_break_it_without_this_one_are_not_its_conflict() -> None:
    """CHG-2 and CHG-3 take the pool; CHG-1 is elsewhere."""
    assert found(SHOP, change("CHG-1", "printer"), change("CHG-2", "web-1"), change("CHG-3", "web-2")) == ()


def test_a_change_that_breaks_it_alone_hides_no_pair() -> None:
    """CHG-3 takes the pool alone; should it not happen, CHG-1 and CHG-2 still take it together."""
    others = change("CHG-2", "web-2"), change("CHG-3", "pool")
    (conflict,) = found(SHOP, change("CHG-1", "web-1"), *others)
    assert (conflict.others, conflict.severity) == (("CHG-2",), Severity.DOWN)


def test_three_changes_that_need_each_other() -> None:
    """One of three must live: no pair harms, all three do; a pair leaves one and spends what was spare."""
    house = estate(app="1 of a, b, c")
    worst, *rest = found(house, change("CHG-1", "a"), change("CHG-2", "b"), change("CHG-3", "c"))
    assert (worst.others, worst.severity) == (("CHG-2", "CHG-3"), Severity.DOWN)
    assert "with CHG-2 and CHG-3 together app is down" in worst.sentence
    assert [(c.others, c.severity, c.blocks) for c in rest] == [
        (("CHG-2",), Severity.AT_RISK, False),
        (("CHG-3",), Severity.AT_RISK, False),
    ]


def test_more_than_three_are_still_found() -> None:
    """Five of five: one minimal set is named, with every partner that is needed."""
    house = estate(app="1 of a, b, c, d, e")
    others = [change(f"CHG-{n}", ci) for n, ci in enumerate("bcde", 2)]
    worst = found(house, change("CHG-1", "a"), *others, change("CHG-9", "printer"))[0]
    assert worst.others == ("CHG-2", "CHG-3", "CHG-4", "CHG-5")


def test_what_does_not_happen_at_once_is_no_combination() -> None:
    """Both overlap this change, but not each other: all three are never under way together."""
    house = estate(app="1 of a, b, c")
    early, late = change("CHG-2", "b", start=0, hours=1), change("CHG-3", "c", start=1, hours=1)
    own = change("CHG-1", "a", hours=2)
    assert moments(own, [early, late]) == (frozenset({"CHG-1", "CHG-2"}), frozenset({"CHG-1", "CHG-3"}))
    assert {c.severity for c in found(house, own, early, late)} == {Severity.AT_RISK}
    overlapping = change("CHG-3", "c", start=0.5, hours=1)
    assert Severity.DOWN in {c.severity for c in found(house, own, early, overlapping)}


def test_a_window_that_starts_when_another_ends_leaves_it_alone() -> None:
    """Windows are half open."""
    assert found(SHOP, change("CHG-1", "web-1", hours=2), change("CHG-2", "web-2", start=2)) == ()


NAMES = "abcdefgh"


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """Random groups over eight CIs, cycles included."""
    needs = {}
    for name in NAMES[3:]:
        groups = []
        for _ in range(draw(st.integers(0, 2))):
            members = draw(
                st.lists(st.sampled_from([n for n in NAMES if n != name]), min_size=1, max_size=4, unique=True)
            )
            groups.append((tuple(members), draw(st.integers(1, len(members)))))
        if groups:
            needs[name] = tuple(groups)
    return Estate(needs, {})


@st.composite
def calendars(draw: st.DrawFn) -> list[Planned]:
    """Two to five changes at random CIs, most of them overlapping."""
    count = draw(st.integers(2, 5))
    cis = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True)
    hours = st.integers(0, 3)
    return [change(f"CHG-{n}", *draw(cis), start=draw(hours), hours=1 + draw(hours)) for n in range(count)]


def expected(house: Estate, own: Planned, others: Collection[Planned]) -> dict[frozenset[str], dict[str, Severity]]:
    """By the definition, from every moment and subset: the minimal sets with `own`, and whom they harm how hard."""
    all_ = {c.number: c for c in (own, *others)}
    times = [T0 + timedelta(minutes=30 + 60 * n) for n in range(8)]
    active = {frozenset(n for n, c in all_.items() if c.window.start <= t < c.window.end) for t in times}
    sets = {frozenset(s) for a in active if own.number in a for k in range(1, len(a) + 1) for s in combinations(a, k)}

    def harm(numbers: Collection[str]) -> dict[str, Severity]:
        return dict(house.impact({ci.id for n in numbers for ci in all_[n].cis}).severity)

    harms = {numbers: harm(numbers) for numbers in sets}
    minimal: dict[frozenset[str], dict[str, Severity]] = {}
    for numbers in sets:
        for ci, worst in harms[numbers].items():
            less = (
                [harms[numbers - {n}].get(ci, Severity.NONE) for n in numbers] if len(numbers) > 1 else [Severity.DOWN]
            )
            if own.number in numbers and max(less) < worst:
                minimal.setdefault(numbers, {})[ci] = worst
    return minimal


@settings(max_examples=CASES, deadline=None)
@given(estates(), calendars())
def test_exactly_the_minimal_sets_are_named(house: Estate, calendar: list[Planned]) -> None:
    """Against the definition over all subsets: up to three changes all, of more at least one and none too large."""
    own, *others = calendar
    wanted = expected(house, own, others)
    told = {frozenset({own.number, *c.others}): c for c in found(house, own, *others)}
    small = {numbers for numbers in wanted if len(numbers) <= ORDER}
    assert small == {numbers for numbers in told if len(numbers) <= ORDER}
    assert told.keys() <= wanted.keys()
    for numbers in small:
        assert {ci.id for ci in told[numbers].cis} <= set(wanted[numbers])
        assert told[numbers].severity == max(wanted[numbers].values())
    harmed = {ci for numbers in wanted for ci in wanted[numbers]}
    assert harmed == {ci.id for c in told.values() for ci in c.cis}
