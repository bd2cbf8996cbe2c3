"""Run the benchmarks and end with one table: what each found, its bar, and which peers are not installed.

    python benchmarks                               all, at full sizes, one after the other
    python benchmarks --small                       all, at small sizes, in less than a minute
    python benchmarks --small --json figures.json   and the table for machines
    python benchmarks reports.py imports.py         these two

Every file that lies here is one. A file that fails makes the run fail at its end; the others still run. A small run
saves time twice. It starts one Neo4j, which is emptied between its users and has Java's quick compiler alone. And files
that say `BESIDE_OTHERS`, because what they tell is processor time, memory or far from its bar, run first, side by side,
while that Neo4j starts; those whose figures are rates by the clock run alone. Small figures show that everything works
and about where it stands; the bars were set for full sizes.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from common import SMALL
from common.figures import Figure, kept, short
from common.running_neo4j import PATIENCE, SHARED

HERE = Path(__file__).parent
SIZE = {"BENCH_SMALL": "1"}
LIMIT = 7200
"""Seconds after which a file is told to stop."""


@dataclass(frozen=True)
class File:
    """One benchmark, and what its source says of how it may run."""

    path: Path

    @cached_property
    def _body(self) -> list[ast.stmt]:
        return ast.parse(self.path.read_text(encoding="utf-8")).body

    @property
    def beside_others(self) -> bool:
        """Whether it says that others may run at the same time."""
        targets = [one for part in self._body if isinstance(part, ast.Assign) for one in part.targets]
        return any(isinstance(one, ast.Name) and one.id == "BESIDE_OTHERS" for one in targets)

    @property
    def uses_neo4j(self) -> bool:
        """Whether it takes the Neo4j that a small run shares."""
        return any(isinstance(part, ast.ImportFrom) and part.module == "common.running_neo4j" for part in self._body)


@dataclass(frozen=True)
class Done:
    """How one file went."""

    file: str
    code: int
    seconds: float
    cpu: float
    figures: list[Figure] = field(default_factory=list)


def run(file: File, folder: Path, environment: dict[str, str], *, quiet: bool) -> Done:
    """One file in a process of its own. Its lines come as they are printed or, if `quiet`, all at its end."""
    figures, output = folder / f"{file.path.stem}.jsonl", folder / f"{file.path.stem}.out"
    variables = {**os.environ, **environment, "BENCH_FIGURES": str(figures), "PYTHONUNBUFFERED": "1"}
    heading = f"\n== {file.path.name}\n"
    if not quiet:
        print(heading, end="", flush=True)
    began = time.perf_counter()
    with output.open("wb") as lines:
        out = lines if quiet else None
        code, used = _ended(subprocess.Popen([sys.executable, str(file.path)], env=variables, stdout=out, stderr=out))
    took = time.perf_counter() - began
    said = heading + output.read_text(encoding="utf-8", errors="replace") if quiet else ""
    print(
        f"{said}   {took:.1f} s, of processors {used:.1f} s{f'; FAILED with {code}' if code else ''}\n",
        end="",
        flush=True,
    )
    return Done(file.path.name, code, took, used, kept(figures))


def _ended(child: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Its code, and seconds of processors: its own and of all that it has started and waited for."""
    begun, asked = time.monotonic(), False
    while True:
        ended, status, used = os.wait4(child.pid, os.WNOHANG)
        if ended:
            child.returncode = os.waitstatus_to_exitcode(status)
            return child.returncode or int(asked), used.ru_utime + used.ru_stime
        if not asked and time.monotonic() > begun + LIMIT:
            print(f"not done after {LIMIT} s: stopped", flush=True)
            child.send_signal(signal.SIGINT)  # so that it stops what it has started
            asked = True
        if asked and time.monotonic() > begun + LIMIT + 30:
            child.kill()
        time.sleep(0.02)


