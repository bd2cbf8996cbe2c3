"""Several commands in one transaction: one lock of the journal for all of them, and an unbroken chain of entries."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.round_trips import counting

from cmdb import chain, replay
from cmdb.cypher import facts
from cmdb.store import By, Store

pytestmark = pytest.mark.neo4j
BY = By("ann", "2026-11-01T00:00:00.000Z", "as the test needs it")


def two(store: Store, name: str) -> None:
    """Two CIs, both or none."""

    def work(within: Store) -> None:
        within.create_ci("Database", f"{name} a", {}, BY)
        within.create_ci("Database", f"{name} b", {}, BY)

    store.together(work)


def test_many_at_once_are_never_taken_for_a_deadlock(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Eight threads, sixty transactions of two commands each: nobody is sent back to wait a second and try again."""
    with caplog.at_level(logging.WARNING, "neo4j"), ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: two(store, f"db {n}"), range(60)))
    assert [record.getMessage() for record in caplog.records] == []
    entries = store.entries_after(0, 999)
    assert [entry["seq"] for entry in entries] == list(range(1, 121))
    assert chain.walk(store.sealed_after(0, 999))[1] is None
    assert replay.lines(store.graph()) == replay.lines(replay.replay(entries))


def test_the_journal_is_locked_once(store: Store) -> None:
    """Whatever the number of commands, one statement asks for the lock."""
    counted, sent = counting(store)
    two(counted, "db")
    assert sent.count(facts.LOCK) == 1
    assert sent.count(facts.JOURNAL) == 2


def test_what_comes_after_in_another_transaction_goes_on_from_there(store: Store) -> None:
    """The end of the journal as it was remembered is the one that is stored."""
    two(store, "db")
    store.create_ci("Database", "db c", {}, BY)
    two(store, "more")
    assert [entry["seq"] for entry in store.entries_after(0, 99)] == [1, 2, 3, 4, 5]
