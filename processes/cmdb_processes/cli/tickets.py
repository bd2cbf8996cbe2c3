"""What the commands of incidents and requests share: a mutation from its arguments, and the clocks of a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import typer

from cmdb.errors import Invalid
from cmdb.words import Category
from cmdb_processes.cli import asking, records, show

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


def pairs(given: Sequence[str] | None, option: str, example: str) -> list[tuple[str, str]]:
    """NAME=VALUE each, as pairs; Invalid names one that is none."""
    found = [one.partition("=") for one in given or ()]
    if wrong := [name + sign for name, sign, _ in found if not sign or not name]:
        raise Invalid(f"{wrong[0]!r} is not like {example}", where=option)
    return [(name, value) for name, _, value in found]


def categories(given: Sequence[str] | None) -> list[str] | None:
    """Names of categories, in whatever case and however their words are joined."""
    if given is None:
        return None
    found = [one.strip().upper().replace(" ", "_").replace("-", "_") for one in given]
    if wrong := set(found) - {category.name for category in Category}:
        known = ", ".join(category.name for category in Category)
        raise Invalid(f"is one of {known}, not {sorted(wrong)[0]}", where="--category")
    return found


def levels(number: str) -> list[dict[str, Any]]:
    """What the clocks of a record show."""
    found: list[dict[str, Any]] = asking.ask(LEVELS, number=number)["serviceLevels"]["readings"]
    return found


def print_one(record: dict[str, Any], describe: Callable[[dict[str, Any]], None], json: bool) -> None:
    """A record, its clocks, links and history. Exit code 2 when a promise is broken."""
    found = levels(record["number"])
    if json:
        show.emit({**record, "readings": found})
    else:
        describe(record)
        for one in found:
            show.out(f"  {one['sentence']}")
        records.print_links(record)
        records.print_history(record)
    if any(one["breached"] for one in found):
        raise typer.Exit(2)