class Shared:
    """The Neo4j of a small run: it starts while other things run."""

    def __init__(self, folder: Path) -> None:
        self._described, self._log = folder / "neo4j.json", folder / "neo4j.log"
        self._began = time.monotonic()
        self.variables = {SHARED: str(self._described)}
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "common.running_neo4j", str(self._described)], cwd=HERE, env=os.environ | SIZE,
                stdin=subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip

    def answers(self) -> bool:
        """Wait until it does; or say why it does not."""
        while not self._described.exists():
            if self._child.poll() is not None or time.monotonic() > self._began + PATIENCE:
                print(
                    f"the shared Neo4j did not start, so each starts its own:\n{self._log.read_text(errors='replace')}"
                )
                return False
            time.sleep(0.02)
        return True

    def stop(self) -> None:
        """The end of its input is its end."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(60)


@contextmanager
def sharing(folder: Path, wanted: bool) -> Iterator[Shared | None]:
    """One that starts now, if wanted."""
    shared = Shared(folder) if wanted else None
    try:
        yield shared
    finally:
        if shared is not None:
            shared.stop()


def one_by_one(files: Sequence[File], folder: Path) -> list[Done]:
    """As by hand, each with all of the machine."""
    return [run(file, folder, {}, quiet=False) for file in files]


def small(files: Sequence[File], folder: Path) -> list[Done]:
    """Those that may run beside others, side by side, then the rest alone."""
    # With Neo4j first: they take longest.
    early = sorted((file for file in files if file.beside_others), key=lambda file: not file.uses_neo4j)
    late = [file for file in files if not file.beside_others]
    with sharing(folder, any(file.uses_neo4j for file in files)) as shared:
        given = SIZE if shared is None else SIZE | shared.variables
        with ThreadPoolExecutor((os.cpu_count() or 1) + 2) as pool:  # two more: some wait for Neo4j or a second to pass
            done = list(pool.map(lambda file: run(file, folder, given, quiet=True), early))
        if shared is not None and late and not shared.answers():
            given = SIZE
        return done + [run(file, folder, given, quiet=False) for file in late]


def table(done: Sequence[Done]) -> Iterator[str]:
    """The figures of all files, a line each."""
    rows = [(one.file, f) for one in done for f in one.figures]
    what = max((len(f.what) for _, f in rows), default=0)
    yield f"{'file':22}{'what':{what}}  {'ours':>8} {'unit':20}{'bar':>9}  "
    for file, f in rows:
        ours = "" if f.ours is None else short(f.ours)
        yield f"{file:22}{f.what:{what}}  {ours:>8} {f.unit:20}{f.bar:>9}  {f.word}{f': {f.hint}' if f.hint else ''}"
    for one in done:
        if one.code:
            yield f"{one.file:22}FAILED with {one.code} after {one.seconds:.1f} s"


def told(done: Sequence[Done], *, small: bool, seconds: float, load: float) -> dict[str, object]:
    """The same for machines."""
    return {
        "small": small, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "seconds": seconds,
        "processors": os.cpu_count(), "load_before": load,
        "files": [{"file": one.file, "seconds": one.seconds, "cpu": one.cpu, "code": one.code} for one in done],
        "figures": [{"file": one.file, **asdict(f), "word": f.word} for one in done for f in one.figures],
    }  # fmt: skip


def chosen(names: Sequence[str]) -> list[File]:
    """The files of these names; all, if none is named."""
    there = {path.name: File(path) for path in sorted(HERE.glob("*.py")) if path.name != Path(__file__).name}
    wanted = [Path(name).name for name in names] or list(there)
    if unknown := [name for name in wanted if name not in there]:
        raise SystemExit(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(there)}")
    return [there[name] for name in wanted]


def main() -> int:
    """Run, tell, and say by the exit code whether each file ran."""
    parser = argparse.ArgumentParser(
        prog="python benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="default: all")
    parser.add_argument("--small", action="store_true", help="small sizes; the same as BENCH_SMALL=1")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table there too, for machines")
    given = parser.parse_args()
    shrunk = given.small or SMALL
    files, load, began = chosen(given.files), os.getloadavg()[0], time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        done = (small if shrunk else one_by_one)(files, Path(folder))
    took, times = time.perf_counter() - began, os.times()
    words = [f.word for one in done for f in one.figures]
    failed = sum(one.code != 0 for one in done)
    print(f"\n== {len(done)} files at {'small' if shrunk else 'full'} sizes: {took:.0f} s, of processors "
          f"{times.children_user + times.children_system:.0f} s; load {load:.1f} before")  # fmt: skip
    print("\n".join(table(done)))
    print(f"{words.count('met')} met, {words.count('missed')} missed, {words.count('told')} without a bar, "
          f"{words.count('peer missing')} peers missing, {failed} files failed")  # fmt: skip
    if given.json:
        said = told(done, small=shrunk, seconds=took, load=load)
        given.json.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
