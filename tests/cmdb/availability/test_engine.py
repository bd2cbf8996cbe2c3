"""Single points of failure, cut sets, explanations, availability: equal to enumeration on random models."""

from itertools import product
from random import Random

import pytest
from support.fault_models import CASES, down, likelihood, minimal_sets, random_model, states

from cmdb.availability import Exposure, Limits, Worth, cut_sets, estate, explain, ranked, spofs
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
LARGE = 12 if CASES <= 300 else 14


def group(source: str, *targets: str, k: int = 1) -> Group:
    """A group of `source` over `targets`."""
    return Group(tuple(Edge(f"{source}>{t}", "DEPENDS_ON", source, t) for t in targets), k)


def case(seed: int) -> tuple[Random, Model, list[str], dict[str, float], set[str]]:
    """A random model of up to 8 CIs (now and then more), figures, and CIs that are down already."""
    random = Random(seed)
    size = random.randint(2, 7) if seed % 50 else LARGE
    names = [str(i) for i in range(size)]
    q = {name: random.random() * random.choice([1, 0.1, 1e-3]) for name in names}
    return random, random_model(random, size), names, q, {n for n in names if random.random() < 0.08}


def seeds(block: int) -> range:
    """The seeds of one block, so that a failure names a short range."""
    return range(block * CASES // BLOCKS, (block + 1) * CASES // BLOCKS)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_spofs_cut_sets_and_availability_equal_enumeration(block: int) -> None:
    """For every state of every graph: the same single points, minimal cut sets, probability (1e-12) and derivatives."""
    for seed in seeds(block):
        _, of, names, q, failed = case(seed)
        bad = [lost for lost in states(names) if "0" in down(of, lost | failed)]
        truth = sum(likelihood(names, lost, q) for lost in bad)
        formulas = Formulas()
        root = failure(formulas, Needs(of, failed), "0")

        single = spofs(of, "0", failed)
        already = "0" in down(of, failed)
        assert single.down == already, seed
        assert set(single.cis) == ({n for n in names[1:] if {n} in bad} if not already else set()), seed

        solver = Solver(formulas, q)
        found = solver.likelihood(root)
        assert found.method == "exact", seed
        assert found.lo == found.hi == pytest.approx(truth, abs=1e-12), seed

        sets = minimal_sets(names, bad)
        cuts = cut_sets(formulas, root, order=len(names))
        assert {frozenset(cut) for cut in cuts.listed} == sets, seed
        assert dict(cuts.counts) == {n: c for n in range(len(names) + 1) if (c := sum(len(s) == n for s in sets))}, seed
        assert cuts.truncated is None, seed
        _check_importance(solver, root, names, bad, sets, q, truth, seed)


def _check_importance(solver, root, names, bad, sets, q, truth, seed) -> None:
    measures = {one.event: one for one in importance(solver, root)}
    weigh = {s: likelihood(sorted(s), set(s), q) for s in sets}
    for name in names:
        given = {side: sum(likelihood(names, lost, {**q, name: side}) for lost in bad) for side in (0.0, 1.0)}
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


@pytest.mark.parametrize("block", range(BLOCKS))
def test_bounds_hold_when_little_may_be_tried(block: int) -> None:
    """With diagrams of a few nodes the answer is an interval, and the truth lies in it; with none wider than asked."""
    for seed in seeds(block):
        random, of, names, q, failed = case(seed)
        truth = sum(likelihood(names, lost, q) for lost in states(names) if "0" in down(of, lost | failed))
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
        names = names[:7]
        symptoms = set(random.sample(names, min(len(names), random.randint(1, 2))))
        healthy = {n for n in names if n not in symptoms and random.random() < 0.2}
        alive = set(names) - down(of, ())
        fits = [
            lost
            for lost in states(names)
            if lost <= alive and symptoms <= (hit := down(of, lost)) and not (hit - down(of, ())) & healthy
        ]
        if len(of.groups) and max(map(int, of.cis)) >= 7:
            continue
        want = {s for s in minimal_sets(names, fits) if 0 < len(s) <= 3}
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
