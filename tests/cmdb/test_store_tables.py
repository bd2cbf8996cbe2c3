"""The driver works out what it used to know by heart, and says the same."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from cmdb.store import tables


def test_the_driver_that_is_installed_keeps_none_of_the_tables() -> None:
    """A new version of it that calls them otherwise is noticed here."""
    import cmdb.store.session  # noqa: F401  # connects nothing, and has the driver forget

    for module, computed in tables.COMPUTED.items():
        for name, instead in computed.items():
            assert vars(import_module(module))[name] is instead, (module, name)


def test_days_of_months_and_years_are_as_in_the_calendar() -> None:
    """Leap years and the ends of what the driver knows too; out of it, it refuses as before."""
    from neo4j.time import Date

    assert [Date.days_in_month(2024, m) for m in range(1, 13)] == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert [Date.days_in_month(year, 2) for year in (1, 1900, 2000, 2023, 9999)] == [28, 28, 29, 28, 28]
    assert [Date.days_in_year(year) for year in (1900, 2000, 2023)] == [365, 366, 365]
    assert Date.is_leap_year(2000) and not Date.is_leap_year(1900)
    assert str(Date(2024, 2, 29).to_native()) == "2024-02-29"
    with pytest.raises(ValueError, match="out of range"):
        Date.days_in_month(10000, 1)


@pytest.mark.parametrize("number", [0, 1, 255, 256, 32767, 65535])
def test_numbers_of_two_bytes_are_packed_and_read_alike(number: int) -> None:
    """Both ways, in the order of bytes that goes over the wire."""
    packed = tables.COMPUTED["neo4j._codec.packstream.v1"]
    two = packed["PACKED_UINT_16"][number]
    assert two == number.to_bytes(2, "big")
    assert packed["UNPACKED_UINT_16"][two] == number


def test_a_driver_without_such_a_module_or_table_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there needs no forgetting."""
    monkeypatch.setitem(tables.COMPUTED, "neo4j.nowhere", {"A": tables.Computed(len)})
    monkeypatch.setitem(tables.COMPUTED, "sys", {"version": tables.Computed(len)})
    before = sys.version
    tables.forget()
    assert sys.version is before
