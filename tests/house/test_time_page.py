"""The page about time: every command on it is one, every question on it fits the schema."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import graphql
import pytest
from typer.testing import CliRunner

from cmdb_processes.cli.main import build

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "time.md").read_text()
COMMANDS = re.findall(r"^\$ epicentre (.+?)(?:\s+#.*)?$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_on_the_page_exists(command: str) -> None:
    """Its name and options are known; `--help` behind them keeps it from asking a server."""
    done = CliRunner().invoke(build(), [*shlex.split(command), "--help"])
    assert done.exit_code == 0, done.output


def test_every_question_on_the_page_fits_the_schema() -> None:
    """As the schema is that we promise outside."""
    schema = graphql.build_schema((ROOT / "graphql" / "schema.graphql").read_text())
    questions = re.findall(r"```graphql\n(.+?)```", PAGE, re.DOTALL)
    assert len(questions) == 3 and len(COMMANDS) > 12
    for question in questions:
        assert graphql.validate(schema, graphql.parse(question)) == []
