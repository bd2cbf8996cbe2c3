"""The page about the ladder: its commands exist, its question fits the schema, its figures are those of the code."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path

import graphql
import pytest
from typer.testing import CliRunner

from cmdb_graphql.pictures.folding import ALIKE, MOST_BOXES, MOST_COLUMNS
from cmdb_graphql.pictures.words import SIGNS, STALE_S
from cmdb_processes.cli.company.estate import estate
from cmdb_processes.cli.company.inventory import APPS, DATABASES, PLACES, SOLD
from cmdb_processes.cli.main import build

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ladder.md").read_text()
COMMANDS = re.findall(r"^\$ epicentre (.+?)(?:\s+#.*)?$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_on_the_page_exists(command: str) -> None:
    """Its name and options are known; `--help` behind them keeps it from asking a server."""
    done = CliRunner().invoke(build(), [*shlex.split(command), "--help"])
    assert done.exit_code == 0, done.output


def test_the_question_on_the_page_fits_the_schema() -> None:
    """As the schema is that we promise outside."""
    schema = graphql.build_schema((ROOT / "graphql" / "schema.graphql").read_text())
    (question,) = re.findall(r"```graphql\n(.+?)```", PAGE, re.DOTALL)
    assert graphql.validate(schema, graphql.parse(question)) == []


def test_the_figures_and_signs_on_the_page_are_those_of_the_code() -> None:
    """Limits of the ladder, the size of the example, and each sign in both forms."""
    assert (ALIKE, MOST_BOXES, MOST_COLUMNS, STALE_S) == (5, 60, 10, 7 * 86_400)
    assert (len(PLACES), len(DATABASES), len(APPS), len(SOLD)) == (2, 9, 18, 12)
    assert f"; {sum('class' in row for row in estate(date(2030, 1, 10)))} CIs." in PAGE
    for degree in ("DOWN", "DEGRADED", "AT RISK"):
        assert f"| {SIGNS[degree].drawn} {degree} | `{SIGNS[degree].ascii} {degree}` |" in PAGE
