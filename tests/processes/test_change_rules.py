"""The pure rules of a change: who may approve, what is missing, what has changed."""

import itertools
from datetime import datetime, timedelta

import pytest

from cmdb.errors import EpicentreError, Forbidden, Invalid, Refused
from cmdb.words import Category, Principal, Record, Role
from cmdb_processes import approvals
from cmdb_processes.approvals import Ballot, Vote
from cmdb_processes.change import RECORD, panel, rules, submission
from cmdb_processes.change.assessment import Assessment, Confidence
from cmdb_processes.change.evidence import Evidence
from cmdb_processes.change.gather import Taken
from cmdb_processes.change.models import NORMAL
from cmdb_processes.change.nouns import CI, Hit, Impact, Planned, Severity
from cmdb_processes.change.panel import PANEL, ROLES
from cmdb_processes.change.risk import Risk
from cmdb_processes.change.window import Window

AT = "2026-11-23T12:00:00.000Z"
PEOPLE = ("rita", "anna", "ben")
SEEN = "0f" * 32
WINDOW = Window(datetime.fromisoformat("2026-12-01T22:00Z"), datetime.fromisoformat("2026-12-02T00:00Z"))
ABOUT = Planned("CHG-1", "upgrade", (CI("x", "x"),), WINDOW)


def holder(name: str, *roles: Role) -> Principal:
    """Somebody with exactly these roles."""
    return Principal(name, frozenset(roles))


def yes(role: str, by: str) -> Vote:
    """An approval on the evidence as it is."""
    return Vote(role, by, AT, True, SEEN)


def voted(*given: Vote) -> Record:
    """Rita's change with these votes."""
    return Record(
        "rec_1", "CHG-1", RECORD.name, "awaiting approval", 4, "rita", AT, ("x",), {"evidence_hash": SEEN},
        "rita", "normal", 2, parts={approvals.PART.name: approvals.rows(given)},
    )  # fmt: skip


FREE = Impact((), ())
HIT = Impact((), (Hit(CI("x", "x"), Severity.DOWN),))


def taken(impact: Impact, *blocked_by: str) -> Taken:
    """What is assessed now."""
    told = Assessment("CHG-1", blocked_by, Risk(()), (), Confidence(1, ""))
    return Taken(told, impact, "", Evidence("{}"), ABOUT)


@pytest.mark.parametrize(
    ("actor", "role", "holds", "given_role"),
    list(itertools.product(PEOPLE, ROLES, (None, *ROLES), (None, *ROLES))),
)
def test_who_may_approve(actor: str, role: str, holds: str | None, given_role: str | None) -> None:
    """Rita proposed, Anna approved in one role: of all that may come next exactly this is allowed."""
    ballot = panel.ballot(voted(*([yes(given_role, "anna")] if given_role else [])), AT)
    person = holder(actor, *([ROLES[holds]] if holds else []))
    if actor != "rita" and holds == role and given_role != role and not (given_role and actor == "anna"):
        assert approvals.cast(PANEL, ballot, person, role, True) == yes(role, actor)
        return
    with pytest.raises(EpicentreError) as refused:
        approvals.cast(PANEL, ballot, person, role, True)
    why = refused.value.message
    if given_role == role:
        assert why == f"{role} has been approved already by anna"
    elif holds != role:
        assert why == f"{actor} may not approve as {role}"
        assert isinstance(refused.value, Forbidden)
    elif actor == "rita":
        assert why == "rita requested it: somebody else must approve"
        assert isinstance(refused.value, Forbidden)
    else:
        assert why == f"anna has voted as {given_role} already: one person, one role"


def test_an_unknown_role_is_refused_with_the_known_ones() -> None:
    """A slip of the pen is told from a missing right."""
    with pytest.raises(Invalid, match="'tecnical' is none of financial, technical, business"):
        approvals.cast(PANEL, panel.ballot(voted(), AT), holder("ben", *Role), "tecnical", True)


def test_an_approval_survives_being_stored() -> None:
    """What is written is read again, whatever a name holds and whatever became of the vote."""
    for name in ("anna", "an:na", "änna"):
        for vote in (yes("business", name), Vote("business", name, AT, False, SEEN, "no: why", "tom", "it was edited")):
            assert approvals.votes(approvals.rows([vote])) == (vote,)


