"""The review of a change, the calibration of predictions and templates with their track record."""

from dataclasses import replace
from datetime import timedelta

import pytest
from support.small_estate import T0, estate

from cmdb.errors import Invalid, Refused
from cmdb_processes.change.calibration import Broken, Score, calibration
from cmdb_processes.change.nouns import CI, Severity
from cmdb_processes.change.observed import Comparison
from cmdb_processes.change.review import Incident, Near, may_close, near, review
from cmdb_processes.change.risk import Record
from cmdb_processes.change.steps import Act, Step
from cmdb_processes.change.templates import Outcome, Template, Use, record, refusals

HOUSE = estate({"shop": "high"}, shop="1 of web-1, web-2", web_1="esx", web_2="esx", report="db")
RETIRE = Step(Act.RETIRE, "db")
AS_PLANNED = Comparison((RETIRE,), (), (), (), (), {})
INCOMPLETE = replace(AS_PLANNED, missing=(Step(Act.RETIRE, "web"),))
STRANGE = replace(AS_PLANNED, unauthorised=(Step(Act.RETIRE, "nas"),))
MAJOR = Incident("INC-1", "shop is slow", T0 + timedelta(hours=3), frozenset({"shop"}), major=True)


def test_incidents_near_a_change() -> None:
    """On its radius, after its end, within five days, soonest first; at risk counts, elsewhere does not."""
    impact = HOUSE.impact(["web-1"])
    later = replace(MAJOR, number="INC-2", opened=T0 + timedelta(days=5), major=False)
    others = [
        later,
        MAJOR,
        replace(MAJOR, number="INC-3", opened=T0),
        replace(MAJOR, number="INC-4", opened=T0 + timedelta(days=5, seconds=1)),
        replace(MAJOR, number="INC-5", cis=frozenset({"db"})),
    ]
    found = near(impact, T0, others)
    assert [n.sentence for n in found] == [
        "major incident INC-1 on shop, 3.0 h after: shop is slow",
        "incident INC-2 on shop, 120.0 h after: shop is slow",
    ]


@pytest.mark.parametrize(
    ("seen", "incidents", "backed_out", "tested", "outcome", "reasons"),
    [
        (AS_PLANNED, (), False, True, Outcome.SUCCESS, ()),
        (AS_PLANNED, (), True, True, Outcome.BACKED_OUT, ("it was backed out",)),
        (AS_PLANNED, (), False, False, Outcome.FAILED, ("its test failed",)),
        (AS_PLANNED, (), False, None, Outcome.PARTIAL, ("nobody said whether its test passed",)),
        (INCOMPLETE, (), False, True, Outcome.PARTIAL, ("planned, not seen: web is retired",)),
        (STRANGE, (), False, True, Outcome.PARTIAL, ("seen, not planned: nas is retired",)),
        (replace(INCOMPLETE, matched=()), (), False, True, Outcome.FAILED,
         ("nothing of what was planned was seen", "planned, not seen: web is retired")),
        (AS_PLANNED, (Near(MAJOR, 3, ("shop",)),), False, True, Outcome.PARTIAL,
         ("major incident INC-1 on shop, 3.0 h after: shop is slow",)),
        (AS_PLANNED, (Near(replace(MAJOR, major=False), 3, ("shop",)),), False, True, Outcome.SUCCESS, ()),
    ],
)  # fmt: skip
def test_the_outcome_that_the_facts_speak_for(
    seen: Comparison, incidents: tuple[Near, ...], backed_out: bool, tested: bool | None, outcome: Outcome,
    reasons: tuple[str, ...],
) -> None:  # fmt: skip
    """With every reason; an ordinary incident near it proves nothing."""
    found = review(seen, incidents, backed_out, tested)
    assert (found.outcome, found.reasons) == (outcome, reasons)


