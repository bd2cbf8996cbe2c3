"""epicentre import and export against the real server: files in, files out, interrupted and gone on with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import free_port, wipe
from support.imported import edge, node
from support.questions import estate, parts
from support.reports import NOW, host, report
from typer.testing import CliRunner, Result

from cmdb.errors import Unavailable
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql.app import create_app
from cmdb_graphql.client import HttpClient
from cmdb_graphql.serve import Server
from cmdb_processes.cli import asking
from cmdb_processes.cli.main import build
from cmdb_processes.cli.transfer import sending

pytestmark = pytest.mark.neo4j
Cli = Callable[..., Result]


@pytest.fixture
def cli(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """The command line as an admin of a running server."""
    with parts(tmp_path / "home", store) as made:
        port = free_port()
        server = Server(create_app(made), "127.0.0.1", port)
        server.start()
        made.accounts.create_user("ada", [Role.ADMIN])
        token = tmp_path / "token"
        token.touch(0o600)
        token.write_text(made.accounts.create_token("ada", "tests"))
        first = ["--plain", "--url", f"http://127.0.0.1:{port}", "--token-file", str(token)]
        yield lambda *words: CliRunner().invoke(build(), [*first, *map(str, words)])
        server.stop()
    asking.OPTIONS.update(url=None, token_file=None, plain=False)


def written(path: Path, *rows: Any) -> Path:
    """A file with a row a line; texts stand as they are."""
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n")
    return path


def outcomes(path: Path) -> list[dict[str, Any]]:
    """The lines of an outcome file without its first and last."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert "epicentre_outcomes" in lines[0] and "epicentre_done" in lines[-1]
    told = [one for one in lines[1:] if "epicentre_done" not in one]
    return sorted(told, key=lambda one: one["line"] or 0)


ROWS = (
    edge("DEPENDS_ON", "b", "s"),
    node("Service", "shop", ref="s", parent="h", kind="program", listens=["tcp://10.0.0.9:443"]),
    node("BusinessService", "Sales", ref="b", code="SALES"),
    node("Server", 'the "big" one, =1+1', ref="h", serial="AAAA1111", vendor="Dell", power_w=3.5, rack_unit=3),
)


@pytest.mark.parametrize("kind", ["jsonl", "csv", "jsonl.gz"])
def test_a_graph_goes_through_a_file_into_an_empty_one(cli: Cli, store: Store, tmp_path: Path, kind: str) -> None:
    """Agents' hosts, placeholders and imported rows: export, wipe, import: the same digest; twice is once."""
    estate(store)
    assert cli("import", written(tmp_path / "in.jsonl", *ROWS), "--source", "assets").exit_code == 0
    before, file = store.lines(), tmp_path / f"all.{kind}"
    done = cli("export", "-o", file)
    assert done.exit_code == 0 and "CIs and" in done.stderr, done.output
    wipe(store)
    done = cli("import", file, "--json")
    assert done.exit_code == 0, (done.output, outcomes(tmp_path / f"{file.name}.outcomes.jsonl"))
    assert set(json.loads(done.stdout)["counts"]) == {"created"}
    assert store.lines() == before
    assert set(json.loads(cli("import", file, "--json").stdout)["counts"]) == {"unchanged"}


def test_every_bad_line_is_named_and_every_good_one_done(cli: Cli, store: Store, tmp_path: Path) -> None:
    """Line numbers are those of the file, whatever order rows were sent in; the exit code says that some failed."""
    file = written(tmp_path / "assets.jsonl", *ROWS, "{", "", '"x"', node("Hosst", "x"), edge("RUNS_ON", "s", "gone"))
    done = cli("import", file)
    assert done.exit_code == 2 and "line 9: invalid: from" not in done.stdout
    found = outcomes(tmp_path / "assets.jsonl.outcomes.jsonl")
    assert [one["line"] for one in found] == [1, 2, 3, 4, 5, 7, 8, 9]
    assert [one["outcome"] for one in found] == ["created"] * 4 + ["invalid"] * 4
    assert "4 created, 4 invalid" in done.stdout or "4 created" in done.stdout
    assert "to: no row and no CI is called 'gone'" in done.stdout and "line 8: invalid" in done.stdout
    assert store.counts() == {"Server": 1, "Service": 1, "BusinessService": 1}


