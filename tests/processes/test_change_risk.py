"""The risk of a change: the worst of its terms, each with its figure; raising any figure never lowers it."""

import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_estate import estate

from cmdb.errors import DeclarationError, Invalid
from cmdb_processes.change.conflicts import Conflict, Kind
from cmdb_processes.change.nouns import CI, Budgeted, Hit, Impact, Severity
from cmdb_processes.change.risk import BANDS, CRITICALITY, Band, Facts, Level, Record, Risk, Term, risk

PAGE = Path(__file__).parents[2] / "docs" / "change.md"
CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "100"))
CALM = Facts(Impact((CI("db", "db"),), ()), (), (0, 0), (Record("team db", 40, 0),), True, True, 0, 20)


def term(facts: Facts, name: str) -> Term:
    """The term of that name."""
    return next(t for t in risk(facts).terms if t.name == name)


def test_nothing_speaks_against_a_calm_change() -> None:
    """Every term is low, and there is one for each band."""
    found = risk(CALM)
    assert {t.name for t in found.terms} == set(BANDS)
    assert found.level is Level.LOW


def test_the_worst_term_is_the_risk_and_comes_first() -> None:
    """Nine calm terms do not outvote one that is very high."""
    found = risk(replace(CALM, backout=False, minutes_lost=(600, 700)))
    assert found.level is Level.VERY_HIGH
    assert found.terms[0].sentence == "loses up to 700.0 min a year"
    assert found.sentence == "risk is very high: availability: loses up to 700.0 min a year"


def test_a_critical_service_weighs_more_than_many_hosts() -> None:
    """Points by criticality and by how hard it is hit; the service is named."""
    house = estate({"shop": "critical"}, shop="web", web="db")
    blast = term(replace(CALM, impact=house.impact(["db"])), "blast radius")
    assert (blast.figure, blast.level) == (40 + 2 * CRITICALITY[""], Level.VERY_HIGH)
    assert blast.sentence == "2 CIs down or degraded, shop (critical) among them"


def test_redundancy_that_is_spent_is_never_silent() -> None:
    """At risk is a term of its own."""
    house = estate(shop="1 of web-1, web-2")
    spent = term(replace(CALM, impact=house.impact(["web-1"])), "redundancy spent")
    assert (spent.figure, spent.level, spent.sentence) == (1, Level.MODERATE, "nothing to spare for shop")


@pytest.mark.parametrize(
    ("minutes", "level", "sentence"),
    [
        (None, Level.MODERATE, "not known what it costs or gains"),
        ((0, 0), Level.LOW, "stays as it is"),
        ((-20, -10), Level.LOW, "gains 10.0 min a year"),
        ((50, 60), Level.HIGH, "loses up to 60.0 min a year"),
        ((-3, 5), Level.MODERATE, "between 3.0 min gained and 5.0 min lost a year: the sign is unknown"),
    ],
)
def test_availability_with_its_interval(minutes: tuple[float, float] | None, level: Level, sentence: str) -> None:
    """The worse end counts; an unknown sign is said."""
    found = term(replace(CALM, minutes_lost=minutes), "availability")
    assert (found.level, found.sentence) == (level, sentence)


@pytest.mark.parametrize(
    ("budgets", "figure", "level"),
    [
        ((), 0, Level.LOW),
        ((Budgeted("shop", 49.9, True, "budget of shop: s"),), 49.9, Level.LOW),
        ((Budgeted("shop", 50, True, "budget of shop: s"),), 50, Level.MODERATE),
        ((Budgeted("mail", 20, True, "m"), Budgeted("shop", 80, True, "budget of shop: s")), 80, Level.HIGH),
        ((Budgeted("shop", 137, True, "budget of shop: s"),), 137, Level.VERY_HIGH),
        ((Budgeted("mail", 49, True, "m"), Budgeted("shop", 2, False, "budget of shop: s")), None, Level.MODERATE),
        ((Budgeted("mail", 90, True, "m"), Budgeted("shop", 120, False, "budget of shop: s")), 120, Level.VERY_HIGH),
        ((Budgeted("mail", 49, False, "m"), Budgeted("shop", 85, True, "budget of shop: s")), 85, Level.HIGH),
    ],
)
def test_the_budget_that_is_used_up_most_counts(
    budgets: tuple[Budgeted, ...], figure: float | None, level: Level
) -> None:
    """If the worst happens; of what is unknown the window alone may be too much, otherwise it is moderate."""
    found = term(replace(CALM, budgets=budgets), "budget")
    assert (found.figure, found.level) == (figure, level)
    assert found.sentence == ("shop: s" if budgets else "no service that promises anything goes down")


def test_one_success_is_no_perfect_record() -> None:
    """The rate where one in ten fails as a rule: of 1 success 8 %, of 20 successes 2 %; with none nothing is known."""
    assert Record("x", 1, 0).failed_percent == pytest.approx(100 / 12)
    assert Record("x", 20, 0).failed_percent == 2
    assert Record("x", 0, 0).failed_percent is None
    worst = term(replace(CALM, records=(Record("team db", 40, 0), Record("team net", 8, 4))), "track record")
    assert (worst.figure, worst.sentence) == (pytest.approx(34.615), "4 of 8 changes of team net failed")


