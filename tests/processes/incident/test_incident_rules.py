"""Events by rule, the request catalogue, families, major incidents, closing and reopening."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import DeclarationError, Invalid, Refused
from cmdb.words.record import Effect, RecordLink
from cmdb_processes.incident import catalogue, closing, events, family, major
from cmdb_processes.incident.catalogue import Item, Kind, Question, Task
from cmdb_processes.incident.events import Act, Binding, Do, Event, EventRule, Known, act, bind, classify
from cmdb_processes.incident.family import Child
from cmdb_processes.incident.items import catalogue as items
from cmdb_processes.lifecycle import Category
from cmdb_processes.priority import Reached
from cmdb_processes.timing.conditions import unless, when
from cmdb_processes.timing.hours import Calendar, workdays
from cmdb_processes.timing.spans import moment

OFFICE = Calendar("office", "Europe/Berlin", workdays("08:00-17:00"))
DOWN = EventRule(
    name="host down",
    sentence="The monitor cannot reach a host.",
    source="monitor",
    event_class="availability",
    severity="major",
    do=Do.INCIDENT,
    category="infrastructure",
    when=when(status="down") & unless(maintenance=True),
    over=when(status="up"),
    window=600,
)
MAIL = EventRule(
    "mail",
    "Somebody wrote.",
    "mail",
    "report",
    "minor",
    Do.REQUEST,
    "other",
    key=("message_id",),
    window=0,
    item="information",
)
NOISE = EventRule("noise", "All else of the monitor.", "monitor", "log", "information", Do.LOG, "none")
RULES = (DOWN, NOISE, MAIL)


def event(at: int, ci: str | None = "ci_1", **fields: str | bool) -> Event:
    """What the monitor said."""
    return Event("monitor", at, fields, ci)


def test_the_first_rule_that_fits_decides() -> None:
    """By source and condition; what reports an end resolves; what fits none is logged and counted."""
    assert classify(RULES, event(0, status="down")).do is Do.INCIDENT
    assert classify(RULES, event(0, status="up")).do is Do.RESOLVE
    assert classify(RULES, event(0, status="down", maintenance=True)).rule is NOISE
    assert classify(RULES, Event("mail", 0, {"message_id": "a"})).do is Do.REQUEST
    unknown = classify(RULES, Event("syslog", 0, {"status": "down"}))
    assert (unknown.rule, unknown.do) == (None, Do.LOG)
    assert act([], unknown) == Act(Do.LOG, why="no rule fits")


def test_the_same_within_the_window_is_one_incident() -> None:
    """Also later while it is open; a late repeat of a closed one is new, another CI always."""
    down = classify(RULES, event(1000, status="down"))
    assert act([], down).do is Do.INCIDENT
    known = Known("INC-1", down.key, 1000, open=True)
    for at, open_, ci, opens in (
        (1500, True, "ci_1", False),
        (99_999, True, "ci_1", False),
        (1600, False, "ci_1", False),
        (1601, False, "ci_1", True),
        (1500, True, "ci_2", True),
    ):
        found = act([replace(known, open=open_)], classify(RULES, event(at, ci, status="down")))
        assert (found.do is Do.INCIDENT) is opens, (at, open_, ci)
        assert found.number == (None if opens else "INC-1")


def test_the_end_resolves_what_is_open_and_is_else_only_logged() -> None:
    """Never another record, never one that is closed."""
    up = classify(RULES, event(2000, status="up"))
    other = Known("INC-2", ("host down", "ci_2"), 1900, open=True)
    ours = Known("INC-1", up.key, 1000, open=True)
    assert act([other, ours], up) == Act(Do.RESOLVE, "INC-1", "it is over")
    assert act([other, replace(ours, open=False)], up).number is None
    assert act([], classify(RULES, event(0, status="whatever"))).why == "rule noise only logs it"


_STREAM = st.lists(st.tuples(st.integers(0, 400), st.sampled_from("ab"), st.sampled_from(["down", "up"])), max_size=25)


@given(_STREAM)
def test_a_storm_never_opens_two_for_the_same(stream: list[tuple[int, str, str]]) -> None:
    """Whatever comes in whatever order: at most one open incident a CI, none within the window of another."""
    known: list[Known] = []
    at = 0
    for gap, ci, status in stream:
        at += gap
        found = classify(RULES, event(at, ci, status=status))
        done = act(known, found)
        if done.do is Do.INCIDENT:
            assert not any(k.key == found.key and (k.open or at - k.last_at <= DOWN.window) for k in known)
            known.append(Known(f"INC-{len(known)}", found.key, at, open=True))
        elif done.number is not None:
            n = next(i for i, k in enumerate(known) if k.number == done.number)
            known[n] = replace(known[n], last_at=at, open=known[n].open and done.do is not Do.RESOLVE)
    for ci in "ab":
        assert sum(k.open for k in known if k.key[1] == ci) <= 1


def test_an_event_is_bound_by_the_surest_key_that_names_one_ci() -> None:
    """Never a guess among several; why is always said."""
    binding = Binding("monitor", (("uuid", "smbios_uuid"), ("host", "fqdn"), ("ip", "address")))
    wanted = binding.wanted({"host": "web-1", "ip": "10.0.0.1", "uuid": ""})
    assert wanted == (("fqdn", "web-1"), ("address", "10.0.0.1"))
    assert bind([("fqdn", "web-1", ["ci_1"])]) == events.Bound("ci_1", "by fqdn 'web-1'")
    several = bind([("fqdn", "web-1", []), ("address", "10.0.0.1", ["ci_1", "ci_2"])])
    assert (several.ci, several.candidates) == (None, ("ci_1", "ci_2"))
    assert several.why == "fqdn 'web-1' names none; address '10.0.0.1' names 2"
    assert bind([]).why == "the event names no CI"


def test_an_event_rule_that_makes_no_sense_is_refused() -> None:
    """An unknown severity, a negative window, nothing that makes two the same."""
    for change, why in (({"severity": "bad"}, "is none of"), ({"window": -1}, "shorter"), ({"key": ()}, "same thing")):
        with pytest.raises(DeclarationError, match=why):
            replace(DOWN, **change)  # type: ignore[arg-type]


def test_the_catalogue_finds_its_items_by_itself() -> None:
    """Access, information and password are there; anything else cannot be asked for."""
    known = items()
    assert {"access", "information", "password"} <= set(known)
    assert catalogue.find(known, "access").approval is not None
    with pytest.raises(Invalid, match="no catalogue item 'beer'; known are access, information"):
        catalogue.find(known, "beer")


def test_a_form_names_everything_that_is_wrong() -> None:
    """Missing, not asked, not a choice, too long: all at once; what is right comes back trimmed."""
    access = items()["access"]
    good = {"person": " ben ", "service": "shop", "right": "read", "why": "on call"}
    assert catalogue.answers(access, good) == {**good, "person": "ben"}
    with pytest.raises(Invalid) as refused:
        catalogue.answers(access, {"person": "x" * 1001, "right": "own", "why": "y", "colour": "red"})
    for said in (
        "colour is not asked",
        "person is longer",
        "service is missing: To which",
        "right is one of read, change",
    ):
        assert said in refused.value.message


def test_who_is_not_subscribed_is_not_entitled() -> None:
    """Any one of the item's services is enough; an item without any is for everybody."""
    item = replace(items()["access"], entitled=("shop", "crm"))
    catalogue.check_entitled(item, "ben", ["crm", "mail"])
    catalogue.check_entitled(items()["access"], "ben", [])
    with pytest.raises(Refused, match="ben may not ask for access: it comes with shop or crm"):
        catalogue.check_entitled(item, "ben", ["mail"])


