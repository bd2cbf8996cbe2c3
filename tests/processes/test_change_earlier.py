"""The track record: what became of hundreds of closed changes, within what questions may cost."""

from pathlib import Path
from typing import Any

import pytest
from support.change_walk import RITA, walking
from support.questions import ADMIN, ask

from cmdb.store import Store
from cmdb_graphql import limits
from cmdb_graphql.endpoint import executor
from cmdb_processes.change import earlier
from cmdb_processes.change.closing import calibrated

IMPORT = """
mutation I($history: JSON!, $fields: JSON, $cis: [ID!]) {
  importRecord(type: "ChangeRequest", history: $history, fields: $fields, cis: $cis) { number state }
}
"""


class Closed:
    """So many closed changes, every tenth failed, in pages; what is asked is counted."""

    def __init__(self, count: int) -> None:
        self.rows = [
            {"number": f"CHG-{n}", "template": None, "outcome": "failed" if n % 10 == 0 else "success",
             "closedAt": "2026-11-23T12:00:00.000Z", "predictions": []}
            for n in range(count, 0, -1)
        ]  # fmt: skip
        self.asked: list[int] = []

    def __call__(self, _document: str, *, first: int = 50, after: str | None = None, **_: Any) -> dict[str, Any]:
        """A page."""
        begin = 0 if after is None else next(at for at, row in enumerate(self.rows, 1) if row["number"] == after)
        rows = self.rows[begin : begin + first]
        self.asked.append(len(rows))
        more = begin + first < len(self.rows)
        page = {"hasNextPage": more, "endCursor": rows[-1]["number"] if rows else None}
        return {"changeRequests": {"total": len(self.rows), "nodes": rows, "pageInfo": page}}


@pytest.mark.parametrize(
    ("count", "asked", "cut"),
    [
        (0, [0], None),
        (20, [20], None),
        (21, [20, 1], None),
        (500, [20, 100, 100, 100, 100, 80], None),
        (731, [20, 100, 100, 100, 100, 80], "the newest 500 of 731 closed changes are looked at"),
    ],
)
def test_the_newest_five_hundred_are_looked_at_and_a_cut_is_said(count: int, asked: list[int], cut: str | None) -> None:
    """Few questions where there are few changes, and an end where there are many, told in the sentence of the risk."""
    changes = Closed(count)
    assert (earlier.closed(changes, ["ci_x"]).cut, changes.asked) == (cut, asked)
    looked = earlier.predicted(changes)
    assert (looked.cut, len(looked.rows)) == (cut, min(count, earlier.MOST))
    tracks = earlier.track(changes, ["ci_x"], None)
    assert [track.of for track in tracks] == (
        [f"these CIs{', the newest 500 of 731,' if cut else ''}"] if count else []
    )
    assert [(track.done, track.failed) for track in tracks] == (
        [(min(count, 500), min(count, 500) // 10)] if count else []
    )


@pytest.mark.neo4j
def test_hundreds_of_closed_changes_are_within_what_a_person_may_ask(store: Store, tmp_path: Path) -> None:
    """At one CI: the track record counts them all, and ten assessments a minute leave room for other questions."""
    with walking(tmp_path, store) as walk:
        at = walk.text
        steps = [
            {"at": at, "by": "olga", "fromState": before, "toState": after}
            for before, after in ((None, "draft"), ("draft", "closed"))
        ]
        for n in range(150):
            outcome = "failed" if n % 10 == 0 else "success"
            fields = {"title": f"Restart {n}", "outcome": outcome}
            ask(walk.of, IMPORT, ADMIN, history=steps, fields=fields, cis=[walk.ids["epicentre"]])
            executor(walk.of)._budgets.clear()  # the import is an admin's own work
        number = walk.assessed("epicentre")
        terms = {term["name"]: term["sentence"] for term in walk.whole(number)["riskTerms"]}
        before = executor(walk.of)._budgets[RITA.name]._spent
        walk.give(RITA, "assess_change", number)
        spent = executor(walk.of)._budgets[RITA.name]._spent - before
        looked = earlier.predicted(lambda text, **given: ask(walk.of, text, ADMIN, **given))
    assert terms["track record"] == "15 of 150 changes of these CIs failed"
    assert terms["novelty"] == "done 150 times before"
    assert spent < limits.COST_PER_MINUTE / 20
    assert (looked.cut, len(looked.rows), calibrated(looked.rows).changes) == (None, 150, 0)
