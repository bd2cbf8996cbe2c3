"""Redundancy rules: one line that checks itself, and the groups that follow from it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.classes import catalogue
from cmdb.errors import Invalid
from cmdb.impact import Model, model_of
from cmdb.ingest import values
from cmdb.words import COMMON, Redundancy, Share


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"condition": "broken"}, "attributes.condition: is down, degraded, up, not 'broken'"),
        ({"redundancy": ["one of them"]}, "no rule like USES: 1 of db-1"),
        ({"redundancy": ["USES: 1 of a*x"]}, "is no member like"),
        ({"redundancy": ["USES: 3 of a, b"]}, "attributes.redundancy: USES: 3 of a, b: 3 of 2 can never be there"),
        ({"redundancy": ["USES: 1 of a, b full 3"]}, "3 of 2 can never be there"),
        ({"redundancy": ["USES: 0 of a"]}, "0 is not 1 or more"),
        ({"redundancy": ["USES: 1 of a*0"]}, "a must weigh 1 or more"),
        ({"redundancy": ["USES: 2 of a, b full 1"]}, "whole with less than it needs to live"),
        ({"redundancy": ["USES: 60% full 50%"]}, "whole with less than it needs to live"),
        ({"redundancy": ["USES: 1 of a, a"]}, "a is named twice"),
        ({"redundancy": ["USES: 101%"]}, "101% is not 1 or more, or 1% to 100%"),
        ({"redundancy": ["USES: 1", "USES: 1 of " + ", ".join(f"c{n}" for n in range(1001))]}, "at most 1000 members"),
    ],
)
def test_what_says_nothing_is_refused_for_every_class(attributes: dict[str, Any], said: str) -> None:
    """A state there is not, and rules that contradict themselves, each with a sentence."""
    for cls in ("Host", "BusinessService", "Site"):
        with pytest.raises(Invalid) as error:
            values(catalogue().cls(cls), attributes, "attributes", whole=False)
        assert said in error.value.message


def test_every_class_has_the_common_attributes_once() -> None:
    """Also those that are a kind of another."""
    for cls in catalogue().classes.values():
        assert [a for a in cls.attributes if a in COMMON] == list(COMMON)


RULES = st.builds(
    lambda relation, amount, percent, soft, members: Redundancy(
        relation, Share(amount, percent), None, soft, tuple(members.items()) if percent else ()
    ),
    st.sampled_from(["USES", "RUNS_ON"]), st.integers(1, 100), st.booleans(), st.booleans(),
    st.dictionaries(st.text("abc-_ .", min_size=1).map(str.strip).filter(bool), st.integers(1, 9), max_size=4),
)  # fmt: skip


@given(RULES)
def test_a_rule_is_read_as_it_is_written(rule: Redundancy) -> None:
    """Text and noun say the same."""
    assert Redundancy.parse(str(rule)) == rule


@pytest.mark.parametrize(("percent", "total", "needed"), [(50, 2, 1), (50, 3, 2), (1, 5, 1), (100, 7, 7), (34, 3, 2)])
def test_a_percentage_is_rounded_up(percent: int, total: int, needed: int) -> None:
    """The least whole weight that is not below it."""
    assert Share(percent, True).of(total) == needed


def made(*rules: str, names: dict[str, str] | None = None) -> Model:
    """A CI on two databases and a host, with rules."""
    edges = [("e1", "DEPENDS_ON", "x", "a"), ("e2", "DEPENDS_ON", "x", "b"), ("e3", "RUNS_ON", "x", "h")]
    return model_of(edges, catalogue().relations, {"x": rules}, names or {"a": "db one", "b": "db two", "h": "h"})


def test_a_rule_takes_its_members_out_of_what_is_needed_alone() -> None:
    """By id or by name, names with spaces too; whatever no rule speaks of stays as its relation says."""
    for rule in ("DEPENDS_ON: 1 of a, b", "DEPENDS_ON: 1 of db one, db two", "DEPENDS_ON: 50%", "DEPENDS_ON: 1"):
        groups = made(rule).groups["x"]
        assert [(tuple(e.target for e in g.edges), g.k_min, g.name) for g in groups] == [
            (("a", "b"), 1, rule), (("h",), 1, "RUNS_ON"),
        ]  # fmt: skip
    assert [len(g.edges) for g in made("DEPENDS_ON: 1 of a").groups["x"]] == [1, 1, 1]


def test_a_name_that_two_dependencies_have_is_told_and_not_chosen() -> None:
    """It counts for neither, and both are needed as before."""
    found = made("DEPENDS_ON: 1 of db", names={"a": "db", "b": "db"})
    assert [p.why for p in found.problems] == [
        "2 of its dependencies are called db: name them by id", "it has no member",
    ]  # fmt: skip
    assert sorted(len(g.edges) for g in found.groups["x"]) == [0, 1, 1, 1]


def test_a_percentage_is_of_all_that_the_rule_names() -> None:
    """A member that is gone is not forgotten: half of four named stays two."""
    found = made("DEPENDS_ON: 50% of a, b, c, d")
    assert (found.groups["x"][0].k_min, found.groups["x"][0].total, len(found.problems)) == (2, 2, 2)
