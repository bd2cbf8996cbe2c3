"""Figures of how often a CI fails, with where they come from; and the whole answer for one CI."""

from math import exp, inf, isfinite, log, sqrt
from random import Random

import pytest

from cmdb.availability import (
    MINUTES,
    PRIORS,
    Figure,
    Likelihood,
    Prior,
    Provenance,
    Requirement,
    Standing,
    availability,
    figure,
    measured,
)
from cmdb.classes import catalogue
from cmdb.errors import Invalid, UnknownName
from cmdb.impact.model import Edge, Group, model


def vendor(q: float) -> Figure:
    """A figure with this unavailability."""
    return Figure((1 - q) / q, 1.0, Provenance.VENDOR, "for the test")


def group(source: str, *targets: str) -> Group:
    """Any one of `targets`."""
    return Group(tuple(Edge(f"{source}>{t}", "DEPENDS_ON", source, t) for t in targets))


PAIR = model({"shop": [group("shop", "a", "b"), group("shop", "db")]})
HALF_PERCENT = {ci: vendor(0.005) for ci in ("shop", "a", "b", "db")}


def test_measured_then_declared_then_class() -> None:
    """Three outages outweigh what is declared, that outweighs the class; with none of them it never fails by itself."""
    declared = Figure(99.0, 1.0, Provenance.VENDOR, "as declared for this CI")
    assert figure("Server", [1.0, 2.0, 3.0], 10_000, (99.0, 1.0)).provenance is Provenance.MEASURED
    assert figure("Server", [1.0, 2.0], 10_000, (99.0, 1.0)) == declared
    assert figure("Gadget", vendor=(99.0, 1.0)) == declared
    assert figure("Server", [1.0, 2.0], 10_000).provenance is Provenance.CLASS
    nothing = figure("BusinessService")
    assert (nothing.q, nothing.mtbf, nothing.provenance) == (0.0, inf, Provenance.NONE)
    assert "exists on paper only" in nothing.basis


def test_of_a_half_declared_figure_the_class_gives_the_rest() -> None:
    """A vendor's time between failures with the class's repair, said in the basis; without a class it is no figure."""
    half = figure("Server", vendor=(50_000.0, None))
    assert (half.mtbf, half.mttr, half.provenance) == (50_000.0, PRIORS["Server"].mttr, Provenance.VENDOR)
    assert half.basis.startswith("failures as declared for this CI, the rest of Server")
    assert figure("Server", vendor=(None, 3.0)).mtbf == PRIORS["Server"].mtbf
    assert figure("Gadget", vendor=(50_000.0, None)).provenance is Provenance.NONE


def test_what_is_declared_is_the_prior_of_what_is_measured() -> None:
    """The same outages of a CI that was declared to last long give fewer failures."""
    usual, better = (figure("Server", [1.0] * 3, 10_000, (mtbf, 1.0)) for mtbf in (1_000.0, 100_000.0))
    assert usual.mtbf < better.mtbf


def test_outages_that_do_not_fit_the_time_watched_measure_nothing() -> None:
    """A CI that was down ever since it is known has no rate of failure: its class stands."""
    assert figure("Server", [5.0, 5.0, 5.0], 15.0).provenance is Provenance.CLASS


@pytest.mark.parametrize(("percent", "standing"), [
    (99.0, Standing.MET), (99.9, Standing.UNDECIDED), (99.99, Standing.MISSED), (100.0, Standing.MISSED),
])  # fmt: skip
def test_a_requirement_is_met_missed_or_not_decidable(percent: float, standing: Standing) -> None:
    """Held against bounds of 0.05 % and 0.5 % down: met beyond both, missed before both, in between nobody knows."""
    down = Likelihood(0.0005, 0.005, "bounds")
    assert Requirement(percent).standing(down) is standing
    assert standing.value in Requirement(percent).sentence(down)


def test_a_requirement_has_its_minutes_and_is_a_share_of_time() -> None:
    """99.95 % are 262.8 minutes in a year of 365 days; more than all the time cannot be required."""
    assert Requirement(99.95).minutes == pytest.approx(262.8)
    told = Requirement(99.95).sentence(Likelihood(0.0001, 0.0001, "exact"))
    assert told == "99.95 % required, 262.8 minutes in a year: met with 210.2 to spare"
    with pytest.raises(Invalid, match="above 0 up to 100"):
        Requirement(101)


def test_a_class_without_a_line_takes_its_parents() -> None:
    """The nearest ancestor with a prior gives it."""
    priors = {"Host": Prior(99.0, 1.0, "test")}
    assert figure("Tiny", priors=priors, parents={"Tiny": "Server", "Server": "Host"}).q == 0.01


def test_every_prior_is_of_a_class_there_is() -> None:
    """A line for a class that does not exist would never be used."""
    assert PRIORS.keys() <= catalogue().classes.keys()
    assert all(isfinite(prior.mtbf) and 0 < prior.mttr < prior.mtbf for prior in PRIORS.values())