def test_tasks_are_ready_when_those_before_them_are_done() -> None:
    """In the order of the item; done ones are not ready again."""
    access = items()["access"]
    assert [task.name for task in catalogue.ready(access, [])] == ["grant"]
    assert [task.name for task in catalogue.ready(access, ["grant"])] == ["tell"]
    assert catalogue.ready(access, ["grant", "tell"]) == ()
    assert [row["state"] for row in catalogue.rows(access)] == ["open", "open"]


@pytest.mark.parametrize(
    ("tasks", "form", "why"),
    [
        ((), (), "needs tasks"),
        ((Task("a", "One.", "g"), Task("a", "Two.", "g")), (), "a name of its own"),
        ((Task("a", "One.", "g", ("b",)),), (), "waits for unknown"),
        ((Task("a", "One.", "g", ("b",)), Task("b", "Two.", "g", ("a",))), (), "wait for each other"),
        ((Task("a", "One.", "g"),), (Question("q", "What?"), Question("q", "What?")), "asks a question twice"),
    ],
)
def test_an_item_that_contradicts_itself_is_refused(
    tasks: tuple[Task, ...], form: tuple[Question, ...], why: str
) -> None:
    """When it is declared, not when somebody asks for it."""
    with pytest.raises(DeclarationError, match=why):
        Item("x", "A thing.", Kind.SERVICE, form, tasks)


