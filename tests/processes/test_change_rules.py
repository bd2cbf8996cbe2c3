"""The pure rules of a change: who may approve, what is missing, what has changed."""

import itertools

import pytest

from cmdb.errors import Forbidden, Invalid, Refused
from cmdb.words import Principal, Role
from cmdb_processes.change import rules
from cmdb_processes.change.assessment import Assessment, Confidence
from cmdb_processes.change.evidence import Evidence
from cmdb_processes.change.gather import Taken
from cmdb_processes.change.nouns import CI, Hit, Impact, Severity
from cmdb_processes.change.risk import Risk
from cmdb_processes.change.rules import Approval

AT = "2026-11-23T12:00:00.000Z"
PEOPLE = ("rita", "anna", "ben")
TECHNICAL = Approval("technical", "anna", AT)


def holder(name: str, *roles: Role) -> Principal:
    """Somebody with exactly these roles."""
    return Principal(name, frozenset(roles))


FREE = Impact((), ())
HIT = Impact((), (Hit(CI("x", "x"), Severity.DOWN),))


def taken(impact: Impact, *blocked_by: str) -> Taken:
    """What is assessed now."""
    told = Assessment("CHG-1", blocked_by, Risk(()), (), Confidence(1, ""))
    return Taken(told, impact, "", Evidence("{}"))


@pytest.mark.parametrize(
    ("actor", "role", "holds", "given_role"),
    list(itertools.product(PEOPLE, rules.ROLES, (None, *rules.ROLES), (None, *rules.ROLES))),
)
def test_who_may_approve(actor: str, role: str, holds: str | None, given_role: str | None) -> None:
    """Rita proposed, Anna approved in one role: of all that may come next exactly this is allowed."""
    given = [Approval(given_role, "anna", AT)] if given_role else []
    person = holder(actor, *([rules.ROLES[holds]] if holds else []))
    if holds != role:
        with pytest.raises(Forbidden, match=f"does not hold the role approver-{role}"):
            rules.check_approval(role, person, "rita", given)
        return
    allowed = actor != "rita" and given_role != role and not (given_role and actor == "anna")
    if allowed:
        rules.check_approval(role, person, "rita", given)
        return
    with pytest.raises(Refused) as refused:
        rules.check_approval(role, person, "rita", given)
    said = refused.value.reasons
    assert any("proposed by you" in reason for reason in said) == (actor == "rita")
    assert any(f"the {role} approval is given" in reason for reason in said) == (given_role == role)
    assert any("each role needs another person" in reason for reason in said) == (
        actor == "anna" and given_role is not None
    )


def test_an_unknown_role_is_refused_with_the_known_ones() -> None:
    """A slip of the pen is told from a missing right."""
    with pytest.raises(Invalid, match="known are financial, technical, business"):
        rules.check_approval("tecnical", holder("ben", *Role), "rita", [])


def test_an_approval_survives_being_stored() -> None:
    """What is written is read again; names hold no spaces, whatever else they hold."""
    for name in ("anna", "an:na", "änna"):
        approval = Approval("business", name, AT)
        assert Approval.parse(str(approval)) == approval


def test_what_is_still_missing() -> None:
    """Three roles are needed, in their order."""
    assert rules.missing([]) == ["financial", "technical", "business"]
    assert rules.missing([TECHNICAL]) == ["financial", "business"]
    assert rules.missing([Approval(r, p, AT) for r, p in zip(rules.ROLES, PEOPLE, strict=True)]) == []


@pytest.mark.parametrize("name", ["title", "plan", "backout", "test"])
@pytest.mark.parametrize(("text", "why"), [("", "missing"), ("  x ", "missing"), ("x" * 10_001, "longer than")])
def test_a_change_says_what_how_and_how_back(name: str, text: str, why: str) -> None:
    """Each text must be there and of a sane length."""
    texts = {"title": "upgrade", "plan": "stop, start", "backout": "old jars", "test": "ask it"}
    rules.check_texts(**texts)
    with pytest.raises(Invalid, match=f"{name}: is {why}"):
        rules.check_texts(**{**texts, name: text})


@pytest.mark.parametrize(
    ("reasons", "line"), [([], ""), (["a"], "a"), (["a", "b"], "a; b"), (["a", "b", "c"], "a; b; and 1 more")]
)
def test_many_reasons_are_said_in_short(reasons: list[str], line: str) -> None:
    """What is left out of a sentence is counted, never dropped silently."""
    assert rules.in_short(reasons, most=2) == line


@pytest.mark.parametrize(
    ("state", "end", "assessed", "current", "said"),
    [
        ("proposed", "2027-01-01T00:00:00Z", None, None, ["it is not assessed"]),
        ("assessed", "2027-01-01T00:00:00Z", FREE, taken(FREE), []),
        ("approved", "2027-01-01T00:00:00Z", FREE, taken(FREE), []),
        ("approved", "2027-01-01T00:00:00Z", FREE, taken(HIT), ["x is now reached (down)"]),
        ("approved", "2027-01-01T00:00:00Z", FREE, taken(FREE, "freeze: no"), ["freeze: no"]),
        ("assessed", "2026-01-01T00:00:00Z", FREE, taken(FREE), ["its window is over"]),
        ("proposed", "2026-01-01T00:00:00Z", None, None, ["its window is over", "it is not assessed"]),
        ("assessed", "2027-01-01T00:00:00Z", FREE, None, ["a CI it is about is gone"]),
        ("rejected", "2026-01-01T00:00:00Z", None, None, ["it is rejected"]),
        ("withdrawn", "2027-01-01T00:00:00Z", FREE, taken(FREE), ["it is withdrawn"]),
    ],
)
def test_what_blocks_a_change(
    state: str, end: str, assessed: Impact | None, current: Taken | None, said: list[str]
) -> None:
    """Everything that stands in the way is listed, and nothing else."""
    assert rules.blockers(state, end, assessed, current, AT) == said
