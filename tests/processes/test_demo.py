"""The example company: made up the same each time, whole, and never among real CIs."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.imported import load as imported
from support.imported import words
from support.pages import Page
from support.questions import parts
from support.readme import commands
from support.typing_in import typed_in

from cmdb.classes import catalogue
from cmdb.config import Settings
from cmdb.errors import Invalid, Misconfigured, Unavailable
from cmdb.impact import State, blast_radius, model_of
from cmdb.imports import parse
from cmdb.imports.rows import EdgeRow, NodeRow
from cmdb.secret_file import secret_file
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql.app import create_app
from cmdb_graphql.serve import Server
from cmdb_graphql.services import Services
from cmdb_graphql.timers import Timers
from cmdb_processes.cli.asking import client
from cmdb_processes.cli.company.estate import estate
from cmdb_processes.cli.company.folder import LOCK, MARK, Mark, anew, claim, write
from cmdb_processes.cli.company.loading import furnish, play
from cmdb_processes.cli.company.rows import TAG, Rows
from cmdb_processes.cli.company.timeline import DAYS, Step, timeline
from cmdb_processes.cli.demo import settled
from cmdb_processes.cli.server.processes import processes
from cmdb_processes.cli.up import up

TODAY = date(2030, 1, 10)
PAGE = Path(__file__).parents[2] / "docs" / "demo.md"


@pytest.fixture(scope="module")
def nodes() -> dict[str, NodeRow]:
    """The company's CIs by reference, as the import reads them."""
    read = [parse(n, row) for n, row in enumerate(estate(TODAY), 1)]
    return {str(one.ref): one for one in read if isinstance(one, NodeRow)}


@pytest.fixture(scope="module")
def edges() -> list[EdgeRow]:
    """Its edges; what is inside another is an edge too."""
    read = [parse(n, row) for n, row in enumerate(estate(TODAY), 1)]
    inside = [
        EdgeRow(one.n, str(catalogue().cls(one.cls).contained_by), str(one.ref), one.parent)
        for one in read
        if isinstance(one, NodeRow) and one.parent
    ]
    return [*inside, *(one for one in read if isinstance(one, EdgeRow))]


def test_the_same_seed_makes_the_same_company() -> None:
    """Another seed another one; a step says when and why."""
    steps = timeline(TODAY)
    assert steps == timeline(TODAY) != timeline(TODAY, seed=8)
    with pytest.raises(Invalid, match="rows: a step says at least one thing"):
        Step(steps[0].at, "nothing", ())
    with pytest.raises(Invalid, match="at: a step is at a moment in UTC"):
        Step(steps[0].at.astimezone(timezone(timedelta(hours=1))), "elsewhere", steps[0].rows)


def test_the_history_is_of_ninety_days_in_their_order() -> None:
    """The first step is ninety days old, the last before today, and nothing is said of a CI that is not there yet."""
    steps = timeline(TODAY)
    assert 60 <= len(steps) <= 100
    assert (TODAY - steps[0].at.date()).days == DAYS
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert steps[-1].at.date() < TODAY
    there: set[str] = set()
    for step in steps:
        there |= {str(row["ref"]) for row in step.rows if "name" in row}
        spoken = {str(row[end]) for row in step.rows for end in ("ref", "parent", "from", "to") if end in row}
        assert spoken | set(step.retire) <= there, step.summary
        there -= set(step.retire)
    assert there == {str(row["ref"]) for row in estate(TODAY) if "class" in row}


def test_it_is_a_small_company_with_all_its_parts(nodes: dict[str, NodeRow], edges: list[EdgeRow]) -> None:
    """Every row is understood, tagged, and joins what its relation may join."""
    rows = estate(TODAY)
    assert len(rows) == len(nodes) + sum("type" in row for row in rows)
    assert all(row["tags"] == [TAG] for row in rows if "class" in row)
    counts = Counter(node.cls for node in nodes.values())
    assert 380 <= len(nodes) <= 420
    assert {cls: counts[cls] for cls in ("Site", "BusinessService", "Hypervisor", "LoadBalancer", "Database")} == {
        "Site": 2, "BusinessService": 12, "Hypervisor": 10, "LoadBalancer": 4, "Database": 9,
    }  # fmt: skip
    for edge in edges:
        relation = catalogue().relation(edge.type)
        assert catalogue().joins(relation, nodes[edge.source].cls, nodes[edge.target].cls), edge.label


def test_what_is_redundant_there_is_redundant(nodes: dict[str, NodeRow], edges: list[EdgeRow]) -> None:
    """One hypervisor, switch, feed or database node takes no business service down; a database takes its own."""
    plain = [(str(n), edge.type, edge.source, edge.target) for n, edge in enumerate(edges)]
    rules = {ref: list(node.attributes.get("redundancy") or ()) for ref, node in nodes.items()}
    model = model_of(plain, catalogue().relations, rules)

    def down(*failed: str) -> set[str]:
        found = blast_radius(model, failed, lambda ci: nodes[ci].name or "").items
        return {i.ci for i in found if i.after is State.DOWN}

    def hit(*failed: str, at_most: State) -> set[str]:
        found = blast_radius(model, failed, lambda ci: nodes[ci].name or "").items
        return {i.ci for i in found if i.after <= at_most and nodes[i.ci].cls == "BusinessService"}

    for one in ("vie-hv-1", "grz-core-1", "vie-feed-a", "grz-access-2", "pg-orders-1", "vie-lb-2", "shop-web-1"):
        assert hit(one, at_most=State.DEGRADED) == set(), one
    for pair in (("vie-access-1", "vie-access-2"), ("vie-feed-a", "vie-feed-b")):
        assert "vie-pool" in down(*pair) and "vie-pool" not in down(pair[0]) | down(pair[1])
    assert "db payments" in down("pg-payments-1", "grz-lun-4")  # the two changes of the walk, each safe alone
    assert "db payments" not in down("pg-payments-1") | down("grz-lun-4")
    assert hit("app identity", at_most=State.DOWN) == {
        "Sign-on",
        "Customer care",
        "Accounting",
        "Payroll",
        "Files and printing",
    }
    assert hit("db payments", at_most=State.DEGRADED) == {"Payments", "Online shop"}


