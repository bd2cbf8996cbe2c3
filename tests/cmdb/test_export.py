"""What is exported and imported into an empty graph is the same graph; an export is of one moment."""

from __future__ import annotations

import pytest
from conftest import wipe
from support.imported import BY, edge, load, node, words
from support.reports import NOW, host, network, report, service, services, sockets, uses

from cmdb.errors import UnknownName
from cmdb.store import Store

pytestmark = pytest.mark.neo4j

SHOP, CACHE = service("shop", 443), service("cache", 11211, "127.0.0.1")


def estate(store: Store) -> None:
    """Two hosts that agents report, with what they talk to, and what an import and a person say beside them."""
    links = sockets(uses(SHOP, "10.9.9.9:5432"), uses(SHOP, "127.0.0.1:11211"), uses(SHOP, "127.0.0.1:9"))
    store.apply(report(1, host("web1", os_id="debian"), network("10.0.0.5"), services(SHOP, CACHE), links), NOW)
    two = [host("web2", serial="AAAA1111", vendor="Dell"), services(service("job", 9000)), network("10.0.0.6")]
    store.apply(report(1, *two, node="nd_2", boot="boot-2"), NOW)
    load(
        store,
        node("BusinessService", "Sales", ref="b", code="SALES"),
        node("Server", "spare", ref="s", serial="BBBB2222", vendor="HP", asset_tag="7"),
        node("Filesystem", "/", parent="s", ref="f", mount_point="/"),
        edge("DEPENDS_ON", "b", "s"),
    )
    store.create_ci("Application", "Pay", {"code": "PAY"}, BY)
    store.retire_ci(next(r["id"] for r in store.find(None, first=99) if r["name"] == "job"), None, BY)


def test_an_export_imported_into_an_empty_graph_is_the_same_graph(store: Store) -> None:
    """The same lines and digest: agents' hosts, placeholders, evidence, what is inside what."""
    estate(store)
    rows, lines = list(store.export(store.sequence())), store.lines()
    assert {row.get("class") for row in rows} >= {"Host", "Endpoint", "IPAddress", "Server", "BusinessService"}
    wipe(store)
    done = load(store, *reversed(rows), source="export")
    assert set(words(done)) == {"created"}, [o for o in done.outcomes if o.word != "created"]
    assert store.lines() == lines
    assert set(words(load(store, *rows, source="export"))) == {"unchanged"}


def test_an_export_imported_where_it_came_from_changes_nothing_that_is_true(store: Store) -> None:
    """Every row finds its own CI by its id; the import only says the same once more."""
    estate(store)
    rows, lines = list(store.export(store.sequence())), store.lines()
    assert set(words(load(store, *rows, source="export"))) <= {"changed", "unchanged"}
    assert store.lines() == lines


def test_an_export_is_of_one_moment(store: Store) -> None:
    """What is written while it runs is not in it, whichever page is read when."""
    estate(store)
    at = store.sequence()
    before = list(store.export(at))
    running = store.export(at)
    first = next(running)
    load(
        store,
        node("Application", "New", code="NEW"),
        node("Server", "spare", serial="BBBB2222", vendor="HP", model="DL"),
    )
    store.apply(report(2, services(CACHE)), NOW)
    later = [first, *running]
    assert later == before and list(store.export(at)) == before
    assert list(store.export(store.sequence())) != before


def test_an_export_of_some_classes_has_their_kinds_and_the_edges_between_them(store: Store) -> None:
    """Server is a kind of Host; an unknown class is refused."""
    estate(store)
    rows = list(store.export(store.sequence(), ["Host", "BusinessService"]))
    assert sorted(row["name"] for row in rows if "class" in row) == ["Sales", "spare", "web1", "web2"]
    assert [row["type"] for row in rows if "type" in row] == ["DEPENDS_ON"]
    with pytest.raises(UnknownName, match="Hosst"):
        next(store.export(1, ["Hosst"]))
