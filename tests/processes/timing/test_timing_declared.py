"""Calendars as plain data: read from what people write, written out, read back the same."""

import json
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cmdb.errors import Invalid
from cmdb_processes.timing import declared
from cmdb_processes.timing.holidays import Holiday
from cmdb_processes.timing.hours import Hours
from cmdb_processes.timing.spans import moment

assert declared.__doc__
EXAMPLE = "\n".join(line[4:] for line in declared.__doc__.splitlines() if line.startswith("    "))


def test_the_example_is_read() -> None:
    """What the module's own page shows is a calendar, and YAML's dates are days."""
    office = declared.read(yaml.safe_load(EXAMPLE))
    assert office.on(date(2026, 12, 31)) == (Hours.parse("08:00-12:00"),)
    assert office.on(date(2026, 12, 24)) == office.on(date(2027, 11, 1)) == ()
    assert Holiday(date(2027, 3, 26), "Good Friday") in office.holidays
    assert office.elapsed(moment("2026-12-23T00:00Z"), moment("2027-01-01T00:00Z")) == (8 * 4 + 4) * 3600


def test_what_is_written_is_read_back() -> None:
    """Through JSON, with every holiday written out and no country or rule left."""
    office = declared.read(yaml.safe_load(EXAMPLE))
    stored = json.loads(json.dumps(declared.written(office)))
    assert declared.read(stored) == office
    assert set(stored["holidays"]) == {"days"}


_GOOD = {"name": "x", "zone": "UTC", "workdays": "08:00-17:00"}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"name": "x", "zone": "UTC"}, "either workdays or weekly"),
        ({**_GOOD, "weekly": {}}, "either workdays or weekly"),
        ({"zone": "UTC", "workdays": "08:00-17:00"}, "name: is missing"),
        ({**_GOOD, "zone": 7}, "zone: is missing or no text"),
        ({**_GOOD, "colour": "red"}, "no key 'colour'; known are"),
        ({**_GOOD, "holidays": {"country": "DE"}}, "holidays.years: is missing"),
        ({**_GOOD, "holidays": {"country": "DE", "years": ["soon"]}}, "is a list of up to 50 years"),
        ({**_GOOD, "holidays": {"country": "DE", "years": list(range(2000, 2060))}}, "is a list of up to 50 years"),
        ({**_GOOD, "holidays": {"days": {"2026-02-30": "x"}}}, "'2026-02-30' is no day"),
        ({**_GOOD, "holidays": []}, None),
        ({**_GOOD, "holidays": [1]}, "is no mapping"),
        ({**_GOOD, "exceptions": {"day": "2026-01-01"}}, "is no list"),
        ({**_GOOD, "exceptions": [{"day": "2026-01-01"}]}, "why: is missing"),
        ({**_GOOD, "exceptions": [{"day": "2026-01-01", "why": "x", "hours": "nine"}]}, "no interval like"),
        ({"name": "x", "zone": "UTC", "weekly": {"mo": "08:00-17:00"}}, "'mo' is no day"),
        ({"name": "x", "zone": "UTC", "weekly": {"mon": 8}}, "mon: is missing or no text"),
        ({"name": "x", "zone": "UTC", "weekly": {}}, "never open"),
    ],
)
def test_the_wrong_key_is_named(data: dict[str, object], why: str | None) -> None:
    """In a sentence; what is merely empty is nothing."""
    if why is None:
        declared.read(data)
        return
    with pytest.raises(Invalid, match=why):
        declared.read(data)


_PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


@given(st.sampled_from(["name", "zone", "workdays", "holidays", "exceptions", "weekly"]), _PLAIN)
def test_whatever_is_written_is_read_or_refused(key: str, value: object) -> None:
    """No data makes the reader fail in another way."""
    data = {**_GOOD, key: value}
    if key == "weekly":
        del data["workdays"]
    try:
        read = declared.read(data)
    except Invalid:
        return
    assert declared.read(declared.written(read)) == read
