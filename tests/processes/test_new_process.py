"""A third process is one package: the example of docs/processes.md, found and served with no edit elsewhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.questions import answer, ask, estate, parts, person

import cmdb_processes
from cmdb import replay
from cmdb.moments import after
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql.services import Services
from cmdb_graphql.timers import Timers
from cmdb_processes.cli.server import processes as discovery

pytestmark = pytest.mark.neo4j
PAGE = Path(__file__).parents[2] / "docs" / "processes.md"
ERIN, VERA = person(Role.ENGINEER, name="erin"), person(Role.VIEWER, name="vera")
OPEN = "mutation O($cis: [ID!]!, $t: String!) { openErrand(cis: $cis, title: $t) { number state owner legal } }"
FINISH = 'mutation F($n: String!) { finishErrand(number: $n, result: "It runs.") { state waiting closedAt } }'
PLAN = """
mutation P($n: String!, $tasks: [ErrandTaskInput!]) {
  planErrand(number: $n, tasks: $tasks) { rev tasks { what done } }
}
"""


@pytest.fixture
def served(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Parts with every process found, the example of the page among them."""
    package = tmp_path / "more" / "errand"
    package.mkdir(parents=True)
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert code is not None
    (package / "__init__.py").write_text(code[1])
    monkeypatch.setattr(cmdb_processes, "__path__", [*cmdb_processes.__path__, str(package.parent)])
    with parts(tmp_path / "home", store, discovery.processes().values()) as made:
        yield made
    del sys.modules["cmdb_processes.errand"]


def give(served: Services, name: str, more: str = "") -> dict[str, Any]:
    """A command on ERR-1, with a few facts of what came of it."""
    text = f'mutation {{ {name}(number: "ERR-1"{more}) {{ state category waiting closedAt }} }}'
    found: dict[str, Any] = ask(served, text, ERIN)[name]
    return found


def test_a_process_in_one_package_is_served_whole(served: Services) -> None:
    """Its records, parts, guards, waiting reasons, filters and timers work; the journal rebuilds it."""
    ids = estate(served.store)
    opened = ask(served, OPEN, ERIN, cis=[ids["web1"]], t="Replace the fan")["openErrand"]
    assert opened == {"number": "ERR-1", "state": "open", "owner": "erin", "legal": ["start"]}
    tasks = [{"what": "order", "done": True}, {"what": "fit", "done": False}]
    assert ask(served, PLAN, ERIN, n="ERR-1", tasks=tasks)["planErrand"] == {"rev": 2, "tasks": tasks}
    give(served, "startErrand")
    assert give(served, "holdErrand", ', waiting: "supplier"')["waiting"] == "supplier"
    give(served, "startErrand")
    (error,) = answer(served, FINISH, ERIN, n="ERR-1")["errors"]
    assert error["extensions"] == {"code": "refused", "reasons": ["All tasks are done."]}
    ask(served, PLAN, ERIN, n="ERR-1", tasks=[{"what": "fit", "done": True}])
    found = ask(served, FINISH, ERIN, n="ERR-1")["finishErrand"]
    assert found == {"state": "finished", "waiting": "confirmation", "closedAt": None}
    document = '{errands(filter: {categories: [WAITING], text: "FAN", cis: ["%s"]}) {total nodes {number}}}'
    assert ask(served, document % ids["web1"], VERA)["errands"] == {"total": 1, "nodes": [{"number": "ERR-1"}]}
    history = ask(served, '{errand(number: "ERR-1") {history {command toState pauses}}}', VERA)["errand"]["history"]
    assert [(h["command"], h["pauses"]) for h in history if h["toState"] == "stuck"] == [("hold_errand", True)]
    assert replay.lines(served.store.graph()) == replay.lines(replay.replay(served.store.entries_after(0, 999)))


def test_time_closes_what_nobody_objected_to(served: Services) -> None:
    """Not before its week is over; then once, as the process; and a restart, which forgets all, does it as well."""
    ids = estate(served.store)
    for title in ("one", "two"):
        number = ask(served, OPEN, ERIN, cis=[ids["web1"]], t=title)["openErrand"]["number"]
        for step in ("startErrand", "finishErrand"):
            more = ', result: "done"' if step == "finishErrand" else ""
            ask(served, f'mutation {{ {step}(number: "{number}"{more}) {{ rev }} }}', ERIN)
    now = served.store.record("Errand", "ERR-2").state_since
    hours = timedelta(days=7).total_seconds() / 3600
    assert Timers(served, lambda: after(now, hours - 1)).step() == 0
    later = Timers(served, lambda: after(now, hours + 1))
    assert (later.step(), later.step(), Timers(served, lambda: after(now, hours + 1)).step()) == (2, 0, 0)
    closed = served.store.record("Errand", "ERR-1")
    assert (closed.state, closed.closed_at) == ("closed", after(now, hours + 1))
    assert served.store.history(closed.id)[-1]["by"] == "epicentre:errand"
    assert give(served, "reopenErrand") == {
        "state": "doing", "category": "IN_PROGRESS", "waiting": None, "closedAt": None,
    }  # fmt: skip
