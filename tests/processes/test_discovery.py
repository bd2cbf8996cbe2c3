"""Processes and commands are found, never listed; and finding them loads no part of the server."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from cmdb.errors import DeclarationError
from cmdb_processes.change import PROCESS
from cmdb_processes.cli.server import processes as discovery


class Point:
    """An installed entry point."""

    def __init__(self, loads: Any) -> None:
        self.loads = loads

    def load(self) -> Any:
        """What an entry point of the group `epicentre.processes` gives: a module with a PROCESS."""
        return self.loads


def test_every_package_with_a_process_is_found() -> None:
    """The change process is there because its package is."""
    assert discovery.processes()["change"] is PROCESS


def test_a_process_installed_by_others_is_found_and_no_name_taken_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point adds a process; one that takes the name of another stops the start."""
    ours = set(discovery.processes())
    other = SimpleNamespace(name="release", commands=(), records=())
    monkeypatch.setattr(discovery, "entry_points", lambda group: [Point(SimpleNamespace(PROCESS=other))])
    assert set(discovery.processes()) == {*ours, "release"}
    twin = SimpleNamespace(name="change")
    monkeypatch.setattr(discovery, "entry_points", lambda group: [Point(SimpleNamespace(PROCESS=twin))])
    with pytest.raises(DeclarationError, match="declared twice"):
        discovery.processes()


def test_the_command_line_loads_no_server() -> None:
    """Every command is registered without the web, the database driver or the drawing library."""
    program = "import sys; from cmdb_processes.cli.main import build; build(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "typer" in loaded
    assert not loaded & {"strawberry", "fastapi", "starlette", "uvicorn", "neo4j", "rich", "httpx", "graphql"}
