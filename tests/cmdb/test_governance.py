"""Patterns of policies, and what policies find; no store is needed."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb import patterns
from cmdb.claims import ranking
from cmdb.classes import catalogue
from cmdb.errors import Invalid, Refused, UnknownName
from cmdb.governance import Policies, Policy, Rule, broken, check_names, enforce, newly_broken

_ATOM = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "[a-c]", r"\d", r"\w", r"\.", "1"])
_REPEAT = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "{2,3}"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.lists(inner, min_size=1, max_size=3)
    return st.builds("({}){}".format, inner, _REPEAT) | joined.map("".join) | joined.map("|".join).map("(?:{})".format)


PATTERNS = st.recursive(st.builds("{}{}".format, _ATOM, _REPEAT), _grown, max_leaves=6)


@given(PATTERNS, st.text(alphabet="abc1.x", max_size=8))
def test_a_pattern_means_what_it_means_elsewhere(pattern: str, value: str) -> None:
    """Python's own expressions, which know more and may take for ever, agree on every value."""
    try:
        fits = patterns.compiled(pattern)
    except Invalid as error:
        assert "written out" in error.message or "characters, not" in error.message, error.message
        return
    assert fits(value) == bool(re.fullmatch(pattern, value))


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("(a*)*b", "a" * 1000),
        ("(a|a)*b", "a" * 1000),
        ("(a?){85}a{85}", "a" * 84),
        (".*.*.*.*.*.*.*.*x", "y" * 1000),
        ("(.*){10}(.|a|[^b])*z", "".join(chr(i + 200) for i in range(1000))),
    ],
)
def test_no_pattern_holds_the_server(pattern: str, value: str) -> None:
    """What takes a backtracking matcher years takes milliseconds."""
    started = time.process_time()
    assert not patterns.compiled(pattern)(value)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(a", "not closed"), ("a)", "unexpected"), ("[", "too early"), ("[]", "empty"), ("[b-a]", "later one"),
        ("*a", "stands for itself"), ("a**", "repeat of a repeat"), ("a{2", "repeat is like"), ("a{3,2}", "is like"),
        (r"(a)\1", "not known"), ("(?=a)", "only"), ("^a$", "whole value"), ("a{300}", "written out"),
        ("((a{99}){99}){99}", "970,299"), ("(" * 30 + "a" + ")" * 30, "deep"), ("", "1 to 200"), ("a\\", "too early"),
    ],
)  # fmt: skip
def test_a_wrong_pattern_is_refused_with_its_place(pattern: str, says: str) -> None:
    """Also what other engines know and this one does not."""
    with pytest.raises(Invalid, match=says):
        patterns.compiled(pattern)


ENV = Policy("env", "Host", Rule.ALLOWED, "extra:env", ("prod", "test"), why="so that bills are right")
NAMES = Policy("host-names", "Host", Rule.PATTERN, "name", pattern=r"[a-z]{2,8}\d{1,3}")
OWNER = Policy("owner", "Host", Rule.REQUIRED, "model")
TAGGED = Policy("tagged", "Server", Rule.REQUIRED, "tags", ("env:*",))
TAGS = Policy("tags", "Host", Rule.TAGS, values=("env:*", "pci"))
FREE = Policy("free", "Host", Rule.EXTRA, values=("env",))
ALL = Policies([ENV, NAMES, OWNER, TAGGED, TAGS, FREE])


def test_each_rule_names_what_is_wrong_and_what_is_allowed() -> None:
    """The policy, the attribute, the value and what is allowed stand in the sentence; kinds of a class inherit."""
    wrong = {"name": "WEB", "tags": ("envy", "pci"), "extra:env": "prdo", "extra:colour": 3}
    said = [one.sentence for one in broken(ALL, "Server", wrong)]
    assert said == [
        "policy env of Host: extra:env is 'prdo', allowed is prod, test (so that bills are right)",
        "policy free of Host: extra is 'colour', allowed is env",
        r"policy host-names of Host: name is 'WEB', allowed is what fits [a-z]{2,8}\d{1,3}",
        "policy owner of Host: model is missing, allowed is a value",
        "policy tagged of Server: tags env:* is missing, allowed is one tag of each of env:*",
        "policy tags of Host: tags is 'envy', allowed is env:*, pci",
    ]
    assert [v.policy for v in broken(Policies([Policy("any", "CI", Rule.REQUIRED, "tags")]), "Gone", {})] == ["any"]
    right = {"name": "web1", "model": "R640", "tags": ("env:prod",), "extra:env": "prod"}
    assert broken(ALL, "Server", right) == [] == broken(ALL, "Service", wrong) == broken(ALL, "Gone", wrong)


