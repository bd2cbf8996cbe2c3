"""Public ids, one by one and many at once."""

from __future__ import annotations

import re

from cmdb.store.facts import new_id, new_ids


def test_ids_drawn_together_are_as_those_drawn_alone() -> None:
    """A hundred bits behind the kind, none twice, also where one draw ends and the next begins."""
    make = new_ids(at_once=7)
    made = [make("ci") for _ in range(100)] + [new_id("ci") for _ in range(100)]
    assert len(set(made)) == 200
    assert all(re.fullmatch(r"ci_[0-9a-f]{25}", one) for one in made)
    assert make("ed").startswith("ed_")
