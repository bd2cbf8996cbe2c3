"""Approvals at one moment, with the worst interleavings forced: one winner, and everybody is told what is true."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.cut import wire
from support.pair import on_a_pair
from support.questions import NOTES, ask, estate, parts, person

from cmdb.cypher import facts
from cmdb.engine import Bolt
from cmdb.errors import EpicentreError, Overloaded, Refused
from cmdb.store import Store
from cmdb.words import Effect, Role
from cmdb_graphql.records.carry import Carrying
from cmdb_graphql.services import Services
from cmdb_processes.change import PROCESS

pytestmark = pytest.mark.neo4j

RITA = person(Role.ENGINEER, name="rita")
PROPOSE = """
mutation P($cis: [ID!]!) {
  proposeChange(cis: $cis, title: "Upgrade", reason: "the old one ends", window: "2126-12-01T22:00Z/PT2H",
                plan: "stop, start", backout: "old jars", test: "ask it") { number }
}
"""


class Meeting:
    """A real store at which the writers of decided commands meet before any of them writes, or give up waiting."""

    def __init__(self, store: Store, people: int, seconds: float) -> None:
        self._store, self._seconds = store, seconds
        self._barrier = threading.Barrier(people)
        self.met = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def asking(self, ask: Callable[[str], None]) -> Meeting:
        """The store that commands are given to: here they meet."""
        self._store = self._store.asking(ask)
        return self

    def together(self, work: Callable[[Store], Any]) -> Any:
        """All that were decided on what was true before, then written one after another."""
        with suppress(threading.BrokenBarrierError):
            self._barrier.wait(self._seconds)
            self.met = True
        return self._store.together(work)


def told(work: Callable[[], Any]) -> str:
    """What somebody hears: nothing else than what they asked for, or why not."""
    try:
        work()
    except EpicentreError as no:
        return no.message
    return ""


def put_to_vote(of: Services, *cis: str) -> str:
    """A change of Rita's, assessed and put to its approvers; its number."""
    number: str = ask(of, PROPOSE, RITA, cis=list(cis))["proposeChange"]["number"]
    for command in ("submit_change", "assess_change", "request_change_approval"):
        Carrying(of, RITA).give(command, number, {})
    return number


def approval(of: Services, number: str, name: str, role: str = "technical") -> Callable[[], Any]:
    """Somebody's yes."""
    who = person(Role(f"approver-{role}"), name=name)
    return lambda: Carrying(of, who).give("approve_change", number, {"as_role": role})


def at_once(*works: Callable[[], Any]) -> list[str]:
    """What each hears, when all speak at the same time."""
    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(told, works))


def test_of_two_that_were_decided_on_one_revision_one_is_written(store: Store, tmp_path: Path) -> None:
    """Both found the note open and are about to close it: one does, the other decides anew and hears that it is shut.

    This is what stands below every approval, whether commands take turns or not.
    """
    ids = estate(store)
    meeting = Meeting(store, 2, 20.0)
    with parts(tmp_path, store, [NOTES]) as of:
        Carrying(of, RITA).give("write_note", None, {"text": "x"}, (ids["web1"],))
        both = replace(of, store=meeting)  # type: ignore[arg-type]  # it has all that a store has
        people = [person(Role.CHANGE_MANAGER, name=f"m{n}") for n in range(2)]
        close = [lambda who=who: Carrying(both, who).give("close_note", "NTE-1", {}) for who in people]
        heard = at_once(*close)
    assert meeting.met
    assert sorted(map(bool, heard)) == [False, True]
    assert "NTE-1 is closed" in "".join(heard)
    assert len(store.history(store.record("Note", "NTE-1").id)) == 2


@pytest.fixture
def pair(store: Store, tmp_path: Path) -> Iterator[tuple[Services, list[str]]]:
    """Two changes, each of one member of a pair, to which only the last vote is missing."""
    with parts(tmp_path, store, [PROCESS]) as of:
        made = on_a_pair(of, RITA)
        numbers = [put_to_vote(of, made[member]) for member in ("a", "b")]
        for number in numbers:
            for role in ("financial", "business"):
                approval(of, number, f"{role}-person", role)()
        yield of, numbers


def test_of_two_changes_that_are_safe_alone_one_is_approved(pair: tuple[Services, list[str]], store: Store) -> None:
    """The last votes on both come at one moment: each alone finds nothing approved beside it, and together they would
    take the service down. They take turns, so the second is refused for the first.
    """
    of, (first, second) = pair
    meeting = Meeting(store, 2, 2.0)
    both = replace(of, store=meeting)  # type: ignore[arg-type]  # it has all that a store has
    heard = at_once(approval(both, first, "anna"), approval(both, second, "anton"))
    assert not meeting.met
    assert sorted(map(bool, heard)) == [False, True]
    assert "combined: safe alone, but with CHG-" in "".join(heard)
    states = sorted(store.record("ChangeRequest", number).state for number in (first, second))
    assert states == ["approved", "awaiting approval"]


def test_a_vote_whose_answer_was_lost_is_given_once(neo4j_server: Bolt, store: Store, tmp_path: Path) -> None:
    """Neo4j is lost after it kept a vote, before it said so: who gave it hears that it counts, all others who did."""
    ids = estate(store)
    with wire(neo4j_server.uri) as line, parts(tmp_path, store, [PROCESS]) as of:
        number = put_to_vote(of, ids["neo4j"])
        far = Store(line.uri, neo4j_server.user, neo4j_server.password)
        over = replace(of, store=far)
        before = store.sequence()
        line.cut, line.saying = "after commit", facts.JOURNAL.encode()
        heard = at_once(*(approval(over, number, f"anna{n}") for n in range(8)))
        far.close()
    assert line.cut == ""
    (won,) = [n for n, no in enumerate(heard) if not no]
    assert {no for no in heard if no} == {f"technical has been approved already by anna{won}"}
    votes = store.record("ChangeRequest", number).part("approvals")
    assert [vote["by"] for vote in votes] == [f"anna{won}"]
    assert store.sequence() == before + 1


def test_what_is_decided_too_late_is_not_written(store: Store, tmp_path: Path) -> None:
    """Who has been told that it took too long finds nothing done; given in time it is."""
    ids = estate(store)
    with parts(tmp_path, store, [NOTES]) as of:
        Carrying(of, RITA).give("write_note", None, {"text": "x"}, (ids["web1"],))
        manager = person(Role.CHANGE_MANAGER)
        with pytest.raises(Overloaded, match="took too long and was not carried out"):
            Carrying(of, manager, patience=0.0).follow(Effect("close_note", "NTE-1"))
        assert store.record("Note", "NTE-1").state == "open"
        assert Carrying(of, manager, patience=60.0).follow(Effect("close_note", "NTE-1")).state == "closed"
        with pytest.raises(Refused):
            Carrying(of, manager, patience=0.0).follow(Effect("close_note", "NTE-1"))
