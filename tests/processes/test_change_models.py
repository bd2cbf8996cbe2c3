"""The models of change: what may follow what, for a standard, a normal and an emergency change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cmdb.errors import DeclarationError, Refused
from cmdb_processes.change.models import COMMITTED, EMERGENCY, MODELS, NORMAL, STANDARD, STATES, Model, approval_due
from cmdb_processes.lifecycle import Category

BEFORE_APPROVAL = {"draft", "submitted", "assessed", "awaiting approval"}
NOON = datetime(2027, 1, 10, 12, tzinfo=UTC)


def walk(model: Model, *steps: str) -> str:
    """Where these steps lead; "approve>approved" chooses among several ends."""
    state = model.lifecycle.initial
    for step in steps:
        stimulus, _, chosen = step.partition(">")
        ends = model.lifecycle.check("CHG-1", state, stimulus)
        state = chosen or ends[0]
        assert state in ends
    return state


ROADS = {
    "standard": ("submit", "assess", "schedule", "start", "finish", "close"),
    "normal": ("submit", "assess", "request_approval", "approve>awaiting approval", "approve>approved", "schedule",
               "start", "finish", "close"),
    "emergency": ("submit", "assess", "start", "approve", "back_out", "approve", "finish", "approve", "close"),
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda m: m.name)
def test_the_road_of_each_model(model: Model) -> None:
    """From draft to closed."""
    assert walk(model, *ROADS[model.name]) == "closed"


@pytest.mark.parametrize("model", [STANDARD, NORMAL], ids=lambda m: m.name)
def test_no_work_before_approval(model: Model) -> None:
    """Without going through approved nothing leads to implementing, in any number of steps."""
    reached, new = set(), {"draft"}
    while new:
        reached |= new
        new = {end for s in model.lifecycle.steps for end in s.to if s.state in new and end != "approved"} - reached
    assert not reached & {"implementing", "review", "closed"}


def test_an_emergency_is_worked_on_first_and_approved_within_a_day() -> None:
    """The clock runs from the start of work; other models have none."""
    assert walk(EMERGENCY, "submit", "assess", "start") == "implementing"
    assert approval_due(EMERGENCY, NOON) == NOON + timedelta(days=1)
    assert approval_due(EMERGENCY, None) is None
    assert approval_due(NORMAL, NOON) is None


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda m: m.name)
@pytest.mark.parametrize("state", ["awaiting approval", "approved", "scheduled"])
def test_an_edit_or_another_assessment_takes_approvals_back(model: Model, state: str) -> None:
    """From wherever approvals count, both lead to before them."""
    assert model.lifecycle.check("CHG-1", state, "revise") == ("draft",)
    assert "assessed" in model.lifecycle.check("CHG-1", state, "assess")


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda m: m.name)
def test_every_change_comes_to_an_end(model: Model) -> None:
    """From each state a done one can be reached; work that has begun is never just cancelled."""
    done = {s.name for s in STATES if s.category is Category.DONE}
    able = set(done)
    while new := {s.state for s in model.lifecycle.steps if set(s.to) & able} - able:
        able |= new
    assert able == {s.name for s in STATES}
    with pytest.raises(Refused, match="is implementing, so it cannot be cancel"):
        model.lifecycle.check("CHG-1", "implementing", "cancel")


def test_what_is_committed() -> None:
    """Approved and not yet reviewed."""
    assert not COMMITTED & (BEFORE_APPROVAL | {"review", "closed", "rejected", "cancelled"})


def test_a_model_that_contradicts_itself_is_refused() -> None:
    """Work before approval without a time in which it must follow, and the other way round."""
    with pytest.raises(DeclarationError, match="needs a time"):
        replace(EMERGENCY, approve_within=None)
    with pytest.raises(DeclarationError, match="needs a time"):
        replace(NORMAL, approve_within=timedelta(hours=1))