def test_closing_needs_approvals_and_lessons() -> None:
    """Whoever is kinder than the facts says why, and every failure teaches something."""
    partial, good = review(INCOMPLETE, (), False, True), review(AS_PLANNED, (), False, True)
    may_close(good, Outcome.SUCCESS, "", ())
    with pytest.raises(Invalid, match="lessons: is missing: the facts say partial"):
        may_close(partial, Outcome.SUCCESS, " ", ())
    with pytest.raises(Invalid, match="lessons: is missing: it was failed"):
        may_close(partial, Outcome.FAILED, "", ())
    may_close(partial, Outcome.SUCCESS, "web is kept until spring", ())
    with pytest.raises(Refused, match="the technical approval is missing; the business approval is missing"):
        may_close(good, Outcome.SUCCESS, "", ("technical", "business"))


def test_predictions_are_compared_with_what_broke() -> None:
    """Per class: shop broke as predicted, web-2 held, report broke unforeseen; the CI itself is no proof."""
    broken = Broken(
        "CHG-1", HOUSE.impact(["esx"]), frozenset({HOUSE.ci(c) for c in ("shop", "web-1", "report", "esx")})
    )
    found = calibration([broken])
    assert found.by_class == {"BusinessService": Score(1, 0, 0), "Host": Score(1, 1, 1)}
    assert (found.whole.precision, found.whole.recall) == (2 / 3, 2 / 3)
    assert found.missed == (("CHG-1", HOUSE.ci("report")),)
    assert found.sentence == "1 changes compared, precision 67 %, recall 67 %"


def test_no_prediction_and_nothing_broken_is_no_score() -> None:
    """Nothing divided by nothing is unknown, neither perfect nor nil; at risk predicts no outage."""
    assert (Score(0, 0, 0).precision, Score(0, 0, 0).recall) == (None, None)
    assert calibration([]).sentence == "no change whose CIs failed yet: nothing to compare"
    impact = HOUSE.impact(["web-1"])
    assert impact.severity["shop"] is Severity.AT_RISK
    assert calibration([Broken("CHG-1", impact, frozenset())]).whole == Score(0, 0, 0)


PATCH = Template("patch", 2, "Patch it", "apt upgrade", "snapshot", "ask it", frozenset({"Host"}), T0, "carla")


def used(outcome: Outcome, days: float) -> Use:
    """A use so many days after the approval."""
    return Use("CHG-9", outcome, T0 + timedelta(days=days))


def test_a_failure_suspends_a_template_until_it_is_approved_anew() -> None:
    """By itself, with the change that failed."""
    uses = [used(Outcome.SUCCESS, 1), used(Outcome.FAILED, 2), used(Outcome.PARTIAL, 3)]
    assert refusals(PATCH, uses, {"Host"}) == ("template patch is suspended: CHG-9 failed on 2027-01-12",)
    assert refusals(replace(PATCH, approved_at=T0 + timedelta(days=4)), uses, {"Host"}) == ()
    assert refusals(PATCH, [used(Outcome.BACKED_OUT, 1)], {"Host"})[0].endswith("CHG-9 was backed out on 2027-01-11")
    assert refusals(PATCH, uses[::2], {"Host"}) == ()
    assert record(PATCH, uses) == Record("template patch", 3, 1)


def test_what_keeps_a_template_from_use() -> None:
    """Never approved, retired, for another class: all said."""
    raw = replace(PATCH, approved_at=None, approved_by="", retired=True)
    assert refusals(raw, [], {"Host", "Database"}) == (
        "template patch is retired",
        "template patch is not approved",
        "template patch is for Host, not for Database",
    )
    for wrong, why in (
        ({"backout": " "}, "says no backout"),
        ({"classes": frozenset()}, "no class"),
        ({"approved_by": ""}, "or not at all"),
    ):
        with pytest.raises(Invalid, match=why):
            replace(PATCH, **wrong)  # type: ignore[arg-type]  # that is the point


def test_cis_are_ordered_by_name() -> None:
    """So that a text made of the same things is the same in every graph, whatever ids they got there."""
    assert sorted([CI("a", "y"), CI("b", "x"), CI("a", "x")]) == [CI("a", "x"), CI("b", "x"), CI("a", "y")]