OPEN = Child("INC-2", Category.IN_PROGRESS)
OURS = Child("INC-3", Category.WAITING, "confirmation", by_parent="INC-1")
THEIRS = Child("INC-4", Category.WAITING, "confirmation")
SHUT = Child("INC-5", Category.DONE, by_parent="INC-1")
SAY = {"resolution_code": "fixed", "resolution": "switched over", "note": "we are on it"}


@pytest.mark.parametrize(
    ("event_", "commands"),
    [
        ("resolve", [("resolve_incident", "INC-2")]),
        ("confirm", [("close_incident", "INC-3")]),
        ("auto-close", [("close_incident", "INC-3")]),
        ("reopen", [("reopen_incident", "INC-3"), ("reopen_incident", "INC-5")]),
        ("note", [("note_incident", "INC-2"), ("note_incident", "INC-3"), ("note_incident", "INC-4")]),
        ("assign", []),
    ],
)
def test_what_happens_to_the_parent_happens_to_its_children(event_: str, commands: list[tuple[str, str]]) -> None:
    """But not to what a person resolved: only what this parent did is undone or ended with it."""
    found = family.follow("INC-1", event_, [OPEN, OURS, THEIRS, SHUT], SAY)
    assert [(effect.command, effect.number) for effect in found] == commands
    assert all(isinstance(effect, Effect) and effect.as_process for effect in found)


def test_children_take_the_words_of_their_parent() -> None:
    """Code and resolution, and by whom; a reopening says why."""
    (resolved,) = family.follow("INC-1", "resolve", [OPEN], SAY)
    assert resolved.arguments == {"resolution_code": "fixed", "resolution": "switched over", "by_parent": "INC-1"}
    (back,) = family.follow("INC-1", "reopen", [OURS], {"reason": "it came back"})
    assert back.arguments == {"reason": "INC-1 was reopened: it came back"}


def test_families_have_no_circles() -> None:
    """Not its own parent, not above its own ancestor, not under what is done."""
    family.check_parent("INC-2", "INC-1", Category.IN_PROGRESS, ["INC-9"])
    for child, ancestors, category, why in (
        ("INC-1", [], Category.TO_DO, "its own parent"),
        ("INC-2", ["INC-3", "INC-2"], Category.TO_DO, "below INC-2 already"),
        ("INC-2", [], Category.DONE, "INC-1 is done"),
    ):
        with pytest.raises(Refused, match=why):
            family.check_parent(child, "INC-1", category, ancestors)


def test_a_major_incident_is_proposed_with_reasons() -> None:
    """Critical service down at top priority, many reports, many users; each alone is enough, none is none."""
    policy = major.Policy()
    pay, web = Reached("pay", "critical", "down"), Reached("web", "high", "down")
    assert major.reasons(policy, 1, [pay, web], 0, 0) == ("priority 1 and pay down",)
    assert major.reasons(policy, 2, [pay], 0, 0) == ()
    assert major.reasons(policy, 3, [web], 10, 499) == ("10 reports of the same",)
    assert major.reasons(policy, 3, [], 9, 5000) == ("5,000 users affected",)
    for bad in ({"review_days": 0}, {"cadence": (("all", 5),)}):
        with pytest.raises(DeclarationError):
            replace(policy, **bad)  # type: ignore[arg-type]


def test_the_flag_moves_by_its_table() -> None:
    """Nothing is accepted that nobody proposed; what was rejected may be proposed again; each step says why."""
    assert major.step("INC-1", None, "propose", "pay is down") == "candidate"
    assert major.step("INC-1", "candidate", "accept", "it is") == "accepted"
    assert major.step("INC-1", "rejected", "propose", "now it is") == "candidate"
    with pytest.raises(Refused, match="propose it first"):
        major.step("INC-1", None, "accept", "it is")
    with pytest.raises(
        Refused, match="the major incident INC-1 is accepted, so it cannot be rejected; legal now: demote"
    ):
        major.step("INC-1", "accepted", "reject", "it is not")
    with pytest.raises(Invalid, match="say why you demote it"):
        major.step("INC-1", "accepted", "demote", "")
    with pytest.raises(Invalid, match="'cancel' is none of"):
        major.step("INC-1", "accepted", "cancel", "why not")


