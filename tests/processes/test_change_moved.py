"""What moved inside a radius, in words."""

import pytest
from support.small_estate import Estate, estate

from cmdb_processes.change.moved import differences
from cmdb_processes.change.nouns import CI, Group, Hit, Impact, Link, Severity

SHOP = {"shop": "high"}


def moved(before: Estate, after: Estate, *failed: str) -> tuple[str, ...]:
    """Between two estates, when these fail."""
    return differences(before.impact(failed), after.impact(failed))


def test_nothing_moved() -> None:
    """The same radius has no difference, however often it is asked."""
    house = estate(SHOP, shop="1 of web-1, web-2; db")
    assert moved(house, house, "web-1", "db") == ()


def test_a_lost_replica_comes_first_and_is_called_so() -> None:
    """Databases are replicas, others members; what follows from it is said after."""
    db, second = CI("db-22", "db-22", "Cluster"), CI("db-23", "db-23", "DatabaseInstance")
    first, disk = CI("db-24", "db-24", "DatabaseInstance"), CI("disk", "disk")
    links = (Link("FORMED_BY", db, first), Link("STORED_ON", first, disk))
    before = Impact(
        (disk,), (Hit(first, Severity.DOWN), Hit(db, Severity.AT_RISK)), (Link("FORMED_BY", db, second), *links)
    )
    after = Impact((disk,), (Hit(first, Severity.DOWN), Hit(db, Severity.DOWN)), links)
    assert differences(before, after) == ("db-22 lost its replica db-23 (1 left)", "db-22: at risk → down")


def test_a_group_member_is_told_once() -> None:
    """The group and its edge are one loss."""
    before, after = estate(SHOP, shop="1 of a, b, c"), estate(SHOP, shop="1 of a, b")
    assert moved(before, after, "a") == ("shop lost its member c (2 left)", "shop is now reached (at risk)")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("1 of a, b", "1 of a, b, c", ("shop gained c", "shop is no longer reached")),
        ("1 of a, b", "2 of a, b", ("shop needs 2 of 2 now, 1 before", "shop: at risk → down")),
        ("1 of a, b", "a", ("shop lost its redundancy: a, b stood in for each other", "shop no longer depends on b",
                            "shop: at risk → down")),
        ("a", "1 of a, b", ("shop is now redundant over a, b", "shop now depends on b", "shop: down → at risk")),
        ("a", "a; b", ("shop now depends on b",)),
        ("a; b", "b", ("shop no longer depends on a", "shop is no longer reached")),
    ],
)  # fmt: skip
def test_each_way_to_move(before: str, after: str, said: tuple[str, ...]) -> None:
    """Groups, needs, edges and severities, each in a sentence of its own."""
    assert moved(estate(SHOP, shop=before), estate(SHOP, shop=after), "a") == said


def test_an_answer_cut_short_is_another_answer() -> None:
    """Half a radius never passes for the whole."""
    whole, cut = Impact((), ()), Impact((), (), truncated="more than 50000 CIs")
    assert differences(whole, cut) == ("the answer is cut short: more than 50000 CIs",)
    assert differences(cut, whole) == ("the answer is whole now",)


def test_what_was_not_told_before_has_not_changed() -> None:
    """How many a pool needs is told once it is hit; what is nearest to the failure is said first."""
    pool, one, two = CI("z", "pool"), CI("m1", "m-1"), CI("m2", "m-2")
    links = (Link("BALANCES_OVER", pool, one), Link("BALANCES_OVER", pool, two))
    before = Impact((one,), (), links, (Group(pool, (one, two), 1, told=False),))
    hits = (Hit(CI("a", "app"), Severity.DOWN, 2), Hit(pool, Severity.DOWN, 1))
    after = Impact((one,), hits, links, (Group(pool, (one, two), 2),))
    assert differences(before, after) == ("pool is now reached (down)", "app is now reached (down)")
