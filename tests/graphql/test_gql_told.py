"""What was once told of now is told again as of that moment, to the letter: every question, after anything at all.

EPICENTRE_TEST_CASES asks for so many lives; EPICENTRE_TEST_SEED begins with another one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from support.questions import answer, parts, projected
from support.told import QUESTIONS, Draw, Put
from support.whole_lives import WholeLife

from cmdb import history
from cmdb.moments import after
from cmdb.store import Store
from cmdb_graphql import below, impact_answer, proposed
from cmdb_graphql.fields import explain
from cmdb_graphql.schema import Built
from cmdb_graphql.services import Services

pytestmark = pytest.mark.neo4j

CASES, SEED = int(os.environ.get("EPICENTRE_TEST_CASES", "1")), int(os.environ.get("EPICENTRE_TEST_SEED", "7"))
BEFORE, STEPS, PAGES = 15, 21, 1
"""Steps of a life before the first question, steps with a question behind each, and pages beside the first."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told at a sequence, and by which parts."""

    seq: int
    put: Put
    by: Services
    answer: Any


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEED, SEED + CASES))
def test_what_was_told_then_is_told_as_of_then(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Of each question with its pages, by the graph and by the projection; and a difference is that of two lists."""
    life = WholeLife(store, seed)
    clock = [life.now]
    for module in (proposed, below, impact_answer, explain):  # else "until now" was another now than that sequence's
        monkeypatch.setattr(module, "utc_now", lambda: clock[0])
    life.begin()
    for _ in range(BEFORE):
        life.step()
    names, told = cycle(QUESTIONS), list[Told]()
    with parts(tmp_path / "home", store) as of:
        both = cycle((of, projected(of)))
        for _ in range(STEPS):
            life.step()
            (seq,), draw = store.pins([None]), Draw(store, life.dice)
            clock[0] = str(store.heard([], seq)[0])
            told += asked(next(both), draw.put(next(names)), seq)
        clock[0] = after(life.now, 1000)
        for one in told:
            again = plain(answer(one.by, one.put.document, at=one.seq, **one.put.given))
            assert again == one.answer, f"seed {seed}, as of {one.seq}: {one.put}"
    assert {one.put.name for one in told} == set(QUESTIONS) and len({one.seq for one in told}) > STEPS // 3
    for _ in range(3):
        check_difference(store, *sorted(life.dice.sample(sorted({one.seq for one in told}), 2)))


def asked(of: Services, put: Put, seq: int) -> Iterator[Told]:
    """The answer of now, and some pages behind it."""
    if of.projection is not None:
        of.projection.step()
    for _ in range(1 + PAGES):
        found = plain(answer(of, put.document, **put.given))
        assert "errors" not in found, (found["errors"], put)
        yield Told(seq, put, of, found)
        if (behind := put.page(found["data"]["told"])) is None:
            return
        put = behind


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """Freshness in another order than by age: when a source spoke without anything new leaves no trace."""
    told = (found.get("data") or {}).get("told")
    if isinstance(told, dict) and "source" in str(told.get("nodes", [""])[:1]):
        told["nodes"].sort(key=str)
    return found


def check_difference(store: Store, before: int, later: int) -> None:
    """What `diff` tells of the estate is where the lists of both moments and their edges differ."""
    then, now = (states(store, at) for at in (before, later))
    edges = [{(e.source, e.id) for e in store.edges(list(now), "out", at=at)} for at in (before, later)]
    moved = {source for source, _ in edges[0] ^ edges[1]}
    wanted = {ci for ci, row in now.items() if ci in moved or history.compare(then.get(ci, {}), row)}
    found = {one.ci for one in store.difference(before, later, None, None, 500).changes}
    passed = {ci for ci, row in now.items() if ci not in then and row["status"] == "retired"}  # they came and went
    assert found - passed == wanted - passed, (before, later)


def states(store: Store, at: int) -> dict[str, dict[str, Any]]:
    """Every CI as it was."""
    rows = store.find(None, first=500, at=at)
    return {str(row["id"]): {name: value for name, value in row.items() if name != "as_of"} for row in rows}


def test_every_question_of_a_moment_is_told(tmp_path: Path) -> None:
    """A new question that takes `asOf` is asked here too; the lists of classes are one and the same with `cis`."""
    query = Built({}).graphql.query_type
    assert query is not None
    lists = {name for name, field in query.fields.items() if {"order", "includeRetired"} <= set(field.args)}
    assert {name for name, field in query.fields.items() if "asOf" in field.args} - lists | {"cis"} == set(QUESTIONS)