def test_only_what_a_command_breaks_is_refused() -> None:
    """A CI that broke a policy before may be worked on, may get better, and may not get worse."""
    before = {"name": "WEB", "model": "R640", "tags": ("old",)}
    enforce(ALL, "Host", before, {**before, "tags": ("old", "pci")})
    with pytest.raises(Refused, match=r"^web: policy owner .* model is missing") as refused:
        enforce(ALL, "Host", before, {**before, "model": None}, "web")
    assert len(refused.value.reasons) == 1
    assert {one.policy for one in newly_broken(ALL, "Host", None, before)} == {"host-names", "tags"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "No Slug", "rule": Rule.TAGS}, "lower-case"),
        ({"rule": Rule.ALLOWED, "attribute": "model"}, "at least one"),
        ({"rule": Rule.ALLOWED, "values": ("a",)}, "names the attribute"),
        ({"rule": Rule.TAGS, "attribute": "tags"}, "no single attribute"),
        ({"rule": Rule.PATTERN, "attribute": "name"}, "has a pattern"),
        ({"rule": Rule.PATTERN, "attribute": "name", "pattern": "(("}, "not closed"),
        ({"rule": Rule.REQUIRED, "attribute": "model", "values": ("a",)}, "no values"),
        ({"rule": Rule.TAGS, "values": ("",)}, "1 to 1024"),
        ({"rule": Rule.TAGS, "why": "a\nb"}, "one line"),
    ],
)
def test_a_policy_that_contradicts_itself_is_no_policy(given: dict[str, object], says: str) -> None:
    """It is refused when it is made, with what is wrong."""
    with pytest.raises(Invalid, match=says):
        Policy(**{"name": "p", "cls": "Host", **given})  # type: ignore[arg-type]  # wrong on purpose


def test_a_policy_is_about_what_is_declared() -> None:
    """Unknown classes and attributes, and volatile ones, are named."""
    for policy in (ENV, Policy("p", "CI", Rule.REQUIRED, "tags"), Policy("p", "CI", Rule.REQUIRED, "extra:owner")):
        check_names(policy, catalogue())
    for policy in (
        Policy("p", "Toaster", Rule.TAGS),
        Policy("p", "Host", Rule.REQUIRED, "colour"),
        Policy("p", "CI", Rule.REQUIRED, "model"),
        Policy("p", "Host", Rule.REQUIRED, "extra:a`b"),
    ):
        with pytest.raises(UnknownName):
            check_names(policy, catalogue())
    with pytest.raises(Invalid, match="all the time"):
        check_names(Policy("p", "Server", Rule.REQUIRED, "power_w"), catalogue())


@pytest.mark.parametrize(
    ("attribute", "values", "says"),
    [
        ("tags", ("agent",), "nobody to prefer"), ("model", (), "name each source once"),
        ("model", ("agent", "agent"), "name each source once"), ("model", ("override", "agent"), "leave it out"),
        ("model", ("assets",), "'assets' is no source"), (None, ("agent",), "names the attribute"),
    ],
)  # fmt: skip
def test_an_order_of_sources_names_sources(attribute: str | None, values: tuple[str, ...], says: str) -> None:
    """What could never be meant is refused with what may be said instead."""
    with pytest.raises(Invalid, match=says):
        Policy("p", "Host", Rule.PRECEDENCE, attribute, values)


def test_the_order_of_the_more_special_class_counts() -> None:
    """A policy for hosts is for servers too, unless they have one of their own; one for CI is for all the others."""
    ruled = Policies(
        [
            Policy("all", "CI", Rule.PRECEDENCE, "name", ("import",)),
            Policy("hosts", "Host", Rule.PRECEDENCE, "name", ("person",)),
            Policy("servers", "Server", Rule.PRECEDENCE, "name", ("import:assets", "agent")),
        ]
    ).catalogue()
    firsts = {name: ranking(ruled.cls(name), "name")[:2] for name in ("Site", "Host", "Server")}
    assert firsts == {
        "Site": ("override", "import"), "Host": ("override", "person"), "Server": ("override", "import:assets"),
    }  # fmt: skip
    assert Policies([]).catalogue() is catalogue()