def test_measured_figures_come_near_the_truth_as_outages_add_up() -> None:
    """From a thousand outages drawn from known distributions, rate and repair time are found within 10 %."""
    random = Random(7)
    repairs = [random.lognormvariate(0.5, 0.8) for _ in range(1_000)]
    up = sum(random.expovariate(1 / 400) for _ in range(1_000))
    found = measured(repairs, up + sum(repairs), Prior(4_000.0, 9.0, "ten times too good"))
    assert found.mtbf == pytest.approx(400, rel=0.1)
    assert found.mttr == pytest.approx(exp(0.5 + 0.8**2 / 2), rel=0.1)


def test_the_formulas_by_hand() -> None:
    """Three outages of 1, 2 and 4 hours in 1,007: rate (1 + 3)/(1000 + 1000), repair exp(mean + variance/2) of logs."""
    found = measured([1.0, 2.0, 4.0], 1_007.0, Prior(1_000.0, 1.0, "test"))
    assert found.mtbf == pytest.approx(500)
    assert found.mttr == pytest.approx(2 * exp(log(2) ** 2 / 2))
    assert found.q == pytest.approx(found.mttr / (500 + found.mttr))
    assert measured([1.0, 2.0, 4.0], 1_007.0).mtbf == pytest.approx(1_000 / 3)


@pytest.mark.parametrize(
    ("outages", "watched"), [([1.0, 2.0], 100), ([1, 1, 0], 100), ([1, 1, inf], 100), ([9, 9, 9], 27)]
)
def test_impossible_outages_are_refused(outages: list[float], watched: float) -> None:
    """Too few, without a length, or longer than the time watched."""
    with pytest.raises(Invalid):
        measured(outages, watched)


def test_an_answer_has_bounds_method_minutes_and_assumptions() -> None:
    """1 − (1 − q)²·(1 − q²) for a service that needs a database and one of a pair, each with q = 0.5 %."""
    found = availability(PAIR, "shop", HALF_PERCENT)
    q = 1 - (1 - 0.005) ** 2 * (1 - 0.005**2)
    assert found.down.method == "exact"
    assert found.down.lo == found.down.hi == pytest.approx(q, abs=1e-15)
    assert (found.lo, found.hi) == (1 - found.down.hi, 1 - found.down.lo)
    assert found.minutes == (found.down.lo * MINUTES, found.down.hi * MINUTES)
    assert any("optimistic" in one for one in found.assumptions)
    assert "figures of 4 CIs: 4 vendor figure" in found.assumptions
    assert [ci for ci, _ in found.figures] == ["a", "b", "db", "shop"]
    assert found.cuts.listed == (("db",), ("shop",), ("a", "b"))
    assert [one.event for one in found.importance][:2] == ["db", "shop"]


def test_beta_makes_a_pair_worth_less() -> None:
    """With β = 10 % a tenth of a member's failures takes both: about q·β more."""
    without, having = (availability(PAIR, "shop", HALF_PERCENT, beta=b).down.lo for b in (0.0, 0.1))
    assert having - without == pytest.approx(0.0005, rel=0.05)
    with pytest.raises(Invalid, match="between 0 and 1"):
        availability(PAIR, "shop", HALF_PERCENT, beta=1.5)


def test_what_is_down_counts_and_what_is_unknown_is_said() -> None:
    """With a member down the pair is a single point; a CI without a figure is named."""
    assert availability(PAIR, "shop", HALF_PERCENT, ["a"]).cuts.counts == ((1, 3),)
    certain = availability(PAIR, "shop", HALF_PERCENT, ["db"])
    assert (certain.lo, certain.hi, certain.assumptions) == (0.0, 0.0, ("it is down already",))
    with pytest.raises(UnknownName, match="'db' has no figure"):
        availability(PAIR, "shop", {ci: vendor(0.1) for ci in ("shop", "a", "b")})


def test_figures_that_are_not_its_own_are_said() -> None:
    """All by class: said; with one declared the count says it; one without any figure is never silent."""
    usual = {ci: figure("Server") for ci in ("shop", "a", "b", "db")}
    said = availability(PAIR, "shop", usual).assumptions
    assert "nothing of it was measured or declared: every figure is what is typical of a class" in said
    mixed = availability(PAIR, "shop", {**usual, "db": vendor(0.1), "shop": figure("BusinessService")})
    assert "figures of 4 CIs: 1 vendor figure, 2 class prior, 1 without a figure" in mixed.assumptions
    assert "1 CI without a figure fails only through what is needed" in mixed.assumptions
    assert [ci for ci, _ in mixed.figures] == ["db", "a", "b", "shop"]


def test_tiny_figures_keep_their_digits() -> None:
    """A pair of CIs down one hour in ten million: q² to a relative 1e-12, where 1 − (1 − q²) has four digits left."""
    q = {ci: vendor(1e-7) for ci in "ab"}
    quiet = Figure(inf, 0.0, Provenance.CLASS, "for the test")
    found = availability(model({"s": [group("s", "a", "b")]}), "s", {**q, "s": quiet})
    assert found.down.lo == pytest.approx(q["a"].q ** 2, rel=1e-12)
    assert sqrt(found.down.lo) == pytest.approx(1e-7)
