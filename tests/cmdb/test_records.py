"""What a decision makes of a record, and what the lifecycle refuses: pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import Conflict, DeclarationError, EpicentreError, Invalid, Refused
from cmdb.records import check_rev, check_step, illegal, moved, opened
from cmdb.words import (
    Attribute,
    Category,
    Command,
    Decision,
    Effect,
    Guard,
    Model,
    Notice,
    PartType,
    Process,
    Record,
    RecordLifecycle,
    RecordLink,
    RecordType,
    Role,
    State,
    Step,
    WaitingReason,
)

NOW, LATER = "2026-11-01T12:00:00.000Z", "2026-11-01T13:00:00.000Z"
VENDOR = WaitingReason("vendor", "The vendor has to answer.", pauses=True)
CALLER = WaitingReason("caller", "The caller has to answer.", pauses=False)
CALM = Guard("It is not on fire.", lambda record: record.fields.get("mood") != "on fire")
CHILDREN = Effect("end", "JOB-2", {"reason": "its parent ended"})
STATES = (
    State("new", Category.TO_DO),
    State("work", Category.IN_PROGRESS, frozen=("plan", "cis")),
    State("hold", Category.WAITING, reasons=(VENDOR, CALLER), frozen=("plan",)),
    State("end", Category.DONE, required=("result", "tasks"), frozen=("*",)),
)
STEPS = (
    Step("new", "begin", ("work",)),
    Step("work", "wait", ("hold",)),
    Step("hold", "begin", ("work",)),
    Step("work", "end", ("end",), guards=(CALM,), actions=(lambda _record: (CHILDREN,),)),
    Step("end", "reopen", ("work",), reopens=True),
)
FIRST, SECOND = RecordLifecycle(STATES, "new", STEPS), RecordLifecycle(STATES, "new", STEPS[:3] + STEPS[3:], version=2)
JOB = RecordType(
    name="Job", plural="jobs", prefix="JOB", sentence="Something to do.",
    attributes=tuple(Attribute(n, "string", f"The {n} of it.") for n in ("plan", "result", "mood")),
    models=(Model("plain", "As always.", (FIRST,)), Model("fast", "In a hurry.", (FIRST, SECOND))),
    parts=(PartType("tasks", "Task", "What to do.", (Attribute("what", "string", "What to do.", required=True),)),),
)  # fmt: skip


def command(stimulus: str | None = None, *, opens: bool = False) -> Command:
    """A command that is this step."""
    roles = frozenset({Role.ENGINEER})
    return Command(stimulus or "edit", "It does so.", "Job", (), roles, opens, lambda: None, stimulus)  # type: ignore[arg-type,return-value]  # never called


def job(**changes: Any) -> Record:
    """One that has begun."""
    made = opened(JOB, command(opens=True), Decision("new", {"plan": "p"}, "because", cis=("b", "a")), "ann", NOW).after
    begun = moved(JOB, replace(made, id="rec_1", number="JOB-1"), command("begin"), to("work"), "ann", NOW).after
    return replace(begun, **changes)


def to(state: str, **more: Any) -> Decision:
    """A decision without fields, unless given."""
    return Decision(state, more.pop("fields", {}), "because", **more)


def test_who_opens_it_owns_it_under_the_newest_version() -> None:
    """Owner, times, category and version are the engine's, not the process's."""
    move = opened(JOB, command(opens=True), Decision("new", {}, "because", model="fast", cis=("b", "a")), "ann", NOW)
    after = move.after
    assert (after.owner, after.opened_by, after.rev, after.cis) == ("ann", "ann", 1, ("a", "b"))
    assert (after.model, after.version, after.category, after.closed_at) == ("fast", 2, Category.TO_DO, None)


def test_a_record_keeps_the_version_it_was_opened_under() -> None:
    """Another version of the model changes nothing for it; one that is gone is said to be."""
    assert JOB.lifecycle(job(model="fast", version=1)) is FIRST
    assert JOB.lifecycle(job(model="fast", version=2)) is SECOND
    with pytest.raises(Refused, match="opened under version 3 of model 'fast', which is no longer declared"):
        JOB.lifecycle(job(model="fast", version=3))


@pytest.mark.parametrize(
    ("stimulus", "decision", "why"),
    [
        ("begin", to("work"), "JOB-1 is work, so it cannot be begun; legal now: wait, end"),
        ("wait", to("hold"), "hold needs a reason to wait, one of vendor, caller"),
        ("wait", to("hold", waiting="rain"), "not 'rain'"),
        ("end", to("end"), "JOB-1 cannot be end: result, tasks missing"),
        (None, to("work", fields={"plan": "q"}), "JOB-1 is work: plan cannot be changed now"),
        (None, to("work", cis=("z",)), "cis cannot be changed"),
        ("wait", to("hold", waiting="vendor", fields={"plan": "q"}), "plan cannot be changed"),
        (None, to("work", owner=""), "JOB-1 needs an owner while it is open"),
        ("end", to("end", fields={"result": "r", "mood": "on fire"}, parts={"tasks": ({"what": "w"},)}),
         "what must hold: It is not on fire."),
    ],
)  # fmt: skip
def test_what_the_lifecycle_does_not_allow_is_refused(stimulus: str | None, decision: Decision, why: str) -> None:
    """Each rule says no in a sentence, and changes nothing."""
    with pytest.raises(Refused, match=why):
        moved(JOB, job(), command(stimulus), decision, "ann", LATER)


@pytest.mark.parametrize(
    ("stimulus", "decision", "why"),
    [
        (None, to("end"), "has no stimulus"),
        ("wait", to("end"), "led JOB-1 to end"),
        (None, to("work", fields={"colour": "red"}), "has no field 'colour'"),
        (None, to("work", parts={"wheels": ()}), "has no part 'wheels'"),
        (None, to("work", links=(RecordLink("LOVES", "JOB-2"),)), "has no link LOVES"),
        (None, to("work", links=(RecordLink("AFFECTS", "ci_1"),)), "`cis` says"),
    ],
)
def test_what_a_process_decides_against_its_declaration_is_our_mistake(
    stimulus: str | None, decision: Decision, why: str
) -> None:
    """It is told from what a person did wrong."""
    with pytest.raises(DeclarationError, match=why):
        moved(JOB, job(), command(stimulus), decision, "ann", LATER)


def test_a_part_holds_declared_rows_only() -> None:
    """A row that lacks something, has more, or has it of another type is named with its place."""
    for row, why in (
        ({}, r"tasks\[0\]: needs what"),
        ({"what": "a", "x": 1}, "has no 'x'"),
        ({"what": 1}, "no string"),
    ):
        with pytest.raises(Invalid, match=why):
            moved(JOB, job(), command(), to("work", parts={"tasks": (row,)}), "ann", LATER)  # type: ignore[dict-item]  # on purpose


def test_waiting_is_kept_with_its_reason_and_what_it_does_to_clocks() -> None:
    """Moves and history say whether clocks stand still; going on clears the reason."""
    on_hold = moved(JOB, job(), command("wait"), to("hold", waiting="vendor"), "ann", LATER)
    assert (on_hold.after.waiting, on_hold.pauses, on_hold.after.state_since) == ("vendor", True, LATER)
    edited = moved(JOB, on_hold.after, command(), to("hold", note="still"), "ann", LATER)
    assert (edited.after.waiting, edited.pauses) == ("vendor", True)
    assert moved(JOB, on_hold.after, command(), to("hold", waiting="caller"), "ann", LATER).pauses is False
    assert moved(JOB, on_hold.after, command("begin"), to("work"), "ann", LATER).after.waiting is None


def test_closing_and_reopening_set_and_clear_the_time_and_say_what_follows() -> None:
    """Actions of the step come behind the decision's own effects; what is done is frozen until it is reopened."""
    decision = to("end", fields={"result": "r"}, parts={"tasks": ({"what": "w"},)}, effects=(Effect("mail"),))
    end = moved(JOB, job(), command("end"), decision, "ann", LATER)
    assert (end.after.closed_at, end.after.open, end.follows) == (LATER, False, (Effect("mail"), CHILDREN))
    with pytest.raises(Refused, match="result cannot be changed"):
        moved(JOB, end.after, command(), to("end", fields={"result": "s"}), "ann", LATER)
    again = moved(JOB, end.after, command("reopen"), to("work", fields={"result": "s"}), "ann", LATER)
    assert (again.after.closed_at, again.after.fields["result"]) == (None, "s")


