"""The verdict of an assessment, and the evidence that is frozen with it."""

import hashlib
import json
import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.small_estate import change, estate

from cmdb.errors import Invalid
from cmdb_processes.change.assessment import Assessment, Requirement, assess, confidence
from cmdb_processes.change.conflicts import Conflict, Kind
from cmdb_processes.change.evidence import Evidence, Inputs, canonical, freeze, thawed
from cmdb_processes.change.models import NORMAL, STANDARD
from cmdb_processes.change.nouns import CI, Hit, Impact, Severity
from cmdb_processes.change.risk import Facts, Record, risk

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "100"))
HOUSE = estate({"shop": "medium"}, shop="1 of web-1, web-2")
OWN = change("CHG-1", "web-1")
FREEZE = Conflict(Kind.FREEZE, ("quarter end",), OWN.cis, "web-1: quarter end freezes it")
INPUTS = Inputs("CHG-1", 7, ("b", "a"), ("2027-01-10T22:00Z", "2027-01-11T00:00Z"), {"retire": ["b"]}, {}, "1")


def assessed(impact: Impact | None = None, conflicts: tuple[Conflict, ...] = (), **more: Any) -> Assessment:
    """An assessment in which nothing else is amiss."""
    found = impact or HOUSE.impact(["web-1"])
    facts = Facts(found, conflicts, (0, 0), (Record("team", 40, 0),), True, True, 0, 20)
    return assess(OWN, more.pop("model", NORMAL), found, risk(facts), conflicts, **more)


def test_a_change_with_nothing_in_its_way_is_approvable() -> None:
    """The verdict carries the risk and why."""
    found = assessed()
    assert found.approvable
    assert found.verdict.startswith(
        "CHG-1 is approvable; risk is moderate: redundancy spent: nothing to spare for shop"
    )


def test_all_that_blocks_is_listed() -> None:
    """Conflicts, a broken requirement and half a radius, each with its sentence."""
    cut = replace(HOUSE.impact(["web-1"]), truncated="more than 50000 CIs")
    needs = Requirement("shop", 0.999, 0.99, 0.995), Requirement("wiki", 0.99, 0.98, 0.999)
    found = assessed(cut, (FREEZE, Conflict(Kind.DEPENDENCY, ("CHG-2",), (), "mild")), requirements=needs)
    assert found.blocked_by == (
        "the radius cannot be taken whole: more than 50000 CIs",
        "freeze: web-1: quarter end freezes it",
        "shop would be available at most 99.5000 %, 99.9000 % required",
    )
    assert found.verdict.startswith("CHG-1 is blocked by 3: the radius")
    assert found.confidence.share == 0


def test_a_conflict_that_somebody_took_upon_them_blocks_no_more() -> None:
    """It stays listed."""
    found = assessed(conflicts=(FREEZE,), accepted={FREEZE.sentence: "the board knows"})
    assert found.approvable
    assert found.conflicts == (FREEZE,)


def test_a_standard_change_may_carry_little_risk() -> None:
    """What a normal change may ask approval for is too much for one that is approved beforehand."""
    hard = estate({"shop": "high"}, shop="web-1").impact(["web-1"])
    assert assessed(hard).approvable
    (why,) = assessed(hard, model=STANDARD).blocked_by
    assert why.endswith("too much for a standard change")


def test_confidence_is_the_share_seen_lately() -> None:
    """Half of it old, and a problem of the graph: a quarter."""
    hits = Hit(CI("a", "a"), Severity.DOWN, age_days=1), Hit(CI("b", "b"), Severity.DOWN, age_days=8)
    assert confidence(Impact((), hits)).share == 0.5
    assert confidence(Impact((), hits, problems=("shop needs 3 of 2",))).share == 0.25
    assert confidence(Impact((), ())).share == 1
    assert "1 of 2 rest on" in confidence(Impact((), hits)).sentence


def test_the_whole_assessment_reproduces_its_hash() -> None:
    """Frozen, stored as text, read again, built anew from what it says: one hash."""
    answers = {"impact": {"hash": "x", "items": [{"ci": {"id": "ci_ü", "name": "Zürich"}, "freshnessSeconds": 0.1}]}}
    first = freeze(INPUTS, answers, assessed(conflicts=(FREEZE,)).as_json())
    assert first.hash == hashlib.sha256(first.text.encode()).hexdigest()
    stored = json.loads(json.dumps({"evidence": first.text}))["evidence"]
    again = thawed(stored, first.hash)
    assert canonical(again.content) == first.text
    shuffled = freeze(replace(INPUTS, cis=("a", "b")), answers, assessed(conflicts=(FREEZE,)).as_json())
    assert shuffled.hash == first.hash


@pytest.mark.parametrize(
    "other",
    [
        replace(INPUTS, sequence=8),
        replace(INPUTS, policy="2"),
        replace(INPUTS, proposal={}),
        replace(INPUTS, window=("2027-01-10T23:00Z", "2027-01-11T00:00Z")),
        replace(INPUTS, context={"alsoDown": ["c"]}),
    ],
)
def test_every_input_is_in_the_hash(other: Inputs) -> None:
    """Another sequence, policy, overlay, window or context is other evidence."""
    assert freeze(other, {}, {}).hash != freeze(INPUTS, {}, {}).hash


def test_evidence_that_was_touched_is_refused() -> None:
    """One letter is enough."""
    first = freeze(INPUTS, {}, {})
    with pytest.raises(Invalid, match=r"evidence: hashes to .*: it is not what was frozen"):
        thawed(first.text.replace("CHG-1", "CHG-2"), first.hash)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=CASES)
@given(plain)
def test_canonical_text_is_a_fixed_point(value: Any) -> None:
    """Whatever JSON can say: read and written again it is the same text, so the same hash."""
    text = canonical(value)
    assert canonical(json.loads(text)) == text
    assert Evidence(text).hash == Evidence(canonical(json.loads(text))).hash


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), "\ud800"])
def test_what_json_has_no_word_for_is_refused(value: Any) -> None:
    """A hash of something that cannot be read again proves nothing."""
    with pytest.raises(Invalid, match="evidence: evidence holds what JSON has no word for"):
        canonical({"x": value})
