"""The blast radius: joint, with redundancy, explained."""

import pytest

from cmdb.classes import catalogue
from cmdb.errors import Invalid
from cmdb.impact import Edge, Group, State, States, blast_radius, model, model_of, recovery_order


def edge(source: str, target: str, kind: str = "DEPENDS_ON") -> Edge:
    """An edge whose id tells its ends."""
    return Edge(f"{source}>{target}", kind, source, target)


def one_of(source: str, *targets: str, k_min: int = 1, k_full: int = 0, soft: bool = False) -> Group:
    """A group of `source` over `targets`."""
    return Group(tuple(edge(source, t) for t in targets), k_min, k_full, soft)


PAIR = model({"web": [one_of("web", "db1", "db2", k_full=1)], "shop": [one_of("shop", "web")]})


def test_a_pair_survives_the_loss_of_one_member_and_is_then_at_risk() -> None:
    """One of two members down harms nobody, and the lost redundancy is said, also in the verdict."""
    blast = blast_radius(PAIR, ["db1"], str)
    assert blast.items == ()
    assert blast.at_risk == ("web",)
    assert [(r.ci, r.reason) for r in blast.risks] == [("web", "1 of 2 left, 1 needed: db1 lost")]
    assert blast.verdict(str) == (
        "If db1 stops, nothing else goes down, but 1 CI has no redundancy left (web)."
    )  # fmt: skip


def test_a_set_is_judged_jointly() -> None:
    """Both members of a pair together take down what each alone does not: the union of single answers is wrong."""
    assert {i.ci for ci in ("db1", "db2") for i in blast_radius(PAIR, [ci], str).items} == set()
    blast = blast_radius(PAIR, ["db1", "db2"], str)
    assert [(i.ci, i.after, i.hops) for i in blast.items] == [("web", State.DOWN, 1), ("shop", State.DOWN, 2)]
    assert blast.items[0].reason == "0 of 2 left, 1 needed: db1 and db2 lost"
    assert blast.items[1].reason == "needs web, which is down"
    assert blast.items[1].path == ("shop>web", "web>db1")
    assert blast.verdict(str) == "If db1 and db2 stop together, 2 CIs go down (web and shop)."


def test_fewer_than_full_but_enough_is_degraded() -> None:
    """Between k_min and k_full a dependent is degraded, and so is who depends on it; nothing to spare is said too."""
    quorum = model({"etcd": [one_of("etcd", "a", "b", "c", k_min=2, k_full=3)], "api": [one_of("api", "etcd")]})
    blast = blast_radius(quorum, ["a"], str)
    assert [(i.ci, i.after) for i in blast.items] == [("etcd", State.DEGRADED), ("api", State.DEGRADED)]
    assert blast.items[0].reason == "2 of 3 left, 3 needed to be whole: a lost"
    assert blast.items[0].risk is not None and blast.items[0].risk.reason == "2 of 3 left, 2 needed: a lost"
    assert blast.items[1].reason == "needs etcd, which is degraded" and blast.items[1].risk is None


def test_a_member_may_weigh_more_than_another() -> None:
    """Needed is weight, not a count of members."""
    cluster = model({"c": [Group((edge("c", "big"), edge("c", "small")), 2, weights=(2, 1))]})
    assert blast_radius(cluster, ["small"], str).at_risk == ("c",)
    backed = model({"c": [Group((edge("c", "big"), edge("c", "small")), 1, weights=(2, 1))]})
    assert blast_radius(backed, ["small"], str).at_risk == ("c",)  # 1 to spare, and nobody who could be spared
    (item,) = blast_radius(cluster, ["big"], str).items
    assert (item.after, item.reason) == (State.DOWN, "1 of 3 left, 2 needed: big lost")
    assert (item.standing.needed, item.standing.left, item.standing.of) == (2, 1, 3)


def test_a_soft_dependency_never_brings_its_dependent_down() -> None:
    """A soft group gives degraded at worst."""
    soft = model({"app": [one_of("app", "cache", soft=True)]})
    assert [i.after for i in blast_radius(soft, ["cache"], str).items] == [State.DEGRADED]


def test_a_cycle_alone_brings_nothing_down_but_carries_a_failure_round() -> None:
    """Two services that need each other are up together, and fall together."""
    ring = model({"a": [one_of("a", "b")], "b": [one_of("b", "a"), one_of("b", "db")]})
    assert States(ring).state == {}
    assert {i.ci for i in blast_radius(ring, ["db"], str).items} == {"a", "b"}


