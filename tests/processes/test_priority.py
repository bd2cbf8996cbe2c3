"""Priority: matrices in both directions, impact and urgency computed, overrides only with a reason."""

import itertools
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import DeclarationError, Invalid, UnknownName
from cmdb_processes import priority
from cmdb_processes.priority import GLPI, ITOP, PRESETS, SERVICENOW, Computed, Matrix, Reached


def test_the_presets_are_those_of_the_tools() -> None:
    """Corner cells and the middle, each in the tool's own numbers and direction."""
    assert [SERVICENOW.at(i, u) for i, u in (("high", "high"), ("medium", "high"), ("low", "low"))] == [1, 2, 5]
    assert [ITOP.at(i, u) for i, u in (("department", "critical"), ("person", "high"), ("department", "low"))] == [
        1,
        3,
        4,
    ]
    assert [GLPI.at(i, u) for i, u in (("very high", "very high"), ("medium", "medium"), ("very low", "very low"))] == [
        5,
        3,
        1,
    ]


def test_glpi_as_it_stores_it() -> None:
    """Its default table is keyed by urgency, then impact, and counts upwards: 5 is very high."""
    stored = {1: "11222", 2: "12233", 3: "22344", 4: "23445", 5: "23455"}
    for urgency, impact in itertools.product(range(1, 6), repeat=2):
        assert GLPI.at(GLPI.impacts[5 - impact], GLPI.urgencies[5 - urgency]) == int(stored[urgency][impact - 1])


@pytest.mark.parametrize("matrix", PRESETS.values(), ids=list(PRESETS))
def test_a_rank_is_the_same_direction_everywhere(matrix: Matrix) -> None:
    """The worst impact and urgency have rank 1, the least pressing the last, whatever the numbers are."""
    worst, least = (matrix.at(matrix.impacts[n], matrix.urgencies[n]) for n in (0, -1))
    assert (matrix.rank(worst), matrix.rank(least)) == (1, len(matrix.priorities))


def test_a_matrix_that_contradicts_itself_is_refused() -> None:
    """Too few rows or cells, an unknown number, one that presses less where it is worse, an unknown level."""
    for change, why in (
        ({"impacts": ("a",)}, "a row for each impact"),
        ({"urgencies": ("a",)}, "a cell for each urgency"),
        ({"priorities": (1, 2, 3, 4, 4)}, "names a priority twice"),
        ({"priorities": (1, 2, 3, 4)}, "none of its priorities"),
        ({"cells": ((1, 2, 3), (2, 3, 4), (3, 4, 3))}, "presses less"),
        ({"priorities": (5, 4, 3, 2, 1)}, "presses less"),
    ):
        with pytest.raises(DeclarationError, match=why):
            replace(SERVICENOW, **change)  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="no impact 'hihg'; known, highest first, are high, medium, low"):
        SERVICENOW.at("hihg", "low")
    with pytest.raises(UnknownName, match="no priority 6"):
        SERVICENOW.rank(6)


@pytest.mark.parametrize(
    ("services", "users", "level", "because"),
    [
        ([], 0, "low", "no service is down"),
        ([("web", "critical", "at risk")], 0, "low", "no service is down"),
        ([("web", "critical", "degraded"), ("pay", "critical", "down")], 0, "high", "pay is down .* and 1 more"),
        ([("web", "critical", "degraded")], 0, "medium", "web is degraded"),
        ([("crm", "low", "down")], 0, "low", "criticality low"),
        ([("crm", "low", "down")], 100, "medium", "100 users, which raises it by 1"),
        ([("crm", "high", "down")], 5000, "high", "5,000 users, which raises it by 1"),
        ([("odd", None, "down")], 3, "low", "criticality unknown, taken as medium.; 3 users"),
    ],
)
def test_impact_is_that_of_the_worst_service(
    services: list[tuple[str, str | None, str]], users: int, level: str, because: str
) -> None:
    """Services merely at risk do not count, users raise it, and the sentence says why."""
    found = priority.impact(SERVICENOW.impacts, [Reached(*one) for one in services], users)
    assert found.level == level
    assert re.search(because, found.because)


@pytest.mark.parametrize(
    ("left", "level"),
    [(None, "low"), (0, "high"), (3600, "high"), (3601, "medium"), (14_400, "medium"), (14_401, "low"), (10**9, "low")],
)
def test_urgency_is_what_is_left_of_the_target(left: int | None, level: str) -> None:
    """The less is left, the more urgent; without a promise it is the lowest."""
    assert priority.urgency(SERVICENOW.urgencies, left).level == level


_REACHED = st.lists(
    st.builds(
        Reached,
        st.sampled_from("abc"),
        st.sampled_from([*priority.CRITICALITIES, None]),
        st.sampled_from(["down", "degraded", "at risk"]),
    ),
    max_size=5,
)


@given(
    st.sampled_from(sorted(PRESETS)),
    _REACHED,
    _REACHED,
    st.integers(0, 2000),
    st.integers(0, 2000),
    st.integers(0, 99_999),
)
def test_more_reached_and_less_time_never_press_less(
    preset: str, some: list[Reached], more: list[Reached], users: int, others: int, left: int
) -> None:
    """Priority is monotone in services, users and time, in every preset."""
    matrix = PRESETS[preset]

    def rank(reached: list[Reached], count: int, seconds: int) -> int:
        how_bad = priority.impact(matrix.impacts, reached, count)
        return matrix.rank(matrix.at(how_bad.level, priority.urgency(matrix.urgencies, seconds).level))

    assert rank([*some, *more], users + others, left // 2) <= rank(some, users, left)


def test_an_override_needs_a_reason_and_keeps_what_was_computed() -> None:
    """It stays when the computed value moves, ends when that meets it, and can be taken back."""
    bad, soon = Computed("high", "pay is down"), Computed("low", "much is left")
    computed = priority.decide(SERVICENOW, bad, soon)
    assert (computed.value, computed.justified) == (3, True)
    with pytest.raises(Invalid, match="say why it is 1 and not 3 as computed"):
        priority.override(SERVICENOW, computed, 1, "anna", " ")
    with pytest.raises(UnknownName):
        priority.override(SERVICENOW, computed, 9, "anna", "the board is in the building")
    over = priority.override(SERVICENOW, computed, 1, "anna", "the board is in the building")
    assert (over.value, over.computed, over.override_by, over.justified) == (1, 3, "anna", True)
    moved = priority.decide(SERVICENOW, bad, Computed("medium", "less is left"), over)
    assert (moved.value, moved.computed, moved.override_reason) == (1, 2, "the board is in the building")
    met = priority.decide(SERVICENOW, bad, Computed("high", "nothing is left"), moved)
    assert (met.value, met.override_reason) == (1, "")
    assert priority.override(SERVICENOW, over, 3, "anna", "").override_by == ""
    assert not replace(over, override_reason="").justified
