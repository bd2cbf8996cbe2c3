"""What a change does: the difference of two states, each as enumeration has it, and the loss in its window."""

from itertools import combinations
from random import Random

import pytest
from support.fault_models import CASES, down, likelihood, random_model, states

from cmdb.availability import MINUTES, Direction, Figure, Limits, Provenance, Window, effect
from cmdb.errors import Invalid, UnknownName
from cmdb.impact.model import Edge, Group, Model, model


def group(source: str, *targets: str, k: int = 1) -> Group:
    """k of `targets`."""
    return Group(tuple(Edge(f"{source}>{t}", "DEPENDS_ON", source, t) for t in targets), k)


def figures(names: list[str], q: float = 0.01) -> dict[str, Figure]:
    """The same unavailability for all."""
    return {n: Figure((1 - q) / q, 1.0, Provenance.VENDOR, "for the test") for n in names}


NAMES = ["s", "a", "b", "db", "copy"]
ONE = model({"s": [group("s", "a", "b"), group("s", "db")]})
TWO = model({"s": [group("s", "a", "b"), group("s", "db", "copy")]})
SAME = (figures(NAMES), figures(NAMES))


def likely(of: Model, names: list[str], q: dict[str, float], failed: set[str]) -> float:
    """By enumeration."""
    return sum(likelihood(names, lost, q) for lost in states(names) if "0" in down(of, lost | failed))


def test_effects_equal_enumeration_of_both_states() -> None:
    """On random pairs of models: the difference, the window's loss, and the single points and pairs that differ."""
    for seed in range(CASES // 3):
        random = Random(seed)
        size = random.randint(2, 6)
        names = [str(i) for i in range(size)]
        old, new = random_model(random, size), random_model(random, size)
        known = {n: figures([n], random.random() / 2)[n] for n in names}
        q = {n: one.q for n, one in known.items()}
        failed = {n for n in names if random.random() < 0.3}
        (found,) = effect(old, new, ["0"], (known, known), Window(2.0, 0.5, 4.0, frozenset(failed)))
        before, after = (likely(of, names, q, set()) for of in (old, new))
        during = max(likely(of, names, q, failed) for of in (old, new))
        assert found.lost == pytest.approx(((after - before) * MINUTES,) * 2, abs=1e-6), seed
        assert found.window_loss == pytest.approx((240 * during,) * 2, abs=1e-9), seed
        for order, added, removed in (
            (1, found.singles_added, found.singles_removed), (2, found.pairs_added, found.pairs_removed),
        ):  # fmt: skip
            had, have = (minimal(of, names, order) for of in (old, new))
            assert {frozenset(one) for one in added} == have - had, seed
            assert {frozenset(one) for one in removed} == had - have, seed


def minimal(of: Model, names: list[str], order: int) -> set[frozenset[str]]:
    """The minimal cut sets of so many by trying; a CI is no single point of itself."""
    if "0" in down(of, ()):
        return set()
    sets = [frozenset(one) for one in combinations(names, order) if "0" in down(of, one)]
    found = {one for one in sets if not any("0" in down(of, one - {n}) for n in one)}
    return found - {frozenset("0")}


def test_a_second_database_is_better_and_says_what_comes_and_goes() -> None:
    """The database is a single point no longer, and with its copy a pair; less down, and what is lost in two hours."""
    (found,) = effect(ONE, TWO, ["s"], SAME, Window(2.0, down=frozenset({"db"})))
    assert found.direction is Direction.BETTER
    assert found.lost[0] == found.lost[1] < 0
    assert (found.singles_added, found.singles_removed) == ((), ("db",))
    assert (found.pairs_added, found.pairs_removed) == ((("copy", "db"),), ())
    assert found.during.lo == 1.0
    assert found.window_loss == (120.0, 120.0)
    assert effect(TWO, ONE, ["s"], SAME)[0].direction is Direction.WORSE


def test_nothing_touched_is_exactly_the_same() -> None:
    """Also where the service cannot be solved: the same formula is no difference, whatever its bounds."""
    groups = [group("s", *(f"m{random.randrange(12)}" for _ in range(3)), k=2) for random in map(Random, range(20))]
    knot = model({"s": groups})
    names = ["s", *(f"m{i}" for i in range(14))]
    known = figures(names, 0.3)
    (found,) = effect(knot, knot, ["s"], (known, known), limits=Limits(nodes=4, part_nodes=4, parts=0))
    assert found.before.lo < found.before.hi
    assert (found.lost, found.direction) == ((0.0, 0.0), Direction.SAME)
    wider = model({"s": [*groups, group("s", "m12", "m13")]})
    (found,) = effect(knot, wider, ["s"], (known, known), limits=Limits(nodes=4, part_nodes=4, parts=0))
    assert found.direction is Direction.UNKNOWN
    assert found.lost[0] < 0 < found.lost[1]


def test_other_figures_are_an_effect_and_beta_counts_in_both() -> None:
    """A better machine in place of the same: no cut set differs, and it is down less; β is taken on both sides."""
    better = {**SAME[0], "db": figures(["db"], 0.001)["db"]}
    (found,) = effect(ONE, ONE, ["s"], (SAME[0], better))
    assert found.direction is Direction.BETTER
    assert not (found.singles_added or found.singles_removed or found.pairs_added or found.pairs_removed)
    (with_beta,) = effect(ONE, TWO, ["s"], SAME, beta=0.1)
    assert effect(ONE, TWO, ["s"], SAME)[0].lost[0] < with_beta.lost[0] < 0


def test_a_window_and_figures_are_checked() -> None:
    """No negative hours, no chance above 1, and no CI without a figure."""
    with pytest.raises(Invalid, match="0 hours or more"):
        Window(-1)
    with pytest.raises(Invalid, match="chance of 0 to 1"):
        Window(1, 2)
    with pytest.raises(UnknownName, match="'copy' has no figure"):
        effect(ONE, TWO, ["s"], (SAME[0], figures(["s", "a", "b", "db"])))