def test_a_named_revision_must_be_the_present_one() -> None:
    """Who saw an older one is told."""
    check_rev(job(), None)
    check_rev(job(), 2)
    with pytest.raises(Conflict, match="changed by somebody else"):
        check_rev(job(), 1)


@given(st.lists(st.tuples(st.sampled_from([*(s.stimulus for s in STEPS), None]), st.sampled_from(STATES)), max_size=12))
def test_no_sequence_of_decisions_leaves_the_lifecycle(tries: list[tuple[str | None, State]]) -> None:
    """Whatever is tried: every history that comes of it is legal, times and owner are as the category says."""
    record, history = job(), [(None, "new"), ("new", "work")]
    for stimulus, state in tries:
        decision = to(state.name, waiting="vendor" if state.name == "hold" else None, fields={"result": "r"},
                      parts={"tasks": ({"what": "w"},)})  # fmt: skip
        try:
            check_step(JOB, record, command(stimulus))
            after = moved(JOB, record, command(stimulus), decision, "ann", LATER).after
        except EpicentreError as no:
            assert no.message
            continue
        history.append((record.state, after.state))
        assert after.rev == record.rev + 1
        record = after
        assert (record.closed_at is not None) == (record.category is Category.DONE) and record.owner
    events = [{"from_state": a, "to_state": b, "at": NOW} for a, b in history]
    assert illegal(FIRST, events) == [None] * len(events)


