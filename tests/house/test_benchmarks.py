"""The benchmarks' own runner: what it says of each file, and what becomes of one that fails."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
GOOD = """
import os, sys
sys.path.insert(0, {here!r})
from common.figures import missing, told
print("good ran, small:", os.environ.get("BENCH_SMALL"))
told("a walk", 3, "ms", at_most=4)
told("a run", 3, "a second", at_least=4)
missing("the other", "apt install other")
"""


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, not started."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("benchmarks_runner", BENCHMARKS / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, made)  # dataclasses look their module up there
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("way", ["small", "one_by_one"])
def test_a_file_that_fails_hides_no_other(
    runner: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str], way: str
) -> None:
    """The others still run and their figures are told; the one that failed is in the table with its code."""
    (tmp_path / "bad.py").write_text("BESIDE_OTHERS = True\nraise SystemExit(3)\n")
    (tmp_path / "good.py").write_text("BESIDE_OTHERS = True\n" + GOOD.format(here=str(BENCHMARKS)))
    done = getattr(runner, way)([runner.File(tmp_path / name) for name in ("bad.py", "good.py")], tmp_path)
    lines = list(runner.table(done))
    assert "good ran" in capfd.readouterr().out
    assert [(one.file, one.code) for one in done] == [("bad.py", 3), ("good.py", 0)]
    assert [line.split("  ")[-1] for line in lines[1:4]] == ["met", "missed", "peer missing: apt install other"]
    assert lines[4].startswith("bad.py") and "FAILED with 3" in lines[4]


def test_every_benchmark_says_by_itself_how_it_may_run(runner: ModuleType) -> None:
    """Those that are told by the clock, or start processes that would spoil another's figure, run alone."""
    files = {file.path.stem: file for file in runner.chosen([])}
    alone = {name for name, file in files.items() if not file.beside_others}
    assert alone == {"front_door", "reports"}
    assert {name for name, file in files.items() if file.uses_neo4j} == {
        "change_assessment", "cypher", "imports", "many_agents", "reports",
    }  # fmt: skip


def test_one_file_is_run_by_name_and_its_figures_are_written_down(tmp_path: Path) -> None:
    """`python benchmarks FILE --small --json OUT` runs it alone; a wrong name is refused with the right ones."""
    out = tmp_path / "figures.json"
    command = [sys.executable, str(BENCHMARKS)]
    asked = [*command, "availability.py", "--small", "--json", str(out)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    told = json.loads(out.read_text())
    assert told["small"] is True
    assert {figure["file"] for figure in told["figures"]} == {"availability.py"}
    assert "1 files at small sizes" in done.stdout
    refused = subprocess.run([*command, "nothing.py"], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "there is no benchmark nothing.py; there are agent_cost.py," in refused.stderr
