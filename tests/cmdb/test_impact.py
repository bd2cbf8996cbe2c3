"""The blast radius: joint, with redundancy, explained."""

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.classes import catalogue
from cmdb.errors import Invalid
from cmdb.impact import Group, Model, State, blast_radius, model_of
from cmdb.impact.blast import effective, value
from cmdb.impact.model import Edge, model


def edge(source: str, target: str, kind: str = "DEPENDS_ON") -> Edge:
    """An edge whose id tells its ends."""
    return Edge(f"{source}>{target}", kind, source, target)


def one_of(source: str, *targets: str, k_min: int = 1, k_full: int | None = None, soft: bool = False) -> Group:
    """A group of `source` over `targets`."""
    edges = tuple(edge(source, t) for t in targets)
    return Group(edges, k_min, k_full if k_full is not None else k_min, soft)


PAIR = model({"web": [one_of("web", "db1", "db2", k_full=1)], "shop": [one_of("shop", "web")]})


def test_a_pair_survives_the_loss_of_one_member_and_is_then_at_risk() -> None:
    """One of two members down harms nobody, and the lost redundancy is said."""
    blast = blast_radius(PAIR, ["db1"], str)
    assert blast.items == ()
    assert blast.at_risk == ("web",)
    assert blast.verdict(str) == "If db1 stops, nothing else known here is affected."


def test_a_set_is_judged_jointly() -> None:
    """Both members of a pair together take down what each alone does not."""
    blast = blast_radius(PAIR, ["db1", "db2"], str)
    assert [(i.ci, i.after, i.hops) for i in blast.items] == [("web", State.DOWN, 1), ("shop", State.DOWN, 2)]
    assert blast.items[0].reason == "0 of 2 left, 1 needed: db1 and db2 lost"
    assert blast.items[1].reason == "needs web, which is down"
    assert blast.items[1].path == ("shop>web", "web>db1")
    assert blast.verdict(str) == "If db1 and db2 stop together, 2 CIs go down (web and shop)."


def test_fewer_than_full_but_enough_is_degraded() -> None:
    """Between k_min and k_full a dependent is degraded, and so is who depends on it."""
    quorum = model({"etcd": [one_of("etcd", "a", "b", "c", k_min=2, k_full=3)], "api": [one_of("api", "etcd")]})
    blast = blast_radius(quorum, ["a"], str)
    assert [(i.ci, i.after) for i in blast.items] == [("etcd", State.DEGRADED), ("api", State.DEGRADED)]
    assert blast.items[1].reason == "needs etcd, which is degraded"


def test_a_soft_dependency_never_brings_its_dependent_down() -> None:
    """A soft group gives degraded at worst."""
    soft = model({"app": [one_of("app", "cache", soft=True)]})
    assert [i.after for i in blast_radius(soft, ["cache"], str).items] == [State.DEGRADED]


def test_a_cycle_alone_brings_nothing_down_but_carries_a_failure_round() -> None:
    """Two services that need each other are up together, and fall together."""
    ring = model({"a": [one_of("a", "b")], "b": [one_of("b", "a"), one_of("b", "db")]})
    assert effective(ring, {}) == {}
    assert {i.ci for i in blast_radius(ring, ["db"], str).items} == {"a", "b"}


def test_what_was_down_before_is_not_blamed_on_the_new_failure() -> None:
    """Only states that fall are in the radius; present outages are context."""
    blast = blast_radius(PAIR, ["db2"], str, own={"db1": State.DOWN})
    assert {i.ci for i in blast.items} == {"web", "shop"}
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


@pytest.mark.parametrize(("k_min", "k_full", "members"), [(2, 2, 1), (0, 1, 1), (2, 1, 2), (1, 3, 2)])
def test_an_impossible_group_is_refused(k_min: int, k_full: int, members: int) -> None:
    """k above n, below one, or full below least cannot be made."""
    with pytest.raises(Invalid, match="members"):
        one_of("a", *[f"m{i}" for i in range(members)], k_min=k_min, k_full=k_full)


def test_an_empty_group_is_refused() -> None:
    """A group without members would silently hold or silently fail."""
    with pytest.raises(Invalid, match="at least one member"):
        Group(())


NODES = "abcdef"


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Random models of up to six CIs, cycles and self-loops included."""
    groups: dict[str, list[Group]] = {}
    for source in NODES:
        for _ in range(draw(st.integers(0, 2))):
            members = draw(st.lists(st.sampled_from(NODES), min_size=1, max_size=3, unique=True))
            k_min = draw(st.integers(1, len(members)))
            k_full = draw(st.integers(k_min, len(members)))
            groups.setdefault(source, []).append(
                one_of(source, *members, k_min=k_min, k_full=k_full, soft=draw(st.booleans()))
            )
    return model(groups)


def greatest_by_enumeration(m: Model, own: dict[str, State]) -> dict[str, State]:
    """The definition itself: the pointwise greatest of all assignments that no rule lowers."""
    best = dict.fromkeys(NODES, State.DOWN)
    for assignment in product(State, repeat=len(NODES)):
        s = dict(zip(NODES, assignment, strict=True))
        if all(s[c] <= min([own.get(c, State.UP), *(value(g, s) for g in m.groups.get(c, ()))]) for c in NODES):
            best = {c: max(best[c], s[c]) for c in NODES}
    return best


@given(models(), st.dictionaries(st.sampled_from(NODES), st.sampled_from(list(State)), max_size=3))
def test_the_fixpoint_equals_its_definition_on_random_graphs(m: Model, own: dict[str, State]) -> None:
    """Going down from the failed gives the greatest fixpoint found by trying every assignment."""
    found = effective(m, own)
    assert greatest_by_enumeration(m, own) == {c: found.get(c, State.UP) for c in NODES}


@given(models(), st.sets(st.sampled_from(NODES), min_size=1, max_size=3), st.sampled_from(NODES))
def test_every_impacted_ci_has_a_connected_witness_and_more_failures_never_help(
    m: Model, failed: set[str], more: str
) -> None:
    """Paths lead from the CI to a failed one, hop by hop; a larger set never impacts less."""
    blast = blast_radius(m, sorted(failed), str)
    for item in blast.items:
        ends = [hop.split(">") for hop in item.path]
        assert ends[0][0] == item.ci
        assert ends[-1][1] in failed
        assert all(a[1] == b[0] for a, b in pairwise(ends))
    larger = blast_radius(m, sorted(failed | {more}), str)
    assert {i.ci for i in blast.items} <= {i.ci for i in larger.items} | {more}
