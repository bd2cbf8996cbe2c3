"""The state machine: what is legal is data, what is not is refused with what is."""

import itertools

import pytest

from cmdb.errors import DeclarationError, Refused
from cmdb_processes.change.lifecycle import FIRST as LIFECYCLE
from cmdb_processes.lifecycle import Category, Lifecycle, State, Step, WaitingReason

STUCK = WaitingReason("stuck", "Something lies in its way.", pauses=True)
DOOR = (State("open", Category.TO_DO), State("ajar", Category.WAITING, (STUCK,)), State("shut", Category.DONE))
STEPS = (Step("open", "push", ("ajar", "shut")), Step("ajar", "push", ("shut",)))

LEGAL = {
    "proposed": {"assess", "reject", "cancel"},
    "assessed": {"assess", "approve", "reject", "cancel"},
    "approved": {"assess", "cancel"},
    "rejected": set(),
    "withdrawn": set(),
}
STIMULI = ("assess", "approve", "reject", "cancel", "close")


def test_a_step_leads_where_it_says() -> None:
    """A legal stimulus gives every state it may end in."""
    door = Lifecycle(DOOR, "open", STEPS)
    assert door.check("D-1", "open", "push") == ("ajar", "shut")
    assert door.legal("ajar") == ("push",)
    assert door.state("shut").category is Category.DONE


@pytest.mark.parametrize(
    ("states", "initial", "steps", "why"),
    [
        ((*DOOR, DOOR[0]), "open", STEPS, "declared twice"),
        (DOOR, "closed", STEPS, "unknown states"),
        (DOOR, "open", (*STEPS, Step("ajar", "slam", ("broken",))), "unknown states"),
        (DOOR, "open", (*STEPS, Step("shut", "pull", ("open",))), "is done"),
        (DOOR, "open", (*STEPS, Step("open", "push", ("shut",))), "step is declared twice"),
        (DOOR, "open", STEPS[1:], "no step leads"),
    ],
)
def test_a_lifecycle_that_contradicts_itself_is_refused(
    states: tuple[State, ...], initial: str, steps: tuple[Step, ...], why: str
) -> None:
    """A mistake in the data is found when it is declared, not when somebody clicks."""
    if why == "no step leads":
        steps = (Step("open", "push", ("shut",)),)
    with pytest.raises(DeclarationError, match=why):
        Lifecycle(states, initial, steps)


@pytest.mark.parametrize(("state", "stimulus"), list(itertools.product(LEGAL, STIMULI)))
def test_every_step_of_a_change_is_legal_or_refused_with_the_legal_ones(state: str, stimulus: str) -> None:
    """All states times all stimuli: exactly the table above is legal, and a refusal names what is."""
    if stimulus in LEGAL[state]:
        assert set(LIFECYCLE.check("CHG-1", state, stimulus)) <= set(LEGAL)
        return
    with pytest.raises(Refused) as refused:
        LIFECYCLE.check("CHG-1", state, stimulus)
    assert f"CHG-1 is {state}" in refused.value.message
    assert all(legal in refused.value.message for legal in LEGAL[state])
    assert LEGAL[state] or "nothing more can be done" in refused.value.message


def test_only_an_approval_approves() -> None:
    """No other stimulus ends in approved."""
    assert {step.stimulus for step in LIFECYCLE.steps if "approved" in step.to} == {"approve"}