def test_an_illegal_history_is_named_step_by_step() -> None:
    """A jump, a gap, an unknown state, a step back in time, a wrong beginning."""
    steps = [
        (None, "work", "2026-01-02"), ("work", "end", "2026-01-03"), ("end", "new", "2026-01-04"),
        ("work", "hold", "2026-01-05"), ("hold", "lost", "2026-01-01"),
    ]  # fmt: skip
    assert illegal(FIRST, [{"from_state": a, "to_state": b, "at": at} for a, b, at in steps]) == [
        "it began as work, not new", None, "nothing leads from end to new", "it was new, not work",
        "'lost' is no state; it is earlier than the step before",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("declare", "why"),
    [
        (lambda: State("a", Category.WAITING), "names its reasons"),
        (lambda: State("a", Category.TO_DO, (VENDOR,)), "no other, names its reasons"),
        (lambda: Model("m", "A model.", ()), "rising versions"),
        (lambda: Model("m", "A model.", (SECOND, FIRST)), "rising versions"),
        (lambda: replace(JOB, models=()), "has no model"),
        (lambda: replace(JOB, attributes=(Attribute("owner", "string", "Who owns it."),)), "reserved names: owner"),
        (lambda: replace(JOB, attributes=JOB.attributes[:1]), "names unknown fields"),
        (lambda: replace(JOB, attributes=(*JOB.attributes, JOB.attributes[0])), "a field twice"),
        (lambda: Notice(tell=()), "names whom to tell"),
        (lambda: Process("p", "A process.", (JOB,), (command("dance"),)), "'dance', which no step has"),
        (lambda: Process("p", "A process.", (JOB,), (replace(command(), parts=("wheels",)),)), "unknown parts"),
        (lambda: Process("p", "A process.", (replace(JOB, notices=(Notice(("owner",), states=("lost",)),)),), ()),
         "names unknown"),
        (lambda: replace(command(), system=True), "no role gives it"),
    ],
)  # fmt: skip
def test_a_declaration_that_contradicts_itself_is_refused(declare: Any, why: str) -> None:
    """A mistake in the data is found when it is declared, not when somebody clicks."""
    with pytest.raises(DeclarationError, match=why):
        declare()