def test_what_is_still_missing() -> None:
    """Three roles are needed, in their order; what fell or binds to other evidence does not count."""
    assert panel.counted(voted(), AT).missing == ("financial", "technical", "business")
    assert panel.counted(voted(yes("technical", "anna")), AT).missing == ("financial", "business")
    whole = [yes(r, p) for r, p in zip(ROLES, PEOPLE, strict=True)]
    assert panel.counted(voted(*whole), AT).missing == ()
    assert panel.counted(voted(*approvals.fallen(whole, "it was edited")), AT).missing == tuple(ROLES)
    other = [Vote(v.role, v.by, v.at, True, "1e" * 32) for v in whole]
    assert panel.counted(voted(*other), AT).missing == tuple(ROLES)


def test_an_approval_lasts_thirty_days() -> None:
    """Afterwards it counts no more, and why is said."""
    late = (datetime.fromisoformat(AT) + timedelta(days=30)).isoformat()
    counted = panel.counted(voted(yes("technical", "anna")), late)
    assert (counted.missing, [why for _, why in counted.fell]) == (tuple(ROLES), ["it has expired"])
    assert isinstance(panel.ballot(voted(), late), Ballot)


@pytest.mark.parametrize("name", ["title", "reason", "plan", "backout", "test"])
@pytest.mark.parametrize(("text", "why"), [("", "missing"), ("  x ", "missing"), ("x" * 10_001, "longer than")])
def test_a_change_says_what_how_and_how_back(name: str, text: str, why: str) -> None:
    """Each text must be there and of a sane length, or the change is not taken."""
    texts = {"plan": "stop, start", "backout": "old jars", "test": "ask it", "reason": "it ends"}

    def handed_in(**given: str) -> None:
        title = given.pop("title", "upgrade")
        about = Planned("CHG-1", title, ABOUT.cis, WINDOW)
        request = submission.Request(about, **{**texts, **given})
        submission.check(submission.objections(request, NORMAL, {"x"}, {"x"}))

    handed_in()
    with pytest.raises(Refused, match=f"the {name} is {why}"):
        handed_in(**{name: text})


@pytest.mark.parametrize(
    ("reasons", "line"), [([], ""), (["a"], "a"), (["a", "b"], "a; b"), (["a", "b", "c"], "a; b; and 1 more")]
)
def test_many_reasons_are_said_in_short(reasons: list[str], line: str) -> None:
    """What is left out of a sentence is counted, never dropped silently."""
    assert rules.in_short(reasons, most=2) == line


@pytest.mark.parametrize(
    ("state", "category", "end", "assessed", "current", "said"),
    [
        ("draft", Category.TO_DO, None, None, None, ["it is not assessed"]),
        ("submitted", Category.TO_DO, "2027-01-01T00:00:00Z", None, None, ["it is not assessed"]),
        ("assessed", Category.WAITING, "2027-01-01T00:00:00Z", FREE, taken(FREE), []),
        ("approved", Category.WAITING, "2027-01-01T00:00:00Z", FREE, taken(FREE), []),
        ("approved", Category.WAITING, "2027-01-01T00:00:00Z", FREE, taken(HIT), ["x is now reached (down)"]),
        ("scheduled", Category.WAITING, "2027-01-01T00:00:00Z", FREE, taken(FREE, "freeze: no"), ["freeze: no"]),
        ("assessed", Category.WAITING, "2026-01-01T00:00:00Z", FREE, taken(FREE), ["its window is over"]),
        ("draft", Category.TO_DO, "2026-01-01T00:00:00Z", None, None, ["its window is over", "it is not assessed"]),
        ("assessed", Category.WAITING, "2027-01-01T00:00:00Z", FREE, None, ["a CI it is about is gone"]),
        ("rejected", Category.DONE, "2026-01-01T00:00:00Z", None, None, ["it is rejected"]),
        ("cancelled", Category.DONE, "2027-01-01T00:00:00Z", FREE, taken(FREE), ["it is cancelled"]),
    ],
)
def test_what_blocks_a_change(
    state: str, category: Category, end: str | None, assessed: Impact | None, current: Taken | None, said: list[str]
) -> None:
    """Everything that stands in the way is listed, and nothing else."""
    assert rules.blockers(state, category, end, assessed, current, AT) == said