def test_an_edge_to_what_is_not_there_is_refused() -> None:
    """And a reference given twice: a mistake in the example is found where it is made."""
    rows = Rows()
    rows.ci("Site", "vie", code="VIE")
    with pytest.raises(Invalid, match="edge: vie PART_OF grz: there is no 'grz'"):
        rows.edge("vie", "PART_OF", "grz")
    assert rows.ci("Room", "vie", site_code="VIE", code="R1") == "Room:vie"
    with pytest.raises(Invalid, match="ref: 'Room:vie' is there already"):
        rows.ci("Room", "vie", site_code="VIE", code="R2")


def test_only_a_folder_of_its_own_is_taken(tmp_path: Path) -> None:
    """New, empty or marked; one with anything else is left alone. A later start keeps the first day."""
    assert claim(tmp_path / "new", TODAY) == Mark(TODAY, whole=False)
    assert claim(tmp_path / "new", date(2031, 1, 1)) == Mark(TODAY, whole=False)
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "inbox.db").touch()
    with pytest.raises(Misconfigured, match="holds something else than the example"):
        claim(tmp_path / "real", TODAY)
    assert not (tmp_path / "real" / MARK).exists()
    (tmp_path / "new" / MARK).write_text("{}")
    with pytest.raises(Misconfigured, match="cannot be read: remove"):
        claim(tmp_path / "new", TODAY)


def test_begun_anew_only_a_marked_folder_is_emptied(tmp_path: Path) -> None:
    """All but the lock goes, with the new day; a folder without the mark is not touched."""
    home = tmp_path / "example"
    claim(home, TODAY)
    write(home, Mark(TODAY, whole=True))
    (home / "people").mkdir()
    for name in ("people/ada.token", "inbox.db", LOCK):
        (home / name).touch()
    assert anew(home, date(2031, 1, 1)) == claim(home, TODAY) == Mark(date(2031, 1, 1), whole=False)
    assert sorted(path.name for path in home.iterdir()) == [MARK, LOCK]
    (tmp_path / "mine").touch()
    with pytest.raises(Misconfigured, match="is not the example's"):
        anew(tmp_path, TODAY)
    assert (tmp_path / "mine").exists()


def test_it_never_runs_on_real_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the usual data folder nor on a Neo4j that somebody else runs; and no real server runs on its own."""
    usual = Settings(home=tmp_path / "epicentre")
    assert settled(usual, None, 1, 2).home == tmp_path / "epicentre-demo"
    with pytest.raises(Misconfigured, match="is the data folder of the real server"):
        settled(usual, tmp_path / "epicentre", 1, 2)
    with pytest.raises(Misconfigured, match="unset EPICENTRE_NEO4J_URI"):
        settled(Settings(home=tmp_path, neo4j_uri="bolt://db:7687"), None, 1, 2)
    home = tmp_path / "epicentre-demo"
    claim(home, TODAY)
    assert settled(Settings(home=home), None, 1, 2).home == home  # where the walk has led
    monkeypatch.setenv("EPICENTRE_HOME", str(home))
    with pytest.raises(Misconfigured, match="is the example's, and `epicentre demo` starts it"):
        up(agent=True)
    with pytest.raises(Unavailable, match="start one with `epicentre demo`"):
        client()


@contextmanager
def served(home: Path, store: Store) -> Iterator[Services]:
    """All of a server but the threads that do something by themselves: what time does, the page says."""
    with parts(home, store, processes().values()) as made:
        made.accounts.create_user("admin", [Role.ADMIN])
        secret_file(home / "token", made.accounts.create_token("admin").encode)
        server = Server(create_app(made), "127.0.0.1", 0)
        server.start()
        try:
            (home / "server.json").write_text(
                json.dumps({"pid": os.getpid(), "url": f"http://127.0.0.1:{server.port}"})
            )
            yield made
        finally:
            server.stop()


@pytest.mark.neo4j
@pytest.mark.timeout(300)  # half of it is the company's load
def test_every_command_of_the_walk_prints_what_the_page_says(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The company is played as the estate has it, dated back; the README's questions, then docs/demo.md are typed."""
    made = datetime.now(UTC).date()
    ids = play(store, timeline(made))
    assert set(words(imported(store, *estate(made), source="demo"))) == {"unchanged"}
    assert 60 <= store.totals()["entries"] <= 110
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with served(tmp_path, store) as services:
        furnish(services, tmp_path, ids, made)
        timers = Timers(services)
        for one in commands("What breaks, and how sure is that"):
            assert one == ["demo"] or typed_in(*one).returncode == 0, one
        Page(PAGE, {"half a minute passes": lambda: timers.step() and None}).check()
    assert {path.name for path in tmp_path.iterdir()} >= {"orders.svg", "CHG-8.html"}