@pytest.mark.parametrize(
    ("done", "failed", "level"),
    [
        (1, 0, Level.MODERATE), (6, 0, Level.LOW), (5, 1, Level.MODERATE), (1, 1, Level.HIGH), (2, 1, Level.HIGH),
        (5, 5, Level.VERY_HIGH),
    ],
)  # fmt: skip
def test_what_never_failed_is_no_high_risk(done: int, failed: int, level: Level) -> None:
    """It is no worse than what was never done; a failure among few is high."""
    assert term(replace(CALM, records=(Record("x", done, failed),)), "track record").level is level


@pytest.mark.parametrize(
    ("done", "said"),
    [(0, "never done before"), (1, "done once before"), (2, "done twice before"), (3, "done 3 times before")],
)
def test_how_often_it_was_done_is_said_in_words(done: int, said: str) -> None:
    """Nobody does anything 1 times."""
    assert term(replace(CALM, done_before=done), "novelty").sentence == said


def test_only_conflicts_that_block_count() -> None:
    """A mere dependency does not."""
    mild, hard = Conflict(Kind.DEPENDENCY, (), (), "mild"), Conflict(Kind.FREEZE, (), (), "hard")
    assert term(replace(CALM, conflicts=[mild]), "conflicts").level is Level.LOW
    assert term(replace(CALM, conflicts=[mild, hard]), "conflicts").sentence == "hard"


def test_old_evidence_is_a_risk() -> None:
    """The oldest edge counts; none known is not the same as fresh."""
    hits = (Hit(CI("a", "a"), Severity.DOWN, age_days=2), Hit(CI("b", "b"), Severity.DOWN, age_days=9))
    found = term(replace(CALM, impact=Impact((), hits)), "evidence")
    assert (found.figure, found.level) == (9, Level.MODERATE)
    unknown = term(replace(CALM, impact=Impact((), (Hit(CI("a", "a"), Severity.DOWN),))), "evidence")
    assert (unknown.figure, unknown.level) == (None, Level.MODERATE)


figures = st.floats(0, 1e6)


@settings(max_examples=CASES)
@given(st.sampled_from(list(BANDS.values())), figures, figures)
def test_a_higher_figure_is_never_a_lower_level(band: Band, one: float, other: float) -> None:
    """For every term; and the bound itself belongs to the higher level."""
    assert band.level(min(one, other)) <= band.level(max(one, other))
    for bound in (band.moderate, band.high, band.very_high):
        if bound is not None:
            assert band.level(math.nextafter(bound, 0)) < band.level(bound)


severities = st.sampled_from(list(Severity))
worse = st.tuples(severities, severities).map(sorted)


@settings(max_examples=CASES, deadline=None)
@given(
    st.lists(st.tuples(worse, st.sampled_from(list(CRITICALITY))), max_size=5),
    st.tuples(figures, figures).map(sorted), st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted),
    st.tuples(st.booleans(), st.booleans()).map(sorted), st.tuples(figures, figures).map(sorted),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted), st.tuples(figures, figures).map(sorted),
    st.booleans(),
)  # fmt: skip
def test_risk_is_monotone(hits: list[tuple[list[Severity], str]], lost: list[float], failed: list[int],
                          backout: list[bool], outside: list[float], done: list[int], shares: list[float],
                          known: bool) -> None:  # fmt: skip
    """Hit harder, lose more, fail oftener, know less of the way back, further outside, done less often: never safer."""

    def facts(n: int) -> Facts:
        cis = tuple(Hit(CI(str(k), str(k), "", how), sev[n]) for k, (sev, how) in enumerate(hits))
        records = (Record("team", 9, failed[n]),)
        return Facts(
            Impact((), cis), (), (0, lost[n]), records, backout[1 - n], backout[1 - n], outside[n], done[1 - n],
            (Budgeted("shop", shares[n], known, ""),),
        )  # fmt: skip

    assert risk(facts(0)).level <= risk(facts(1)).level


def test_bands_and_figures_that_make_no_sense_are_refused() -> None:
    """Bounds must rise; a figure is a number of 0 or more."""
    with pytest.raises(DeclarationError, match="must be above 0 and rise"):
        Band("x", "points", 5, 1)
    for wrong in (-1.0, math.nan):
        with pytest.raises(Invalid, match="x: is"):
            Band("x", "points", 5).level(wrong)
    with pytest.raises(Invalid, match="5 of 4 changes of x failed"):
        Record("x", 4, 5)
    assert Risk((Term("a", 1, "", Level.HIGH, "s"),)).sentence == "risk is high: a: s"


def test_the_documented_bounds_are_those_in_use() -> None:
    """docs/change.md has a row for every term, with its bounds."""
    rows = [line.split("|")[1:-1] for line in PAGE.read_text().splitlines() if line.count("|") == 6]
    told = {row[0].strip(): [cell.strip() for cell in row[2:]] for row in rows}
    for band in BANDS.values():
        bounds = ["" if b is None else f"{b:g}" for b in (band.moderate, band.high, band.very_high)]
        assert told[band.term] == bounds
