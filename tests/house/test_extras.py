"""What an extra promises: the agent, the collector's command and the client run with what they name, and no more."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NAME = re.compile(r"[A-Za-z0-9._-]+")
RUNNER = """\
import sys
from importlib import import_module
allowed, ours = set(sys.argv[1].split(",")), {"cmdb", "cmdb_agents", "cmdb_graphql", "cmdb_processes"}
class Absent:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in allowed | ours | sys.stdlib_module_names and not top.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
module, _, function = sys.argv[2].partition(":")
sys.argv[:] = ["command", *sys.argv[3:]]
getattr(import_module(module), function)()
"""
"""Runs a command where only some modules can be imported."""


def canonical(name: str) -> str:
    """A distribution's name as they are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def modules(*extras: str) -> set[str]:
    """The top-level modules that an installation with these extras has."""
    wanted = list(PROJECT["dependencies"])
    asked, seen = list(extras), set[str]()
    while asked:
        if (extra := asked.pop()) not in seen:
            seen.add(extra)
            for line in PROJECT["optional-dependencies"][extra]:
                own = re.fullmatch(r"epicentre\[(.*)\]", line)
                asked += own[1].split(",") if own else []
                wanted += [] if own else [line]
    found: set[str] = set()
    while wanted:
        name = canonical(NAME.match(wanted.pop())[0])  # type: ignore[index]
        if name not in found:
            found.add(name)
            try:
                needs = requires(name) or []
            except PackageNotFoundError:  # of another system
                continue
            wanted += [line for line in needs if "extra ==" not in line]
    return {top for top, names in packages_distributions().items() if {canonical(n) for n in names} & found}


def command(name: str, *words: str, extras: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """An installed command, with what these extras bring."""
    line = [sys.executable, "-c", RUNNER, ",".join(modules(*extras)), PROJECT["scripts"][name], *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)


def test_the_agent_needs_no_extra(tmp_path: Path) -> None:
    """Its command looks at this host with what a plain installation has."""
    done = command("epicentre-agent", "--home", str(tmp_path), "show", "host")
    assert done.returncode == 0, done.stderr
    assert "Host self" in done.stdout


def test_the_command_line_says_what_it_needs() -> None:
    """Beside an agent alone, and for what only a server has, one sentence names what to install."""
    for words, extras in ((["--help"], ()), (["up"], ("ssh",))):
        done = command("epicentre", *words, extras=extras)
        assert (done.returncode, done.stdout) == (5, "")
        assert done.stderr.count("\n") == 1
        assert "is missing): pip install 'epicentre[server]'" in done.stderr


@pytest.mark.parametrize(("kind", "secret"), [("ssh", "password"), ("snmp", "community")])
def test_a_collector_needs_its_extra_alone(kind: str, secret: str, tmp_path: Path) -> None:
    """With `epicentre[ssh]` or `epicentre[snmp]` a credential is kept and a look at its place is planned."""
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "secret").chmod(0o600)
    home = ["--home", str(tmp_path / "home")]
    words = ["discover", "credential", "add", "rack", "--kind", secret, "--for", "10.0.0.0/8", "--file"]
    user = ["--user", "root"] if kind == "ssh" else []
    done = command("epicentre", *words, str(tmp_path / "secret"), *user, *home, extras=(kind,))
    assert done.returncode == 0, done.stderr
    (tmp_path / "home" / "targets.toml").write_text(
        f'[target.rack]\nkind = "{kind}"\nhosts = ["10.0.7.3"]\ncredentials = ["rack"]\n'
    )
    done = command("epicentre", "discover", kind, "rack", "--dry-run", *home, extras=(kind,))
    assert done.returncode == 0, done.stderr
    assert "10.0.7.3" in done.stdout
