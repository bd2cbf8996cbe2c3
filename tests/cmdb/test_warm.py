"""Being ready for the first command: everything large is asked once, and nothing of it stays."""

import pytest
from support.reports import NOW
from support.round_trips import counting

from cmdb import replay
from cmdb.cypher import records as cypher
from cmdb.store import By, Store
from cmdb_processes.incident.records import EVENT

pytestmark = pytest.mark.neo4j


def test_what_is_worked_out_at_the_start_leaves_nothing_behind(store: Store) -> None:
    """The statements of a record's steps come, but no record, no CI, no line of the journal, and no number is used."""
    store.create_ci("BusinessService", "selling", {}, By("ann", NOW, "as the test needs it"))
    before, entries = replay.lines(store.graph()), store.entries_after(0, 99)
    counted, sent = counting(store)
    counted.warm(EVENT, NOW)
    assert {cypher.OPEN, cypher.WRITE} <= set(sent)
    assert (replay.lines(store.graph()), store.entries_after(0, 99)) == (before, entries)
    assert store.records("Event") == []
    numbering = store._bolt.read(lambda run: run("MATCH (n:Numbering) RETURN n.last AS last", {}))
    assert numbering == []
