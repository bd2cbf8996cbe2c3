"""That the command line is whole: every command explains itself, speaks JSON and says when a list goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperCommand

from cmdb_processes import cli
from cmdb_processes.cli import main
from cmdb_processes.cli.options import AsOf, Json, JsonLines

CALLED = "epicentre"
NO_JSON = {
    "query": "prints the answer as JSON",
    "export": "writes JSON lines or CSV",
    "calendar ics": "writes iCalendar",
    "change report": "writes a page",
    "up": "stays, and logs",
    "demo": "stays, and logs",
    "down": "tells that a process has ended",
    "discover run": "stays, and logs",
}
"""The only commands without --json, and what they print instead."""


def commands(command: Any, *before: str) -> Iterator[tuple[str, TyperCommand]]:
    """Every command that does something."""
    for name, one in getattr(command, "commands", {}).items():
        yield from commands(one, *before, name)
    if not hasattr(command, "commands"):
        yield " ".join(before), command


ALL = dict(commands(typer.main.get_command(main.build())))


def option(command: TyperCommand, name: str) -> Any:
    """The option of this name, or None."""
    return next((one for one in command.params if name in one.opts), None)


def test_there_are_commands() -> None:
    """The walk finds them all: those of groups within groups, too."""
    assert {"up", "ci list", "change template list", "discover keys pin"} <= ALL.keys()
    assert NO_JSON.keys() <= ALL.keys()


@pytest.mark.parametrize("name", ALL)
def test_a_command_explains_itself(name: str) -> None:
    """It has a sentence, an example of itself that names no option it lacks, and a word about each option."""
    command = ALL[name]
    assert command.help
    assert command.help.split("\n")[0].strip().endswith((".", ":", ";")), command.help
    examples = str(command.epilog).partition("Exit codes:")[0]
    assert f"{CALLED} {name}" in examples
    for one in re.split(r"; |\s\| |^Examples?: ", examples):
        if one.strip().startswith(f"{CALLED} {name}"):
            for said in re.findall(r"(?<=\s)--[a-z][a-z-]+", re.sub(r"'[^']*'", "", one)):
                assert option(command, said), f"{name} has no {said}"
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{name}: nothing is said of {parameter.name}"


@pytest.mark.parametrize("name", ALL)
def test_what_prints_data_prints_json(name: str) -> None:
    """Every command has --json, told in the same words everywhere, but those that print something of their own."""
    found = option(ALL[name], "--json")
    if name in NO_JSON:
        assert found is None, "it is in the list of those without"
        return
    assert found is not None
    lines = Json if name != "watch" else JsonLines
    assert found.help == lines.__metadata__[0].help


@pytest.mark.parametrize("name", ALL)
def test_options_are_told_in_the_same_words(name: str) -> None:
    """--as-of means the same everywhere, and a list that can be cut is cut somewhere, if nobody says where."""
    as_of, first = option(ALL[name], "--as-of"), option(ALL[name], "--first")
    if as_of is not None and name != "history":  # which tells what was until a moment, not how it stood then
        assert as_of.help == AsOf.__metadata__[0].help
    if first is not None:
        assert first.default > 0


def test_the_option_is_declared_once() -> None:
    """Nobody words --json for himself: all take it from one place."""
    there = [path for path in Path(str(cli.__file__)).parent.rglob("*.py") if '"--json"' in path.read_text()]
    assert [path.name for path in there if path.name not in {"options.py", "run.py", "impact.py"}] == []


def test_a_list_that_can_be_cut_says_so() -> None:
    """Whoever asks for the first rows of a list tells on stderr, or in a line of its own, that others follow."""
    silent = []
    for name, command in ALL.items():
        if option(command, "--first") is not None:
            assert command.callback is not None
            module = Path(command.callback.__wrapped__.__code__.co_filename).read_text()  # type: ignore[attr-defined]
            if not re.search(r"show\.more\(|show\.follow\(|--first has|larger --first|records\.", module):
                silent.append(name)
    assert silent == []
