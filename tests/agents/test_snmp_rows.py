"""What a device said, in runs: the same as one dictionary of whole names would say, whatever the runs are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb_agents.transports import snmp_ber as ber
from cmdb_agents.transports.snmp_rows import Rows, after
from cmdb_agents.transports.snmp_walk import Walk

NAMES = st.lists(st.integers(0, 3), min_size=2, max_size=6).map(tuple)
HEADS = st.lists(st.integers(0, 3), max_size=3).map(tuple)
RUNS = st.lists(
    st.tuples(HEADS, st.dictionaries(NAMES, st.integers(0, 9), min_size=1, max_size=8)).map(
        lambda run: (run[0], sorted(run[1]), [run[1][tail] for tail in sorted(run[1])])
    ),
    max_size=6,
)


@given(RUNS, NAMES)
def test_runs_say_what_a_dictionary_says(runs: list[ber.Run], root: ber.Oid) -> None:
    """Every name once, in order, and found; every column is what stands under its root, whichever runs hold it."""
    readings: dict[ber.Oid, set[object]] = {}
    for head, tails, told in runs:
        for tail, value in zip(tails, told, strict=True):
            readings.setdefault(head + tail, set()).add(value)
    rows = Rows([(head, list(tails), list(told)) for head, tails, told in runs])
    assert (len(rows), list(rows)) == (len(readings), sorted(readings))
    assert [name for name, _ in rows.items()] == sorted(readings)
    assert all(rows[name] in told and rows.get(name) == value for (name, value), told in zip(
        rows.items(), (readings[name] for name in sorted(readings)), strict=True
    ))  # fmt: skip
    under = {name: rows[name] for name in sorted(readings) if root < name < after(root)}
    assert list(rows.column(root).items()) == [(name[len(root) :], value) for name, value in under.items()]
    assert rows.get((*root, 9)) is None


@pytest.mark.parametrize("values", [{}, {(1, 3, 6, 1): b"x", (1, 3, 6, 2): 7, (1, 3): (1, 3)}])
def test_a_dictionary_becomes_runs_and_is_equal(values: dict[ber.Oid, ber.SnmpValue]) -> None:
    """A walk may be made of a dictionary; what it holds is equal to it."""
    assert Walk(values).values == values
    assert Walk(values) == Walk(Rows.of(values))


def test_what_was_learned_is_bounded() -> None:
    """Bytes of any number of devices never fill more than their share, and are read as at first when forgotten."""
    learned = ber._Learned(int.from_bytes, {b"known": 0})
    for number in range(3 * ber._KEPT):
        assert learned[number.to_bytes(4, "big")] == number
        assert len(learned) <= ber._KEPT
    assert learned[b"known"] == 0
    before = len(learned)
    assert learned[b"x" * (ber._SHORT + 1)] > 0
    assert len(learned) == before
