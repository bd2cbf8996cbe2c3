"""epicentre incident and request, typed: what the page does not show, wrong input, JSON and exit codes."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest import mock

import pytest
import typer
from support.front_door import front_door

from cmdb.store import By, Store
from cmdb.words import Role
from cmdb_processes.arrangements import PROCESS as ARRANGEMENTS
from cmdb_processes.cli import incident, main, request
from cmdb_processes.incident import PROCESS

BY = By("ann", "2026-11-01T00:00:00.000Z", "as the test needs it")
Type = Callable[..., tuple[int, str]]


def typed(*words: str) -> tuple[int, str]:
    """The exit code and all that is printed."""
    said, code = StringIO(), 0
    with mock.patch.object(sys, "argv", ["epicentre", *words]), redirect_stdout(said), redirect_stderr(said):
        try:
            main.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return code, said.getvalue()


@pytest.fixture
def served(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A server with a database; called with an account's name, the next commands are that account's."""
    store.create_ci("Database", "db-1", {}, BY)
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path))
    with front_door(tmp_path, store, processes=[ARRANGEMENTS, PROCESS]) as door:
        accounts = door.services.accounts
        tokens = {}
        for name, role in (("ann", Role.ADMIN), ("boss", Role.APPROVER_BUSINESS)):
            accounts.create_user(name, [role])
            tokens[name] = accounts.create_token(name)
        (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "url": f"http://127.0.0.1:{door.port}"}))
        (tmp_path / "token").touch(mode=0o600)

        def become(name: str) -> None:
            (tmp_path / "token").write_text(tokens[name])

        become("ann")
        yield become


@pytest.mark.neo4j
def test_an_incident_by_hand(served: object) -> None:
    """Classified, planned, done, reviewed, linked, put on hold, reopened and cancelled; each wrong word is named."""
    assert typed("incident", "list") == (0, "no incidents\n")
    assert typed("incident", "open", "db-1 is slow", "--ci", "db-1", "--condition", "degraded")[0] == 0
    wrong = [
        (1, "nothing here is called 'nope'", "open", "bad", "--ci", "nope"),
        (2, "condition: is down or degraded, not 'odd'", "open", "bad", "--condition", "odd"),
        (2, "urgency: is one of high, medium, low, not 'odd'", "open", "bad", "--urgency", "odd"),
        (2, "--fact: 'broken' is not like status=down", "event", "monitor", "x", "--fact", "broken"),
        (2, "severity: is one of critical", "event", "monitor", "x", "--severity", "odd"),
        (2, "--category: is one of TO_DO", "list", "--category", "odd"),
        (2, "type: is one of AFFECTS", "link", "INC-1", "child", "INC-1"),
        (2, "INC-1 cannot be its own parent", "link", "INC-1", "CHILD_OF", "INC-1"),
        (2, "waiting needs a reason to wait, one of customer", "wait", "INC-1", "coffee"),
        (2, "say why it is 1 and not", "priority", "INC-1", "1"),
        (2, "resolution_code is one of fixed", "resolve", "INC-1", "--code", "magic", "--did", "this"),
        (2, "'CAUSED_BY' is no link", "resolve", "INC-1", "--code", "fixed", "--did", "this", "--link", "CAUSED_BY"),
        (1, "there is no Incident 'INC-9'", "show", "INC-9"),
        (2, "audience: is one of management", "tell", "INC-1", "pigs", "oink"),
    ]
    for code, sentence, *words in wrong:
        found = typed("incident", *words)
        assert found[0] == code and sentence in found[1], (words, found)
    said = typed("incident", "classify", "INC-1", "--kind", "database", "--ci", "db-1", "--urgency", "high")
    assert said[0] == 0 and "urgency   high: as it was said" in said[1]
    assert "task call them: open" in typed("incident", "plan", "INC-1", "--task", "call them")[1]
    assert typed("incident", "task", "INC-1", "call us")[0] == 2
    assert "task call them done by ann" in typed("incident", "task", "INC-1", "call them")[1]
    assert "reviewed by ann" in typed("incident", "review", "INC-1", "watch it")[1]
    typed("incident", "open", "db-1 again")
    assert typed("incident", "link", "INC-2", "DUPLICATES", "INC-1")[0] == 0
    assert "no longer DUPLICATES INC-1" in typed("incident", "unlink", "INC-2", "DUPLICATES", "INC-1")[1]
    assert typed("incident", "unlink", "INC-2", "DUPLICATES", "INC-1")[0] == 2
    assert "part ordered" in typed("incident", "wait", "INC-1", "supplier", "--reason", "part ordered")[1]
    assert "degraded since" in typed("incident", "outage", "INC-1")[1]
    assert ", over" in typed("incident", "resolve", "INC-1", "--code", "fixed", "--did", "restarted")[1]
    assert "reopened by ann: again" in typed("incident", "reopen", "INC-1", "--reason", "again")[1]
    assert "cancelled by ann: a test" in typed("incident", "cancel", "INC-2", "--reason", "a test")[1]
    assert typed("incident", "note", "INC-1", "hm")[0] == typed("incident", "watch", "INC-1")[0] == 0
    shown = json.loads(typed("incident", "show", "INC-1", "--json")[1])
    assert (shown["number"], shown["condition"], len(shown["readings"])) == ("INC-1", "degraded", 3)
    listed = json.loads(typed("incident", "list", "--category", "in-progress", "--json")[1])
    assert [one["number"] for one in listed] == ["INC-1"]


