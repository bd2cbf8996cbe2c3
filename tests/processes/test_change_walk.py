"""A change from its draft to its end, by the real engine, graph and clockwork, at times the test chooses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.change_walk import (
    APPROVERS,
    CACHE,
    MIA,
    POSTGRES,
    RITA,
    TEXTS,
    TO_CACHE,
    TO_NEO4J,
    TO_POSTGRES,
    Walk,
    move,
    walking,
)
from support.questions import EPICENTRE, NEO4J, person

from cmdb.errors import Forbidden, Invalid, Refused
from cmdb.store import By, Store
from cmdb.words import Role
from cmdb_processes.change.evidence import Evidence

pytestmark = pytest.mark.neo4j


@pytest.fixture
def walk(store: Store, tmp_path: Path) -> Iterator[Walk]:
    """A webshop on a shop that uses epicentre, which uses neo4j; forty days ago."""
    with walking(tmp_path, store) as made:
        yield made


def states(change: dict[str, Any]) -> list[str]:
    """The states it went through, each once in a row."""
    found = [step["toState"] for step in change["history"]]
    return [state for at, state in enumerate(found) if at == 0 or state != found[at - 1]]


def test_from_draft_to_closed_as_planned_and_observed(walk: Walk) -> None:
    """Drafted by its diff, mended, assessed, approved by three, scheduled, done, seen by discovery, and a success.

    Its evidence still has its hash once the graph has moved on, and nothing about it changes any more.
    """
    number = walk.draft("epicentre", "neo4j", window=walk.window(24))
    walk.give(RITA, "edit_change", number, window=walk.window(48), proposed=move(walk), backout_tested=True)
    walk.give(RITA, "submit_change", number)
    walk.give(RITA, "assess_change", number)
    walk.give(RITA, "request_change_approval", number)
    walk.vote(number)
    walk.give(RITA, "schedule_change", number)
    with pytest.raises(Refused, match="the window of CHG-1 begins at"):
        walk.give(RITA, "start_change", number)
    before = walk.whole(number)
    walk.wait(48.5)
    walk.give(RITA, "start_change", number)
    walk.wait(0.5)
    walk.see(NEO4J, EPICENTRE, POSTGRES, links=(TO_POSTGRES,))
    walk.give(RITA, "finish_change", number, tested=True)
    walk.wait(0.5)
    assert walk.sweep() == 0  # discovery has not had its time
    walk.wait(1)
    assert [walk.sweep(), walk.sweep()] == [1, 0]
    walk.wait(24)
    walk.see(NEO4J, EPICENTRE, CACHE, links=(TO_CACHE,))  # what comes a day later is none of its doing
    walk.give(RITA, "close_change", number, objective_met=True)
    change = walk.whole(number)
    assert states(change) == [
        "draft", "submitted", "assessed", "awaiting approval", "approved", "scheduled", "implementing", "review",
        "closed",
    ]  # fmt: skip
    assert {row["judged"] for row in change["observedSteps"]} == {"matched", "implied"}
    assert {row["sentence"] for row in change["observedSteps"] if row["judged"] == "matched"} == {
        "Service postgres is made", 'postgres has kind "program"', "epicentre now depends on postgres",
        "epicentre no longer depends on neo4j",
    }  # fmt: skip
    assert (change["execution"], change["outcome"]) == ("4 of 4 planned steps seen", "success")
    (service,) = change["services"]
    assert (service["name"], service["duringHi"], service["windowMinutes"]) == ("webshop", 0.0, 120.0)
    assert change["evidence"] == before["evidence"]
    assert Evidence(change["evidence"]).hash == change["evidenceHash"]
    assert (change["legal"], change["linkedFrom"]["nodes"]) == ([], [])


def test_a_submission_is_refused_with_every_reason(walk: Walk) -> None:
    """Plan, backout and test missing, a CI that is gone by now, a duplicate: the draft stays, and is mended."""
    first = walk.draft("epicentre")
    walk.give(RITA, "submit_change", first)
    again = walk.draft("epicentre", "neo4j", plan="", backout="", test="")
    walk.see(EPICENTRE)
    with pytest.raises(Refused) as refused:
        walk.give(RITA, "submit_change", again)
    assert [reason.split(":")[0] for reason in refused.value.reasons] == [
        "the plan is missing", "the backout is missing", "the test is missing",
        f"there is no live CI '{walk.ids['neo4j']}'",
    ]  # fmt: skip
    texts = {name: TEXTS[name] for name in ("plan", "backout", "test")}
    walk.give(RITA, "edit_change", again, (walk.ids["epicentre"],), **texts)
    with pytest.raises(Refused, match="CHG-1 is open and asks for the same: Move epicentre to postgres"):
        walk.give(RITA, "submit_change", again)
    assert walk.whole(again)["state"] == "draft"
    walk.give(RITA, "cancel_change", first, reason="once is enough")
    assert walk.give(RITA, "submit_change", again).state == "submitted"
    assert walk.whole(first)["history"][-1]["reason"] == "cancelled by rita: once is enough"


def test_a_graph_diff_that_does_not_fit_the_graph_is_no_submission(walk: Walk) -> None:
    """An edge it closes must be there, a CI it names too: found out before anybody assesses it."""
    edge = {"type": "DEPENDS_ON", "from": walk.ids["shop"], "to": walk.ids["neo4j"]}
    number = walk.draft("shop", proposed=json.dumps({"close": [edge]}))
    with pytest.raises(Refused, match="its graph diff does not fit the graph: "):
        walk.give(RITA, "submit_change", number)
    walk.give(RITA, "edit_change", number, proposed=json.dumps({"close": [{**edge, "to": walk.ids["epicentre"]}]}))
    assert walk.give(RITA, "submit_change", number).state == "submitted"


def test_duties_are_separate(walk: Walk) -> None:
    """Not the requester, even as an admin; not one person in two roles, not somebody without the role."""
    number = walk.waiting("epicentre")
    with pytest.raises(Forbidden, match="rita requested it: somebody else must approve"):
        walk.give(person(Role.ADMIN, name="rita"), "approve_change", number, as_role="technical")
    both = person(Role.APPROVER_TECHNICAL, Role.APPROVER_BUSINESS, name="anna")
    walk.give(both, "approve_change", number, as_role="technical")
    with pytest.raises(Refused, match="anna has voted as technical already: one person, one role"):
        walk.give(both, "approve_change", number, as_role="business")
    with pytest.raises(Refused, match="technical has been approved already by anna"):
        walk.give(APPROVERS["technical"], "approve_change", number, as_role="technical")
    with pytest.raises(Forbidden, match="business-person may not approve as financial"):
        walk.give(APPROVERS["business"], "approve_change", number, as_role="financial")
    assert [vote["by"] for vote in walk.whole(number)["approvals"]] == ["anna"]


def test_what_nobody_planned_opens_a_follow_up(walk: Walk) -> None:
    """Seen beside the plan: an emergency change that follows it, named in words, which is then put in order itself."""
    number = walk.started("epicentre", "neo4j", proposed=move(walk))
    walk.see(NEO4J, EPICENTRE, POSTGRES, CACHE, links=(TO_POSTGRES, TO_CACHE))
    walk.give(RITA, "finish_change", number, tested=True)
    walk.wait(2)
    assert [walk.sweep(), walk.sweep()] == [1, 0]
    change, follow = walk.whole(number), walk.whole("CHG-2")
    assert change["execution"] == "4 of 4 planned steps seen, 1 that nobody planned"
    said = "Unauthorised change: epicentre now depends on cache"
    assert (follow["model"], follow["state"], follow["history"][0]["reason"]) == ("emergency", "draft", said)
    assert [link["record"]["number"] for link in follow["links"]["nodes"] if link["type"] == "FOLLOWS"] == [number]
    with pytest.raises(Invalid, match="lessons: is missing: it was partial, so say what was learnt"):
        walk.give(RITA, "close_change", number)
    walk.give(RITA, "close_change", number, lessons="the cache was forgotten in the plan")
    assert walk.whole(number)["findings"] == ["seen, not planned: epicentre now depends on cache"]
    assert walk.sweep() == 0  # one follow-up, and no other at the end
    texts = {name: TEXTS[name] for name in ("plan", "backout", "test")}
    walk.give(RITA, "edit_change", "CHG-2", window=walk.window(0.5), **texts)
    for name in ("submit_change", "assess_change", "start_change", "finish_change"):
        walk.give(RITA, name, "CHG-2")
    walk.vote("CHG-2")
    assert walk.give(RITA, "close_change", "CHG-2", lessons="ask first").fields["outcome"] == "partial"


def test_what_was_not_seen_by_the_windows_end_is_incomplete(walk: Walk) -> None:
    """The clock ends the work, says what is missing, and the facts speak for a failure."""
    number = walk.started("epicentre", "neo4j", proposed=move(walk))
    walk.see(NEO4J, EPICENTRE, POSTGRES, links=(TO_NEO4J,))
    assert walk.sweep() == 0
    walk.wait(1.5)
    assert walk.sweep() == 1
    change = walk.whole(number)
    assert (change["state"], change["execution"]) == ("review", "incomplete: 2 of 4 planned steps seen")
    assert [row["sentence"] for row in change["observedSteps"] if row["judged"] == "missing"] == [
        "epicentre no longer depends on neo4j", "epicentre now depends on postgres",
    ]  # fmt: skip
    with pytest.raises(Invalid, match="the facts say partial"):
        walk.give(RITA, "close_change", number, outcome="success")
    walk.give(RITA, "close_change", number, lessons="two hours are too few")
    assert walk.whole(number)["outcome"] == "partial"


def test_approvals_fall_when_the_radius_moves_and_the_difference_is_said(walk: Walk) -> None:
    """By the clock, wherever they count; what is outside the radius moves nothing; and they are given anew."""
    number = walk.waiting("epicentre")
    walk.vote(number)
    walk.see(NEO4J, EPICENTRE, CACHE, links=(TO_NEO4J,))
    assert walk.sweep() == 0
    old = walk.whole(number)
    by = By("ada", walk.text, "one more shop")
    kiosk = walk.store.create_ci("BusinessService", "kiosk", {"criticality": "low"}, by).ci
    walk.store.link_cis("DEPENDS_ON", kiosk, walk.ids["epicentre"], by)
    with pytest.raises(Refused, match="kiosk now depends on epicentre"):
        walk.give(RITA, "schedule_change", number)
    assert [walk.sweep(), walk.sweep()] == [1, 0]
    change = walk.whole(number)
    said = "kiosk now depends on epicentre; kiosk is now reached (down)"
    assert change["state"] == "assessed"
    assert {vote["fell"] for vote in change["approvals"]} == {f"the graph has moved: {said}"}
    assert change["history"][-1]["reason"].endswith(
        f"approvals fell (financial by financial-person, technical by technical-person,"
        f" business by business-person): {said}"
    )
    assert Evidence(old["evidence"]).hash == old["evidenceHash"] != change["evidenceHash"]
    walk.give(RITA, "request_change_approval", number)
    walk.vote(number)
    assert walk.give(RITA, "schedule_change", number).state == "scheduled"
    walk.see(EPICENTRE)  # neo4j is gone: it was not in the radius of what depends on epicentre
    walk.wait(48.5)
    assert walk.give(RITA, "start_change", number).state == "implementing"


def test_work_does_not_begin_when_something_moved_after_it_was_scheduled(walk: Walk) -> None:
    """It is assessed just before; a CI that is gone by then takes the change back, too."""
    number = walk.waiting("epicentre", "neo4j")
    walk.vote(number)
    walk.give(RITA, "schedule_change", number)
    walk.wait(48.5)
    walk.see(EPICENTRE)
    with pytest.raises(Refused, match="is about a CI that is gone"):
        walk.give(RITA, "start_change", number)
    assert walk.sweep() == 1
    change = walk.whole(number)
    assert (change["state"], "a CI it is about is gone" in change["blockedBy"][0]) == ("assessed", True)
    with pytest.raises(Refused, match="is blocked by a CI it is about is gone: cis: neo4j is retired"):
        walk.give(RITA, "request_change_approval", number)


def test_an_edit_after_the_approval_voids_it(walk: Walk) -> None:
    """Back to the draft, with what is other as the reason; the votes stay in the audit and count no more."""
    number = walk.waiting("epicentre")
    walk.vote(number)
    walk.give(RITA, "edit_change", number, plan="pull the plug")
    change = walk.whole(number)
    assert (change["state"], change["evidenceHash"], change["verdict"]) == ("draft", None, None)
    assert {vote["fell"] for vote in change["approvals"]} == {"it was edited: plan: stop, move, start → pull the plug"}
    for name in ("submit_change", "assess_change", "request_change_approval"):
        walk.give(RITA, name, number)
    walk.vote(number)
    change = walk.whole(number)
    assert (change["state"], len(change["approvals"])) == ("approved", 6)
    assert sum(vote["fell"] is None for vote in change["approvals"]) == 3


def test_an_approval_lapses_is_rejected_or_taken_back(walk: Walk) -> None:
    """Not everybody voted by the window: the clock takes the request back. A no ends it, and so does the requester."""
    late = walk.waiting("epicentre")
    walk.give(APPROVERS["technical"], "approve_change", late, as_role="technical")
    no = walk.waiting("neo4j")
    walk.give(APPROVERS["financial"], "reject_change", no, reason="quarter end")
    off = walk.waiting("shop")
    with pytest.raises(Forbidden, match="proposed by rita"):
        walk.give(person(Role.ENGINEER, name="emil"), "cancel_change", off)
    walk.give(MIA, "cancel_change", off, reason="not now")
    assert walk.sweep() == 0
    walk.wait(48)
    assert [walk.sweep(), walk.sweep()] == [1, 0]
    lapsed, rejected, cancelled = walk.whole(late), walk.whole(no), walk.whole(off)
    assert (lapsed["state"], lapsed["approvalExpires"]) == ("assessed", None)
    assert lapsed["history"][-1]["by"] == "epicentre:change"
    assert "missing: financial, business" in lapsed["approvals"][0]["fell"]
    assert (rejected["state"], rejected["approvals"][0]["yes"], rejected["legal"]) == ("rejected", False, [])
    assert (cancelled["state"], cancelled["history"][-1]["by"]) == ("cancelled", "mia")


def test_backed_out_suspends_the_template_it_came_from(walk: Walk) -> None:
    """A standard change is approved by its assessment; when it is backed out, nobody uses its template until it is
    approved anew, and what was learnt is asked for."""
    classes = ("Service",)
    texts = {name: TEXTS[name] for name in ("title", "plan", "backout", "test")}
    template = walk.give(RITA, "propose_change_template", None, classes=classes, **texts).number
    given = {"template": template, "reason": "weekly", "window": walk.window(1), "backout_tested": True}
    ids = (walk.ids["shop"],)
    draft = walk.give(RITA, "propose_change", None, ids, **given)
    assert (draft.model, draft.fields["plan"]) == ("standard", TEXTS["plan"])
    with pytest.raises(Refused, match=f"template {template} is not approved"):
        walk.give(RITA, "submit_change", draft.number)
    walk.give(MIA, "approve_change_template", template)
    walk.give(RITA, "submit_change", draft.number)
    refused = walk.give(RITA, "assess_change", draft.number)
    assert refused.state == "assessed"  # the webshop goes down with the shop: too much for a standard change
    assert "too much for a standard change" in walk.whole(draft.number)["blockedBy"][0]
    with pytest.raises(Refused, match="is blocked by"):
        walk.give(RITA, "request_change_approval", draft.number)
    walk.see(NEO4J, EPICENTRE, CACHE, links=(TO_NEO4J,))
    calm = walk.give(RITA, "propose_change", None, (walk.ids["cache"],), **given).number
    walk.give(RITA, "submit_change", calm)
    assert walk.give(RITA, "assess_change", calm).state == "approved"
    walk.give(RITA, "schedule_change", calm)
    walk.wait(1.5)
    walk.give(RITA, "start_change", calm)
    walk.give(RITA, "back_out_change", calm, reason="it hangs")
    walk.give(RITA, "finish_change", calm)
    with pytest.raises(Invalid, match="it was backed out, so say what was learnt"):
        walk.give(RITA, "close_change", calm)
    walk.give(RITA, "close_change", calm, lessons="mind the lock")
    assert walk.whole(calm)["outcome"] == "backed out"
    another = walk.give(RITA, "propose_change", None, (walk.ids["neo4j"],), **{**given, "window": walk.window(1)})
    with pytest.raises(Refused, match=f"template {template} is suspended: {calm} was backed out"):
        walk.give(RITA, "submit_change", another.number)
    walk.wait(1)
    walk.give(MIA, "approve_change_template", template)
    walk.give(RITA, "edit_change", another.number, window=walk.window(1))
    assert walk.give(RITA, "submit_change", another.number).state == "submitted"


def emergency(walk: Walk) -> str:
    """An emergency change whose work is over and went well."""
    number = walk.assessed("epicentre", "neo4j", model="emergency", window=walk.window(0.1), proposed=move(walk))
    walk.give(RITA, "start_change", number)
    walk.see(NEO4J, EPICENTRE, POSTGRES, links=(TO_POSTGRES,))
    walk.wait(0.2)
    walk.give(RITA, "finish_change", number, tested=True)
    return number


def test_an_emergency_is_approved_afterwards(walk: Walk) -> None:
    """Work first; its own steps move the graph and are no reason to refuse. Without approval it is not closed."""
    number = emergency(walk)
    with pytest.raises(Refused, match="the financial approval is missing; the technical approval is missing"):
        walk.give(RITA, "close_change", number)
    walk.vote(number)
    walk.wait(48)
    walk.give(RITA, "close_change", number)
    change = walk.whole(number)
    assert (change["outcome"], change["execution"]) == ("success", "4 of 4 planned steps seen")
    assert "approval has to follow until" in next(
        step["reason"] for step in change["history"] if step["command"] == "start_change"
    )


def test_an_emergency_that_nobody_approved_in_time_is_asked_for_anew(walk: Walk) -> None:
    """Too late is said and kept; a request of its own opens the vote again, so that no change stays open for ever."""
    number = emergency(walk)
    with pytest.raises(Refused, match="nothing is to be asked anew of CHG-1: still needed"):
        walk.give(RITA, "request_change_approval", number)
    walk.wait(25)
    with pytest.raises(Refused, match="it is expired"):
        walk.give(APPROVERS["technical"], "approve_change", number, as_role="technical")
    walk.give(RITA, "request_change_approval", number)
    walk.vote(number)
    walk.give(RITA, "close_change", number)
    said = [step["reason"] for step in walk.whole(number)["history"] if step["command"] == "request_change_approval"]
    assert [("not everybody had said yes by" in one, "asked for anew by rita" in one) for one in said] == [(True, True)]


def test_an_emergency_that_is_rejected_afterwards_is_no_success(walk: Walk) -> None:
    """A no of an approver stays; the change is closed as failed or backed out, however well it went."""
    number = emergency(walk)
    with pytest.raises(Forbidden, match="only who approves it may still say no"):
        walk.give(MIA, "reject_change", number, reason="no")
    walk.give(APPROVERS["technical"], "reject_change", number, reason="it could have waited")
    assert walk.whole(number)["state"] == "review"
    with pytest.raises(
        Refused, match="technical-person said no as technical: it could have waited; close it as failed"
    ):
        walk.give(RITA, "close_change", number)
    walk.give(RITA, "close_change", number, outcome="failed", lessons="wait for the board")
    assert walk.whole(number)["outcome"] == "failed"


def test_incidents_on_the_radius_are_shown_and_the_prediction_is_judged(walk: Walk) -> None:
    """What broke during the work is held against what was predicted; what came soon after is shown, the major ones
    speak against a success."""
    number = walk.started("epicentre", "neo4j")
    emil = person(Role.ENGINEER, Role.CHANGE_MANAGER, name="emil")
    walk.wait(0.5)
    broken = tuple(walk.ids[name] for name in ("epicentre", "shop"))
    walk.give(emil, "open_incident", None, broken, title="The shop is down")
    walk.wait(0.5)
    walk.give(RITA, "finish_change", number, tested=True)
    walk.wait(3)
    after = walk.give(emil, "open_incident", None, (walk.ids["webshop"],), title="Nobody can buy").number
    walk.give(emil, "major_incident", after, step="propose", reason="everybody is hit")
    walk.give(emil, "major_incident", after, step="accept", reason="so it is")
    walk.give(RITA, "close_change", number, lessons="the pool was too small")
    change = walk.whole(number)
    assert change["outcome"] == "partial"
    assert change["findings"] == [f"major incident {after} on webshop, 3.0 h after: Nobody can buy"]
    assert {row["name"]: (row["predicted"], row["broke"]) for row in change["predictions"]} == {
        "shop": (True, True), "webshop": (True, False),
    }  # fmt: skip
