"""A domain name is one however it is written: for identity, for a search, and when a person names a CI."""

from __future__ import annotations

import pytest
from support.imported import load, node, words
from support.reports import NOW, host, report

from cmdb.classes import catalogue
from cmdb.errors import DeclarationError
from cmdb.ingest import values
from cmdb.search import same
from cmdb.store import By, Store
from cmdb.words import Attribute

WRITTEN = ("DB-17.Example.ORG.", "db-17.example.org", "DB-17.EXAMPLE.ORG")


@pytest.mark.neo4j
@pytest.mark.parametrize("first", WRITTEN)
def test_a_host_is_one_however_its_name_is_written(store: Store, first: str) -> None:
    """What an import called it the agent finds, and the other way round; a short name alone makes nobody one."""
    load(store, node("Host", "db-17", fqdn=first))
    (one,) = store.find("Host")
    for n, written in enumerate(WRITTEN, 1):
        assert words(load(store, node("Host", "db-17", fqdn=written), source=f"source{n}")) != ["created"]
    assert store.find("Host")[0]["fqdn"] == "db-17.example.org"
    store.apply(report(1, host("DB-17", fqdn="Db-17.Example.Org.")), NOW)
    assert store.count("Host") == 1 and store.find("Host")[0]["id"] == one["id"]
    store.apply(report(1, host("DB-17."), node="nd_2", boot="boot-2"), NOW)
    assert store.count("Host") == 2


@pytest.mark.neo4j
def test_what_was_kept_before_names_had_one_form_is_found(store: Store) -> None:
    """A value with a dot at its end, in small letters or capitals, still tells who it is."""
    for n, kept in enumerate(("a.example.org.", "B.EXAMPLE.ORG.")):
        load(store, node("Host", kept[0], fqdn=kept))
        change = "MATCH (h:Host) WHERE h.name = $name SET h.fqdn = $kept"
        store._bolt.write(lambda run, kept=kept, change=change: run(change, {"name": kept[0], "kept": kept}))  # type: ignore[misc]
        store.apply(report(1, host(kept[0], fqdn=kept.lower()), node=f"nd_{n}", boot=f"boot-{n}"), NOW)
    assert store.count("Host") == 2


@pytest.mark.neo4j
def test_a_name_is_found_in_any_case_and_with_a_dot(store: Store) -> None:
    """Exact first; then the one that differs only in case or by its dot; then starts of names."""
    by = By("ann", NOW)
    upper, longer = (store.create_ci("Application", name, {}, by).ci for name in ("DB-1", "db-17"))
    for asked in ("db-1", "DB-1.", "Db-1"):
        assert [row["id"] for row in store.resolve(asked)] == [upper], asked
        assert [row["id"] for row in store.resolve(asked, "Application")] == [upper], asked
        assert [row["id"] for row in store.resolve(asked, at=1)] == [upper], asked
        assert {row["id"] for row in store.search(asked)} == {upper, longer}, asked
    assert store.resolve("db-1", "Host") == [] and store.resolve("db-1", at=0) == []
    assert [row["id"] for row in store.resolve("db-17")] == [longer]
    exact = store.create_ci("Application", "db-1", {"environment": "test"}, by).ci
    assert [row["id"] for row in store.resolve("db-1")] == [exact]


def test_one_form_is_what_is_kept() -> None:
    """In lower case without the dot, from a person as from a program; only a text can be a domain name."""
    cls = catalogue().cls("Host")
    assert {values(cls, {"fqdn": one}, "x", whole=False)["fqdn"] for one in WRITTEN} == {"db-17.example.org"}
    assert values(cls, {"hostname": "DB-17"}, "x", whole=False)["hostname"] == "DB-17"
    assert same("DB-17.", "db-17") and same("Ünï  X", "ÜNÏ x") and not same("db-1", "db-17")
    with pytest.raises(DeclarationError, match="domain name and no string"):
        Attribute("n", "int", "A number.", domain=True)


@pytest.mark.neo4j
def test_names_are_one_in_any_case_where_those_who_give_them_do_not_tell_cases_apart(store: Store) -> None:
    """A service, a mail address and a URL's host in any case; a queue, a database and a URL's path as written."""
    one = [
        [node("BusinessService", name) for name in ("Order Desk", "ORDER DESK", "order desk", "Order desk")],
        [node("Person", "Ann", email=mail) for mail in ("Ann.Smith@Example.org", "ann.smith@example.org")],
        [node("WebEndpoint", "shop", url=url) for url in ("https://SHOP.example/In", "https://shop.example/In")],
    ]
    for rows in one:
        done = [word for n, row in enumerate(rows) for word in words(load(store, row, source=f"source{n}"))]
        assert done[0] == "created" and "created" not in done[1:], (rows, done)
    many = [
        [node("WebEndpoint", "shop", url=url) for url in ("https://shop.example/a", "https://shop.example/A")],
        [node("MessageQueue", name, broker="b", virtual_host="/") for name in ("orders", "Orders", "ORDERS")],
        [node("Database", name, instance_key="pg") for name in ("sales", "SALES")],
    ]
    for rows in many:
        assert words(load(store, *rows)) == ["created"] * len(rows), rows
        assert words(load(store, *rows)) == ["unchanged"] * len(rows), rows