def test_each_audience_hears_of_it_in_its_cadence() -> None:
    """At once when accepted, then so long after the last word; words from before do not count."""
    policy = major.Policy(cadence=(("management", 3600), ("users", 7200)))
    found = major.updates(policy, 10_000, {"users": 9_000, "management": 11_000}, 14_000)
    assert [(one.audience, one.at, one.overdue) for one in found] == [
        ("users", 10_000, True),
        ("management", 14_600, False),
    ]
    assert str(found[0]) == "users: was due 1970-01-01T02:46:40Z"


def test_a_major_incident_is_closed_with_review_and_problem() -> None:
    """And its review is due some working days after the end."""
    assert major.missing_to_close("accepted", False, []) == (
        "its review was not held",
        "nothing says what caused it: link that by CAUSED_BY or FOLLOWS",
    )
    assert major.missing_to_close("accepted", True, ["PRB-1"]) == ()
    assert major.missing_to_close("candidate", True, ["PRB-1"]) == ("whether it is a major incident is not decided",)
    assert major.missing_to_close(None, False, []) == major.missing_to_close("demoted", False, []) == ()
    friday = moment("2026-11-20T18:00Z")
    assert major.review_due(major.Policy(), OFFICE, friday) == moment("2026-11-27T16:00Z")


def test_a_resolution_has_a_code_and_says_what_was_done() -> None:
    """Everything wrong is named; codes that rest on another record need the link to it."""
    assert closing.check_resolution("fixed", " swapped the disk ", (), "hardware") == {
        "resolution_code": "fixed",
        "resolution": "swapped the disk",
        "cause": "hardware",
    }
    with pytest.raises(Invalid) as refused:
        closing.check_resolution("magic", "", (), "gremlins")
    assert all(word in refused.value.message for word in ("'magic'", "say what was done", "'gremlins'"))
    with pytest.raises(Invalid, match="link the change: CAUSED_BY or FOLLOWS or RELATES_TO"):
        closing.check_resolution("by change", "CHG-7 did it", ())
    assert closing.check_resolution("by change", "CHG-7 did it", (RecordLink("FOLLOWS", "CHG-7"),))


def test_silence_closes_after_some_working_days() -> None:
    """Resolved on Thursday, three working days: Tuesday's close."""
    assert closing.auto_close_at(closing.Policy(), OFFICE, moment("2026-11-26T10:00Z")) == moment("2026-12-01T16:00Z")


def test_closing_names_everything_that_is_missing() -> None:
    """Code, words, cause, CI, tasks, children, and what major incidents need."""
    found = closing.blockers(
        {}, (), [{"name": "call back", "state": "open"}, {"name": "b", "state": "done"}], [OPEN, OURS], ("a review",)
    )
    assert found == (
        "its resolution code is missing",
        "what was done is not said",
        "its cause is missing",
        "it names no CI",
        "task call back is open",
        "INC-2 under it is open",
        "a review",
    )
    with pytest.raises(Refused) as refused:
        closing.check_close("INC-1", "confirmed", found)
    assert refused.value.reasons == found
    full = {"resolution_code": "fixed", "resolution": "done", "cause": "unknown"}
    assert closing.blockers(full, ("ci_1",), (), (OURS,)) == ()
    assert closing.check_close("INC-1", "with INC-9", ()) == {"closed_how": "with INC-9"}
    with pytest.raises(Invalid, match="'somehow' is none of"):
        closing.check_close("INC-1", "somehow", ())


def test_reopening_has_a_window() -> None:
    """What is only resolved comes back any time; what was closed for some working days, and never without a reason."""
    closed = moment("2026-11-20T10:00Z")  # a Friday
    policy = closing.Policy(reopen_days=2)
    last = moment("2026-11-24T16:00Z")
    fell = closing.check_reopen("INC-1", policy, OFFICE, closed, last, "it is back")
    assert set(fell) == {"resolution_code", "resolution", "closed_how", "by_parent"}
    assert set(fell.values()) == {None}
    with pytest.raises(Refused, match="could be reopened until 2026-11-24T16:00:00Z: open a new one that follows it"):
        closing.check_reopen("INC-1", policy, OFFICE, closed, last + 1, "it is back")
    assert closing.check_reopen("INC-1", policy, OFFICE, None, last + 10**8, "it is back") == fell
    with pytest.raises(Refused, match="could be reopened"):
        closing.check_reopen("INC-1", closing.Policy(reopen_days=0), OFFICE, closed, closed + 1, "it is back")
    with pytest.raises(Invalid, match="say what does not work"):
        closing.check_reopen("INC-1", policy, OFFICE, None, last, "")
    with pytest.raises(DeclarationError):
        closing.Policy(auto_close_days=0)
