"""Neo4j is lost while a transaction commits: who waits is told the truth, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.cut import Wire, wire

from cmdb import chain
from cmdb.engine import Bolt
from cmdb.errors import StoreUnavailable
from cmdb.store import By, Store

pytestmark = pytest.mark.neo4j
BY = By("ann", "2026-11-01T00:00:00.000Z", "as the test needs it")


@pytest.fixture
def cut(neo4j_server: Bolt, store: Store) -> Iterator[tuple[Wire, Store]]:
    """A second store on the clean graph of the first, at the end of a wire."""
    with wire(neo4j_server.uri) as made:
        far = Store(made.uri, neo4j_server.user, neo4j_server.password)
        assert (far.sequence(), store.counts()) == (0, {})
        yield made, far
        far.close()


def test_what_was_kept_is_answered_as_if_nothing_had_happened(cut: tuple[Wire, Store], store: Store) -> None:
    """The answer to the commit is lost: the journal has the entry, so the command has been carried out, once."""
    line, far = cut
    line.cut = "after commit"
    made = far.create_ci("Database", "db", {}, BY)
    assert line.cut == ""
    assert [row["id"] for row in store.find("Database", first=9)] == [made.ci]
    assert [entry["seq"] for entry in store.entries_after(0, 9)] == [1]
    far.create_ci("Database", "other", {}, BY)
    assert chain.walk(store.sealed_after(0, 9))[1] is None


def test_what_was_not_kept_is_said_to_be_so(cut: tuple[Wire, Store], store: Store) -> None:
    """The commit itself is lost: nothing is there, and it may be given again."""
    line, far = cut
    line.cut = "before commit"
    with pytest.raises(StoreUnavailable, match="nothing was kept, try again"):
        far.create_ci("Database", "db", {}, BY)
    assert (store.counts(), store.sequence()) == ({}, 0)
    far.create_ci("Database", "db", {}, BY)
    assert (store.counts(), store.sequence()) == ({"Database": 1}, 1)


def test_what_has_been_read_is_answered(cut: tuple[Wire, Store], store: Store) -> None:
    """A question that is cut once it was answered loses nothing."""
    line, far = cut
    store.create_ci("Database", "db", {}, BY)
    line.cut = "before commit"
    assert far.counts() == {"Database": 1}
    assert line.cut == ""


def test_what_nobody_knows_is_not_called_lost(cut: tuple[Wire, Store], store: Store) -> None:
    """Neo4j does not come back to be asked: it may have been carried out, and is to be looked at before it is given
    again."""
    line, far = cut
    line.cut, line.dead = "after commit", True
    with pytest.raises(StoreUnavailable, match="whether that was kept is not known: look before you try again"):
        far.create_ci("Database", "db", {}, BY)
    assert store.counts() == {"Database": 1}
