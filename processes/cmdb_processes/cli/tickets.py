"""What the commands of incidents and requests share: a mutation from its arguments, and the clocks of a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb_processes.cli import asking, records

LEVELS = """
query Levels($number: String!) {
  serviceLevels(number: $number) { readings { kind state elapsed left breachAt breached paused sentence } }
}
"""


def give(name: str, given: Mapping[str, Any], fields: str, types: Mapping[str, str]) -> Any:
    """Give a command; what is None is left out, what has no type in `types` is a text."""
    said = {one: value for one, value in given.items() if value is not None}
    declared = ", ".join(f"${one}: {types.get(one, 'String!')}" for one in said)
    passed = ", ".join(f"{one}: ${one}" for one in said)
    document = f"mutation Give({declared}) {{ {name}({passed}) {{ {records.FIELDS} {fields} {records.HISTORY} }} }}"
    return asking.ask(document, **said)[name]


def levels(number: str) -> list[dict[str, Any]]:
    """What the clocks of a record show."""
    found: list[dict[str, Any]] = asking.ask(LEVELS, number=number)["serviceLevels"]["readings"]
    return found
