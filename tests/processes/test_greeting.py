"""The first answer is a courtesy: a server that runs goes on without it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.servers import free_port

from cmdb.config import Settings
from cmdb.store import Store
from cmdb_graphql.client import HttpClient
from cmdb_processes.cli.server.run import Run, _tell_of_strangers


def test_a_start_goes_on_when_its_first_answer_takes_too_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What keeps the answer away is said, and the server is ready all the same."""
    settings = Settings(home=tmp_path, neo4j_uri="bolt://127.0.0.1:1")
    nobody = f"http://127.0.0.1:{free_port()}"
    Run(settings, agent=True)._greet(HttpClient(nobody, "epi_none"), nobody, time.monotonic())
    said = capsys.readouterr().out
    assert "the first answer has to wait: " in said and "ready after" in said
    assert (tmp_path / "ready").exists()


def test_a_start_goes_on_when_the_classes_in_the_graph_cannot_be_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A million CIs on a machine that is busy take longer to count than a question may."""
    store = Store("bolt://127.0.0.1:1", "neo4j", "none", patience=0.1)
    try:
        _tell_of_strangers(store)
    finally:
        store.close()
    assert "were not looked for: Neo4j does not answer" in capsys.readouterr().out


def test_neo4j_is_started_before_what_takes_long_is_loaded() -> None:
    """Until then nothing brings the driver, the web or the arrays: they are loaded while Neo4j starts."""
    late = {"neo4j", "numpy", "fastapi", "strawberry"}
    asked = f"import sys, cmdb_processes.cli.server.run; print(sorted({late!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
