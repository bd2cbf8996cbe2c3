"""Single points of failure, cut sets, explanations, availability: equal to enumeration on random models."""

import sys
from itertools import product
from math import prod
from random import Random

import pytest
from support.fault_models import (
    CASES,
    chance,
    down,
    fallen,
    least,
    likelihood,
    minimal_sets,
    numbered,
    random_model,
)  # fmt: skip

from cmdb.availability import Exposure, Limits, Worth, cut_sets, cutsets, estate, explain, ranked, spofs
from cmdb.availability.bdd import TooManyNodes, drawn
from cmdb.availability.common_cause import with_common_causes
from cmdb.availability.formula import Formulas
from cmdb.availability.importance import importance
from cmdb.availability.modules import modules
from cmdb.availability.needs import Needs
from cmdb.availability.solve import Solver, alone
from cmdb.availability.structure import failure
from cmdb.impact.model import Edge, Group, Model, model

BLOCKS = 10
LARGEST = 15
"""CIs of a graph, so at most 32,768 states of each."""


def group(source: str, *targets: str, k: int = 1) -> Group:
    """A group of `source` over `targets`."""
    return Group(tuple(Edge(f"{source}>{t}", "DEPENDS_ON", source, t) for t in targets), k)


def case(seed: int) -> tuple[Random, Model, list[str], dict[str, float], set[str]]:
    """A random model of up to 15 CIs, figures, and CIs that are down already."""
    random = Random(seed)
    size = random.randint(2, 9) if seed % 2 else random.randint(10, LARGEST)
    names = [str(i) for i in range(size)]
    q = {name: random.random() * random.choice([1, 0.1, 1e-3]) for name in names}
    return (
        random,
        random_model(random, size, dense=not seed % 2),
        names,
        q,
        {n for n in names if random.random() < 0.04},
    )


