"""Views on the real graph: labels follow every kind of write, and a change of filter takes over at once."""

import pytest
from support.questions import EPICENTRE, NEO4J, estate
from support.reports import NOW, host, network, report, services, sockets, uses

from cmdb.cypher import And, Compare, Filter, Not
from cmdb.errors import Forbidden, Invalid, UnknownName
from cmdb.store import By, Store

BY = By("ada", NOW, "because")
LINUX = Compare("name", "prefix", "web1")
NO_NEO4J: Filter = Not(Compare("name", "eq", "neo4j"))


def names(store: Store) -> set[str]:
    """What a store shows."""
    return {row["name"] for row in store.find(None, first=1000)}


def test_a_view_shows_what_its_filter_leaves_and_nothing_inside_of_what_it_hides(store: Store) -> None:
    """Hiding a host hides its services, addresses and all."""
    estate(store)
    store.define_view("web2", Not(Compare("name", "eq", "web1")), BY)
    whole, seen = names(store), names(store.seen_by("web2"))
    assert {"web1", "neo4j", "epicentre", "10.0.0.5"} <= whole
    assert seen == {"web2", "shop", "eth0", "10.0.0.6"}


def test_reports_and_commands_move_the_labels_in_their_own_transaction(store: Store) -> None:
    """A new CI, a changed name, a revived tombstone and a person's CI are shown or hidden at once."""
    ids = estate(store)
    store.define_view("quiet", NO_NEO4J, BY)
    seen = store.seen_by("quiet")
    before = names(seen)
    assert "neo4j" not in before
    created = store.create_ci("Organisation", "neo4j", {}, BY)
    assert created.ci not in seen.cis([created.ci])
    store.update_ci(created.ci, None, {"name": "acme"}, BY)
    assert created.ci in seen.cis([created.ci])
    store.update_ci(created.ci, None, {"name": "neo4j"}, BY)
    assert created.ci not in seen.cis([created.ci])
    store.retire_ci(ids["shop"], None, BY)
    assert seen.cis([ids["shop"]])[ids["shop"]]["status"] == "retired"
    third = [host("web3"), network("10.0.0.7"), services(NEO4J, EPICENTRE), sockets(uses(EPICENTRE, "127.0.0.1:17687"))]
    store.apply(report(1, *third, node="nd_3", boot="boot-3"), NOW)
    assert names(seen) - before == {"web3", "10.0.0.7"}


def test_a_host_that_appears_in_a_view_brings_what_is_inside_and_takes_it_away(store: Store) -> None:
    """One name changes and every child's label with it, however deep."""
    ids = estate(store)
    store.define_view("w1", And((Not(Compare("name", "eq", "hidden")),)), BY)
    seen = store.seen_by("w1")
    assert ids["neo4j"] in seen.cis([ids["neo4j"]])
    store.override_attribute(ids["web1"], "name", "hidden", "2099-01-01T00:00:00Z", BY)
    assert not seen.cis([ids["web1"], ids["neo4j"], ids["epicentre"]])
    store.expire_overrides(By("sweeper", "2099-01-02T00:00:00.000Z"))
    assert set(seen.cis([ids["web1"], ids["neo4j"]])) == {ids["web1"], ids["neo4j"]}


def test_a_merge_moves_what_is_inside_to_where_its_new_parent_is_shown(store: Store) -> None:
    """Insides of the loser follow the winner's label, and go back with a split."""
    ids = estate(store)
    store.override_attribute(ids["web1"], "name", "hidden", "2099-01-01T00:00:00Z", BY)
    store.define_view("v", Not(Compare("name", "eq", "hidden")), BY)
    seen = store.seen_by("v")
    assert ids["shop"] in seen.cis([ids["shop"]])
    store.merge_cis(ids["web1"], ids["web2"], BY)
    assert not seen.cis([ids["shop"]])
    store.split_ci(ids["web2"], BY)
    assert ids["shop"] in seen.cis([ids["shop"]])


def test_a_new_filter_takes_over_and_a_dropped_view_shows_nothing(store: Store) -> None:
    """The view's name stays, and no label of an old one is left behind."""
    estate(store)
    store.define_view("v", NO_NEO4J, BY)
    store.define_view("v", Compare("class", "eq", "Host"), BY)
    assert names(store.seen_by("v")) == {"web1", "web2"}
    assert [(v.name, v.ready) for v in store.views()] == [("v", True)]
    store.drop_view("v", BY)
    with pytest.raises(Forbidden, match="the view v this account is kept to is gone"):
        store.seen_by("v")
    rows = store._bolt.read(lambda run: run("MATCH (n:CI) UNWIND labels(n) AS label RETURN DISTINCT label", {}))
    assert not [row["label"] for row in rows if row["label"].startswith("View_")]


def test_a_view_that_was_begun_and_left_is_begun_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server stopped between labels and the last step leaves nothing in force and nothing in the way."""
    estate(store)

    class Stopped(Exception):
        """The power went."""

    def stop(_store: Store, _view: object) -> None:
        raise Stopped

    with monkeypatch.context() as cut, pytest.raises(Stopped):
        cut.setattr(Store, "_label", stop)
        store.define_view("v", NO_NEO4J, BY)
    assert not any(view.ready for view in store.views())
    store.define_view("v", NO_NEO4J, BY)
    assert [(v.name, v.ready) for v in store.views()] == [("v", True)]
    assert "neo4j" not in names(store.seen_by("v"))


def test_what_a_view_cannot_be_kept_by_is_refused(store: Store) -> None:
    """Values that change without a journal entry decide nothing; so do names nobody declared."""
    for attribute in ("stale_since", "status", "rev"):
        with pytest.raises(Invalid, match=f"a view cannot be decided by {attribute}"):
            store.define_view("v", Compare(attribute, "eq", "x"), BY)
    with pytest.raises(UnknownName):
        store.drop_view("v", BY)


def test_a_restricted_store_writes_nothing(store: Store) -> None:
    """Whatever command is tried, it is refused before anything is read."""
    ids = estate(store)
    store.define_view("v", LINUX, BY)
    seen, before = store.seen_by("v"), store.sequence()
    with pytest.raises(Forbidden, match="reads only"):
        seen.retire_ci(ids["web1"], None, BY)
    assert store.sequence() == before