@pytest.mark.neo4j
def test_a_request_by_hand(served: Callable[[str], None]) -> None:
    """Asked for, approved by another, its tasks in their order, put on hold, fulfilled, reopened, and closed."""
    ask = ("request", "open", "access", "--answer", "person=vic", "--answer", "service=shop", "--answer", "right=read")
    assert typed(*ask[:-1], "oops")[1] == "epicentre: --answer: 'oops' is not like person=vic\n"
    assert "why is missing" in typed(*ask)[1]
    assert "REQ-1 APPROVAL" in typed(*ask, "--answer", "why=on call")[1]
    assert typed("request", "approve", "REQ-1")[0] == 3
    served("boss")
    assert "approved as business by boss" in typed("request", "approve", "REQ-1")[1]
    served("ann")
    assert "tell comes after grant" in typed("request", "task", "REQ-1", "tell")[1]
    assert typed("request", "task", "REQ-1", "grant")[0] == typed("request", "task", "REQ-1", "tell")[0] == 0
    assert typed("request", "wait", "REQ-1", "customer", "--reason", "away")[1].endswith("away\n")
    for words in (("start",), ("assign", "--owner", "dora"), ("fulfil", "--did", "may read"),
                  ("reopen", "--reason", "may not"), ("fulfil", "--did", "may read"), ("close",)):  # fmt: skip
        code, said = typed("request", words[0], "REQ-1", *words[1:])
        assert code == 0, said
    code, said = typed("request", "show", "REQ-1")
    assert code == 0 and "REQ-1 CLOSED" in said and "fulfilled  may read" in said
    assert typed("request", "cancel", "REQ-1", "--reason", "no")[0] == 2
    typed(*ask, "--answer", "why=on call")
    served("boss")
    assert "rejected by boss: left" in typed("request", "reject", "REQ-2", "--reason", "left")[1]
    assert len(json.loads(typed("request", "list", "--category", "done", "--json")[1])) == 2


def test_every_command_has_an_example_that_names_it() -> None:
    """In its --help, and it begins with the command itself."""
    app = typer.Typer()
    incident.register(app)
    request.register(app)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            assert command.callback is not None
            name = command.name or command.callback.__name__
            assert re.match(rf"Examples?: epicentre {group.name} {name}\b", command.epilog or ""), name
