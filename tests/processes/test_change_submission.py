"""The filters of submission: each refuses with its reason, and all that refuse are named."""

from dataclasses import replace

import pytest
from support.small_estate import change

from cmdb.errors import Refused
from cmdb_processes.change.models import NORMAL, STANDARD
from cmdb_processes.change.submission import Objection, Request, check, objections

GOOD = Request(change("CHG-1", "db", "web"), "stop, start", "old jars", "ask it", "security fix")
LIVE = {"db", "web"}


def codes(request: Request, live: set[str] = LIVE, scope: set[str] = LIVE, **more: object) -> list[str]:
    """What is objected."""
    return [o.code for o in objections(request, NORMAL, live, scope, **more)]  # type: ignore[arg-type]


def test_a_complete_request_passes() -> None:
    """Nothing is objected, and nothing raised."""
    assert codes(GOOD) == []
    check(objections(GOOD, NORMAL, LIVE, LIVE))


@pytest.mark.parametrize("text", ["plan", "backout", "test", "reason"])
@pytest.mark.parametrize(("value", "code"), [("", "missing"), (" x ", "missing"), ("x" * 10_001, "long")])
def test_texts_that_are_missing_or_endless(text: str, value: str, code: str) -> None:
    """Each is named by what it should say."""
    assert codes(replace(GOOD, **{text: value})) == [f"{code} {text}"]


def test_unknown_and_out_of_scope() -> None:
    """A CI that is not there is not called out of scope as well."""
    assert codes(GOOD, live={"web"}, scope={"web"}) == ["unknown CI"]
    assert codes(GOOD, scope={"web"}) == ["out of scope"]


@pytest.mark.parametrize(
    ("title", "cis", "proposal", "same"),
    [
        ("Work on DB!", ("db", "web"), "", True),
        ("work on db 15", ("db", "web"), "", False),
        ("work on db", ("db",), "", False),
        ("work on db", ("web", "db"), '{"retire":["db"]}', False),
    ],
)
def test_a_duplicate_of_an_open_change(title: str, cis: tuple[str, ...], proposal: str, same: bool) -> None:
    """The same CIs and the same words, whatever their case; or the same graph diff."""
    other = replace(change("CHG-2", *cis), title=title)
    assert codes(GOOD, others=[(other, proposal)]) == (["duplicate"] if same else [])


def test_the_same_diff_is_a_duplicate_whatever_it_is_called() -> None:
    """What is done to the graph counts more than a title; a change is no duplicate of itself."""
    mine = replace(GOOD, proposal='{"retire":["db"]}')
    other = replace(change("CHG-2", "db", "web"), title="clean up")
    assert codes(mine, others=[(other, mine.proposal)]) == ["duplicate"]
    assert codes(mine, others=[(GOOD.change, mine.proposal)]) == []


def test_a_standard_change_needs_a_template_that_may_be_used() -> None:
    """None at all is told from one that is suspended."""
    assert objections(GOOD, STANDARD, LIVE, LIVE) == (
        Objection("template", "a standard change comes from a template: name it"),
    )
    assert [o.sentence for o in objections(GOOD, STANDARD, LIVE, LIVE, template=["template patch is retired"])] == [
        "template patch is retired"
    ]
    assert objections(GOOD, STANDARD, LIVE, LIVE, template=[]) == ()


def test_all_objections_are_in_the_refusal() -> None:
    """Whoever mends a request mends it once."""
    poor = replace(GOOD, plan="", test="")
    with pytest.raises(
        Refused, match=r"the plan is missing.*; the test is missing.*; there is no live CI 'db'"
    ) as refused:
        check(objections(poor, NORMAL, {"web"}, LIVE))
    assert len(refused.value.reasons) == 3