def test_what_was_down_before_is_not_blamed_on_the_new_failure() -> None:
    """Only states that fall are in the radius; present outages are the state before, and reasons tell them apart."""
    blast = blast_radius(PAIR, ["db2"], str, own={"db1": State.DOWN})
    assert {i.ci for i in blast.items} == {"web", "shop"}
    assert blast.items[0].reason == "0 of 2 left, 1 needed: db2 lost, db1 down before"
    assert blast.before == {"db1": State.DOWN}
    assert blast_radius(PAIR, ["db1"], str, own={"db1": State.DOWN}).items == ()


def test_a_witness_never_leads_through_a_group_that_holds() -> None:
    """The path given as reason consists of broken dependencies only, even where an unbroken one is shorter."""
    tricky = model(
        {
            "top": [one_of("top", "x", "spare"), one_of("top", "middle")],
            "middle": [one_of("middle", "x")],
        }
    )
    top = next(i for i in blast_radius(tricky, ["x"], str).items if i.ci == "top")
    assert top.path == ("top>middle", "middle>x")


def test_relations_that_never_carry_failure_are_left_out() -> None:
    """A host that merely talks to a service does not go down with it."""
    made = model_of(
        [("e1", "COMMUNICATES_WITH", "host", "svc"), ("e2", "RUNS_ON", "svc", "box")], catalogue().relations
    )
    assert blast_radius(made, ["svc"], str).items == ()
    blast = blast_radius(made, ["box"], str)
    assert [(i.ci, i.reason) for i in blast.items] == [("svc", "runs on box, which is down")]


def test_long_lists_are_folded_in_the_verdict() -> None:
    """More than five names become five and a count."""
    many = model({f"s{n}": [one_of(f"s{n}", "db")] for n in range(8)})
    assert blast_radius(many, ["db"], str).verdict(str) == (
        "If db stops, 8 CIs go down (s0, s1, s2, s3, s4 and 3 more)."
    )


@pytest.mark.parametrize(("k_min", "k_full", "weights"), [(0, 1, ()), (2, 1, ()), (1, 1, (0,)), (1, 1, (1, 1))])
def test_a_group_that_says_nothing_is_refused(k_min: int, k_full: int, weights: tuple[int, ...]) -> None:
    """Needs below one, full below least, weights below one or too many cannot be made."""
    with pytest.raises(Invalid, match="group: "):
        Group((edge("a", "m"),), k_min, k_full, weights=weights)


@pytest.mark.parametrize(
    ("group", "state", "why"),
    [
        (Group((), name="USES: 1 of x"), State.DOWN, "it has no member"),
        (Group((edge("a", "m"),), 2), State.DOWN, "it needs 2 of 1"),
        (Group((edge("a", "m"),), 2, soft=True), State.DEGRADED, "it needs 2 of 1"),
        (Group((edge("a", "m"),), 1, 2), State.DEGRADED, "it is whole with 2 of 1 only"),
    ],
)
def test_a_group_that_cannot_be_met_counts_as_it_stands_and_is_reported(group: Group, state: State, why: str) -> None:
    """Wrong redundancy is down (soft: degraded) and told as a problem; it is never guessed right."""
    wrong = model({"a": [group], "b": [one_of("b", "a")]})
    assert [(p.ci, p.rule, p.why) for p in wrong.problems] == [("a", group.name, why)]
    assert [States(wrong).of(ci) for ci in "ab"] == [state, state]
    blast = blast_radius(wrong, ["a"], str)
    assert [p.why for p in blast.problems] == [why]


def test_recovery_goes_up_from_the_survivors_in_waves() -> None:
    """First what needs nothing that is down, then what needs that; circles and what rests on a lasting outage stay."""
    estate = model(
        {
            "db": [one_of("db", "host")],
            "web": [one_of("web", "db", "replica"), one_of("web", "cache", soft=True)],
            "shop": [one_of("shop", "web"), one_of("shop", "db")],
            "left": [one_of("left", "right")],
            "right": [one_of("right", "left"), one_of("right", "host")],
            "old": [one_of("old", "gone")],
        }
    )
    found = recovery_order(estate, ["host", "db", "replica", "web", "shop", "left", "right", "old"], staying=["gone"])
    assert found.waves == (("host", "replica"), ("db", "web"), ("shop",))
    assert found.stuck == ("left", "old", "right")