def seeds(block: int) -> range:
    """The seeds of one block, so that a failure names a short range."""
    return range(block * CASES // BLOCKS, (block + 1) * CASES // BLOCKS)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_spofs_cut_sets_and_availability_equal_enumeration(block: int) -> None:
    """For every state of every graph: the same single points, minimal cut sets, probability (1e-12) and derivatives."""
    for seed in seeds(block):
        _, of, names, q, failed = case(seed)
        bad = fallen(of, len(names), failed)[0]
        truth = chance(bad, [*q.values()])
        formulas = Formulas()
        root = failure(formulas, Needs(of, failed), "0")

        single = spofs(of, "0", failed)
        already = bool(bad[0])
        assert single.down == already, seed
        assert set(single.cis) == ({n for n in names[1:] if bad[1 << int(n)]} if not already else set()), seed

        solver = Solver(formulas, q)
        found = solver.likelihood(root)
        assert found.method == "exact", seed
        assert found.lo == found.hi == pytest.approx(truth, abs=1e-12), seed

        sets = least(bad)
        cuts = cut_sets(formulas, root, order=len(names), most=len(sets))
        assert {frozenset(cut) for cut in cuts.listed} == sets, seed
        assert dict(cuts.counts) == {n: c for n in range(len(names) + 1) if (c := sum(len(s) == n for s in sets))}, seed
        assert cuts.truncated is None, seed
        _check_importance(solver, root, bad, sets, q, truth, seed)


def _check_importance(solver, root, bad, sets, q, truth, seed) -> None:
    measures = {one.event: one for one in importance(solver, root)}
    weigh = {s: prod(q[name] for name in s) for s in sets}
    for name in q:
        given = [chance(bad, [*{**q, name: side}.values()]) for side in (0.0, 1.0)]
        if name not in measures:
            assert given[1] == pytest.approx(given[0], abs=1e-12), seed
            continue
        one = measures[name]
        assert one.birnbaum == pytest.approx(given[1] - given[0], abs=1e-12), seed
        assert one.criticality == pytest.approx((given[1] - given[0]) * q[name] / truth, abs=1e-9), seed
        assert one.raw == pytest.approx(given[1] / truth, rel=1e-9), seed
        if given[0] > 1e-9 * truth:
            assert one.rrw == pytest.approx(truth / given[0], rel=1e-5), seed
        share = sum(v for s, v in weigh.items() if name in s) / sum(weigh.values())
        assert one.fussell_vesely == pytest.approx(share, abs=1e-9), seed


def test_all_states_at_once_are_the_definition_of_each() -> None:
    """The enumeration used here equals, state by state, the one that follows the definition for a single state."""
    for seed in range(12):
        _, of, names, q, failed = case(seed)
        every, each = fallen(of, len(names), failed), numbered(len(names))
        bad, likely = [], 0.0
        for column in range(1 << len(names)):
            lost = {n for n in names if each[int(n), column]}
            assert {n for n in names if every[int(n), column]} == down(of, lost | failed), (seed, lost)
            if every[0, column]:
                bad.append(lost)
                likely += likelihood(names, lost, q)
        assert chance(every[0], [*q.values()]) == pytest.approx(likely, abs=1e-12), seed
        assert least(every[0]) == minimal_sets(names, bad), seed


@pytest.mark.parametrize("block", range(BLOCKS))
def test_bounds_hold_when_little_may_be_tried(block: int) -> None:
    """With diagrams of a few nodes the answer is an interval, and the truth lies in it; with none wider than asked."""
    for seed in seeds(block):
        random, of, names, q, failed = case(seed)
        truth = chance(fallen(of, len(names), failed)[0], [*q.values()])
        limits = Limits(random.randint(2, 8), random.randint(2, 8), random.randint(0, 6), 1e-9)
        formulas = Formulas()
        root = failure(formulas, Needs(of, failed), "0")
        found = Solver(formulas, q, limits).likelihood(root)
        assert found.lo - 1e-12 <= truth <= found.hi + 1e-12, (seed, found)
        assert found.method in ("exact", "conditioned", "bounds")
        assert found.lo == found.hi or found.method != "exact", seed


@pytest.mark.parametrize("block", range(BLOCKS))
def test_explanations_equal_enumeration(block: int) -> None:
    """Exactly the minimal sets of at most three CIs that down all symptoms and no healthy CI, the smallest first."""
    for seed in seeds(block):
        random, of, names, _, _ = case(seed)
        symptoms = set(random.sample(names, min(len(names), random.randint(1, 2))))
        healthy = {n for n in names if n not in symptoms and random.random() < 0.2}
        every, each = fallen(of, len(names)), numbered(len(names))
        before = every[:, 0].copy()
        fits = ~(each[before]).any(axis=0) & every[[int(n) for n in symptoms]].all(axis=0)
        fits &= ~every[[int(n) for n in healthy if not before[int(n)]]].any(axis=0)
        want = {s for s in least(fits) if 0 < len(s) <= 3}
        found = explain(of, symptoms, healthy, most=1_000)
        assert {frozenset(one.cis) for one in found.found} == want, seed
        assert [len(one.cis) for one in found.found] == sorted(len(one.cis) for one in found.found)
        for one in found.found:
            assert set(one.extra) == down(of, one.cis) - down(of, ()) - {*one.cis, *symptoms}, seed


def test_the_estate_lists_each_single_point_with_what_hangs_on_it() -> None:
    """One entry per CI with the services it alone downs; a service that is down already is told apart."""
    of = model({
        "shop": [group("shop", "web1", "web2"), group("shop", "db")], "mail": [group("mail", "db")],
        "web1": [group("web1", "switch")], "web2": [group("web2", "switch")], "old": [group("old", "a", k=2)],
    })  # fmt: skip
    found, fallen = estate(of, ["shop", "mail", "old"])
    assert [(one.ci, one.services) for one in found] == [("db", ("mail", "shop")), ("switch", ("shop",))]
    assert fallen == ("old",)


def test_the_estate_is_ranked_by_criticality_then_users_then_services() -> None:
    """One critical service outweighs many high ones, users decide between equals; what nobody says counts least."""
    exposed = [Exposure("a", ("s3", "s4")), Exposure("b", ("s1",)), Exposure("c", ("s2", "s3")), Exposure("d", ("s5",))]
    worth = {
        "s1": Worth("critical"), "s2": Worth("high", 900), "s3": Worth("low", 10), "s4": Worth("high", 20),
    }  # fmt: skip
    assert [(one.ci, one.criticality, one.users) for one in ranked(exposed, worth)] == [
        ("b", "critical", None), ("c", "high", 910), ("a", "high", 30), ("d", None, None),
    ]  # fmt: skip


def test_with_one_of_a_pair_down_the_other_is_the_second_failure() -> None:
    """What is no single point becomes one once its partner is down."""
    of = model({"shop": [group("shop", "a", "b")]})
    assert spofs(of, "shop").cis == ()
    assert spofs(of, "shop", ["a"]).cis == ("b",)


def test_a_long_chain_needs_no_deep_stack() -> None:
    """20,000 CIs in a row, each needing a pair that shares the next: all are single points but the pairs."""
    chain = {f"n{i}": [group(f"n{i}", f"n{i + 1}")] for i in range(20_000)}
    assert len(spofs(model(chain), "n0").cis) == 20_000
    ladder = {}
    for i in range(300):
        ladder |= {f"n{i}": [group(f"n{i}", f"a{i}", f"b{i}")]}
        ladder |= {f"{x}{i}": [group(f"{x}{i}", f"n{i + 1}")] for x in "ab"}
    assert len(spofs(model(ladder), "n0").cis) == 300
    formulas = Formulas()
    root = failure(formulas, Needs(model(ladder)), "n0")
    names = {*ladder, "n300"}
    found = Solver(formulas, dict.fromkeys(names, 1e-6)).likelihood(root)
    assert found.lo == pytest.approx(1 - (1 - 1e-6) ** 301 * (1 - 1e-12) ** 300, rel=1e-9)


def test_where_all_hangs_on_all_it_is_said_that_nothing_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even sets of one CI may be too many in an estate of which each needs most: no minutes, no gigabytes, a word."""
    ladder = {}
    for i in range(100):
        ladder |= {f"n{i}": [group(f"n{i}", f"a{i}", f"b{i}")]}
        ladder |= {f"{x}{i}": [group(f"{x}{i}", f"n{i + 1}")] for x in "ab"}
    found = explain(model(ladder), ["n0", "n1"])
    assert len(found.found) == 20 and "so much is needed" not in str(found.truncated)
    monkeypatch.setattr(cutsets, "MOST_MADE", 50)
    found = explain(model(ladder), ["n0", "n1"])
    assert found.found == () and "so much is needed for these symptoms" in str(found.truncated)


def test_small_sets_are_listed_where_larger_ones_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the lowest orders are there, of the order that was given up none."""
    pairs = {"shop": [group("shop", *"abcdef"), group("shop", "x"), *(group("shop", *two) for two in ("gh", "ij"))]}
    formulas = Formulas()
    root = failure(formulas, Needs(model(pairs)), "shop")
    whole, order = cutsets.listed(formulas, root, 6)
    assert order == 6 and {len(cut) for cut in whole} == {1, 2, 6}
    monkeypatch.setattr(cutsets, "MOST_MADE", 14)
    some, order = cutsets.listed(formulas, root, 6)
    assert 1 <= order < 6 and some == [cut for cut in whole if len(cut) <= order] and some


def test_of_many_explanations_those_with_changes_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all is too much work, what was changed lately is looked at before what only comes first by name."""
    row = {f"n{i:03}": [group(f"n{i:03}", f"n{i + 1:03}")] for i in range(99)}
    monkeypatch.setattr(sys.modules["cmdb.availability.explain"], "MOST_LOOKS", 1)
    found = explain(model(row), ["n000"], changes={"n090": 2.0})
    assert found.found[0].cis == ("n090",) and "the first 20 of 100 sets were judged" in str(found.truncated)


def test_a_cycle_alone_brings_nothing_down() -> None:
    """Two CIs that each need the other or a third: both live until something fails, and x alone downs neither."""
    of = model({"a": [group("a", "b", "x")], "b": [group("b", "a", "x")]})
    assert spofs(of, "a").cis == ()
    formulas = Formulas()
    root = failure(formulas, Needs(of), "a")
    assert cut_sets(formulas, root).listed == (("a",), ("b", "x"))


def test_an_impossible_rule_is_down_already() -> None:
    """k above the members is down, and said to be."""
    of = model({"shop": [group("shop", "a", "b", k=3)]})
    assert spofs(of, "shop") == type(spofs(of, "shop"))("shop", (), (), down=True)


def test_a_change_near_ranks_an_explanation_first() -> None:
    """Of equally small explanations the one with the recent change leads, then the one that hits fewest others."""
    of = model({"shop": [group("shop", "db")], "db": [group("db", "disk")], "mail": [group("mail", "disk")]})
    assert [one.cis for one in explain(of, ["shop"]).found] == [("db",), ("shop",), ("disk",)]
    plain = explain(of, ["shop"], healthy=["mail"])
    assert {one.cis for one in plain.found} == {("shop",), ("db",)}
    changed = explain(of, ["shop"], changes={"disk": 1.0})
    assert changed.found[0].cis == ("disk",)
    assert changed.found[0].extra == ("db", "mail")
    assert changed.found[1].cis == ("db",)
    assert [one.score for one in changed.found] == [1.0, 0.5, 0.25]
    assert [one.changed for one in explain(of, ["shop"], changes={"disk": 1.0}, hops=1).found] == [
        ("disk",), ("disk",), (),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(30))
def test_a_common_cause_keeps_each_members_figure(seed: int) -> None:
    """With β, members of a pair fail together more often, and each as often as before."""
    random = Random(seed)
    of = model({"s": [group("s", "a", "b", "c", k=random.randint(1, 2)), group("s", "a", "d")], "t": [group("t", "a")]})
    q = {n: random.random() * 0.2 for n in "sabcdt"}
    wide, figures = with_common_causes(of, q, 0.1)

    def likely(ci: str, of: Model, q: dict[str, float]) -> float:
        formulas = Formulas()
        return Solver(formulas, q).likelihood(failure(formulas, Needs(of), ci)).lo

    for member in "abcd":
        assert likely(member, wide, figures) == pytest.approx(q[member], abs=1e-12)
    assert likely("s", wide, figures) > likely("s", of, q)
    assert with_common_causes(of, q, 0.0) == (of, q)


def test_modules_share_no_event() -> None:
    """Leaves of different modules are different: that is what lets each be solved alone."""
    for seed in range(100):
        _, of, _, _, failed = case(seed)
        formulas = Formulas()
        root = alone(formulas, failure(formulas, Needs(of, failed), "0"))
        leaves = [leaf for module in modules(formulas, root) for leaf in module.leaves]
        assert len(leaves) == len(set(leaves)), seed


def test_a_diagram_stops_at_its_limit() -> None:
    """Above the nodes allowed there is no diagram, however the tree looks."""
    formulas = Formulas()
    grid = [
        formulas.all_of([formulas.literal(f"{i}"), formulas.literal(f"{j}")]) for i, j in product(range(9), "abcdef")
    ]
    root = formulas.any_of(grid)
    (module,) = modules(formulas, root)
    with pytest.raises(TooManyNodes):
        drawn(formulas, module, 5, module.gates)