def test_csv_says_what_is_wrong_by_line(cli: Cli, store: Store, tmp_path: Path) -> None:
    """Types come from the classes; a cell that does not fit is the row's error alone."""
    file = tmp_path / "racks.csv"
    file.write_text("class,name,code,room_code,height_units\nRack,R1,R1,A,42\nRack,R2,R2,A,tall\nRack,R3,R3,A,,,\n")
    done = cli("import", file)
    assert done.exit_code == 2 and store.counts() == {"Rack": 1}
    assert "line 3: invalid: attributes.height_units: expected int, not 'tall'" in done.stdout
    assert "line 4: invalid: 7 cells, but 5 columns" in done.stdout
    assert "names the columns" in str(cli("import", written(tmp_path / "odd.csv", "a,b", "1,2")).exception)


def test_a_dry_run_of_many_parts_is_what_then_happens(
    cli: Cli, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that build on each other are rehearsed with what they build on; nothing is written."""
    monkeypatch.setattr(sending, "MOST_ROWS", 3)
    deep = [node("Organisation", "HQ", ref="o", code="HQ"), node("Organisation", "IT", ref="i", code="IT", parent="o")]
    file = written(tmp_path / "assets.jsonl", *ROWS, *deep, edge("OWNED_BY", "h", "i"), node("Host", "x"))
    assert cli("import", file, "--dry-run").exit_code == 2
    assert (store.counts(), store.sequence()) == ({}, 0)
    rehearsed = outcomes(tmp_path / "assets.jsonl.dry-run.jsonl")
    assert cli("import", file).exit_code == 2
    done = outcomes(tmp_path / "assets.jsonl.outcomes.jsonl")
    assert [(o["line"], o["outcome"], o["reason"]) for o in rehearsed] == [
        (o["line"], o["outcome"], o["reason"]) for o in done
    ]


def test_an_interrupted_import_goes_on(cli: Cli, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has its outcome is not sent again; a changed file or another source begins anew."""
    monkeypatch.setattr(sending, "MOST_ROWS", 2)
    many = [node("Application", f"a{n}", ref=f"a{n}", code=f"APP{n:03}") for n in range(9)]
    file, sent = written(tmp_path / "apps.jsonl", *many), 0
    ask = HttpClient.ask

    def broken(self: HttpClient, document: str, **variables: Any) -> dict[str, Any]:
        nonlocal sent
        sent += len(variables["rows"].splitlines())
        if sent > 6:
            raise Unavailable("the line is cut")
        return ask(self, document, **variables)

    monkeypatch.setattr(HttpClient, "ask", broken)
    stopped = cli("import", file)
    assert isinstance(stopped.exception, Unavailable) and "6 of 9 rows done" in stopped.stderr
    record = tmp_path / "apps.jsonl.outcomes.jsonl"
    with record.open("a") as torn:
        torn.write('{"line": 9, "outc')
    sent = 0
    done = cli("import", file)
    assert sent == 3 and "going on behind 6 of 9" in done.stderr and done.exit_code == 0, done.output
    assert [one["outcome"] for one in outcomes(record)] == ["created"] * 9
    monkeypatch.setattr(HttpClient, "ask", ask)
    written(file, *many, node("Application", "a9", code="APP009"))
    assert "9 unchanged" in cli("import", file).stdout


def test_an_export_that_breaks_off_is_no_file(cli: Cli, store: Store, tmp_path: Path) -> None:
    """Neither a half file nor a silent one; a file that is there is not written over."""
    estate(store)
    lines = HttpClient.lines
    try:
        HttpClient.lines = lambda self, path: iter(list(lines(self, path))[:-1])  # type: ignore[method-assign]  # cut
        done = cli("export", "-o", tmp_path / "all.jsonl")
    finally:
        HttpClient.lines = lines  # type: ignore[method-assign]
    assert isinstance(done.exception, Unavailable) and list(tmp_path.glob("*all*")) == []
    (tmp_path / "all.jsonl").touch()
    assert "is there already" in str(cli("export", "-o", tmp_path / "all.jsonl").exception)
    assert "Hosst" in str(cli("export", "--class", "Hosst").exception)


def test_what_an_agent_shows_is_rehearsed(cli: Cli, store: Store, tmp_path: Path) -> None:
    """`epicentre-agent show --json` and rows alike; a table for people, JSON for programs, nothing written."""
    shown = subprocess.run(
        [Path(sys.executable).with_name("epicentre-agent"), "--home", tmp_path / "agent", "show", "--json"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    file = tmp_path / "shown.json"
    file.write_text(shown.stdout)
    done = cli("reconcile", "--dry-run", file)
    assert done.exit_code == 0 and "nothing was written" in done.stdout, done.output
    assert "created" in done.stdout and (store.counts(), store.sequence()) == ({}, 0)
    (own,) = (one for one in json.loads(shown.stdout)["host"]["items"] if one["class"] == "Host")
    store.apply(report(1, host("other", machine_id=own["attributes"]["machine_id"])), NOW)
    held = cli("reconcile", "--dry-run", file)
    assert (held.exit_code, held.stdout.count("the whole report would be held")) == (2, 1), held.stdout
    assert " more " in held.stdout and "taken as the report of a new agent: --node" in held.stdout
    assert "new agent" not in cli("reconcile", "--dry-run", file, "--node", "nd_1").stdout
    wipe(store)
    rows = json.loads(cli("reconcile", "--dry-run", written(tmp_path / "rows.jsonl", *ROWS), "--json").stdout)
    assert rows["counts"] == {"created": 4} and store.sequence() == 0
    assert "add --dry-run" in str(cli("reconcile", file).exception)


def test_a_whole_list_takes_back_what_it_has_no_more(cli: Cli, store: Store, tmp_path: Path) -> None:
    """Rehearsed first; what others say stays; much at once is held; a list with a refused row takes nothing back."""
    rows = [node("Application", f"app{n}", ref=f"a{n}", code=f"APP{n}") for n in range(1, 16)]
    links = [edge("DEPENDS_ON", f"a{n}", f"a{n + 1}") for n in range(1, 15)]
    every = written(tmp_path / "every.jsonl", *rows, *links)
    assert cli("import", every, "--source", "assets").exit_code == 0
    assert cli("import", written(tmp_path / "other.jsonl", rows[14]), "--source", "other").exit_code == 0
    fewer = written(tmp_path / "fewer.jsonl", *rows[:13], *links[:12])
    tried = cli("import", fewer, "--source", "assets", "--replace", "--dry-run")
    assert tried.exit_code == 0 and "1 changed, 3 stale, 25 unchanged" in tried.output, tried.output
    assert store.counts() == {"Application": 15}
    broken = written(tmp_path / "broken.jsonl", *rows[:13], {"class": "Nothing", "name": "x"})
    held = cli("import", broken, "--source", "assets", "--replace")
    assert held.exit_code == 2 and "nothing was taken back" in held.output, held.output
    done = cli("import", fewer, "--source", "assets", "--replace")
    assert done.exit_code == 0 and "1 changed, 3 stale, 25 unchanged" in done.output, done.output
    assert store.counts() == {"Application": 14}
    (said,) = [
        one["reason"] for one in outcomes(tmp_path / "fewer.jsonl.outcomes.jsonl") if one["outcome"] == "changed"
    ]
    assert said.endswith("it stays: import:other says that it is there")
    few = written(tmp_path / "few.jsonl", rows[0])
    held = cli("import", few, "--source", "assets", "--replace")
    assert held.exit_code == 2 and "held: 24 of the 25 CIs and edges" in held.output, held.output
    assert cli("import", few, "--source", "assets", "--replace", "--believe-loss").exit_code == 0
    assert store.counts() == {"Application": 2}
    back = cli("import", every, "--source", "assets", "--replace")
    assert back.exit_code == 0 and store.counts() == {"Application": 15}, back.output
