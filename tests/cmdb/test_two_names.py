"""An import that has two names for things sees two things: never made one by keys, and told so by a merge and back."""

from __future__ import annotations

import pytest
from support.imported import edge, load, node, words
from support.reports import NOW, host, report

from cmdb.store import By, Store

pytestmark = pytest.mark.neo4j

ANN = By("ann", NOW, "one box")


def model(store: Store, ci: str) -> object:
    """What is in effect as the model of a host."""
    (found,) = [dict(row) for row in store.find("Host", first=50) if row["id"] == ci]
    return found.get("model")


def test_nodes_of_one_chassis_are_not_made_one_by_its_serial_number(store: Store) -> None:
    """Four nodes of a chassis carry its serial number: each beyond the first is held, and so are its edges."""
    rows = [node("Host", f"n{i}", ref=f"R{i}", serial="CHASSIS77", vendor="Supermicro") for i in range(3)]
    site = node("Site", "Berlin", ref="S", code="BER")
    done = load(store, site, *rows, edge("LOCATED_AT", "R2", "S"))
    assert words(done) == ["created", "created", "conflict", "conflict", "invalid"]
    held = done.outcomes[2]
    assert "calls it 'R0' and this row 'R1', so it sees two things" in held.reason
    assert words(load(store, *rows)) == ["unchanged", "conflict", "conflict"], "said again it is held again"
    named = [{**row, "id": done.outcomes[1].id} for row in rows[1:2]]
    assert words(load(store, *named)) == ["changed"], "whoever names the CI by its id is believed"
    assert words(load(store, rows[1], source="others")) == ["changed"], "another source has names of its own"
    alone = node("Host", "m1", serial="ALONE77", vendor="Dell")
    own = load(store, alone, source="third").outcomes[0].id
    assert words(load(store, {**alone, "ref": own}, {**alone, "ref": "M1"}, source="third")) == ["unchanged"] * 2


def test_an_import_goes_on_after_a_merge_and_a_split_finds_everything_as_it_was(store: Store) -> None:
    """A merged CI is no new one the next time, its row changes nothing there, and a split gives its name back."""
    rows = [node("Host", "one", ref="R1", fqdn="a.example.org"), node("Host", "two", ref="R2", fqdn="b.example.org")]
    one, two = (outcome.id for outcome in load(store, *rows).outcomes)
    assert one is not None and two is not None
    before = store.lines()
    store.merge_cis(one, two, ANN)
    again = load(store, *rows)
    assert words(again) == ["unchanged", "unchanged"]
    assert {outcome.id for outcome in again.outcomes} == {one}
    assert "it was merged into one" in again.outcomes[1].reason
    load(store, rows[1] | {"attributes": {"fqdn": "c.example.org"}})
    store.split_ci(two, ANN)
    assert store.lines() == before
    assert [outcome.id for outcome in load(store, *rows).outcomes] == [one, two]


def test_the_loser_s_own_source_goes_on_speaking_at_the_winner(store: Store) -> None:
    """Another source's name for the loser leads to the winner from now on, through a second merge too, and its word
    counts there; a split takes it back with all it said since."""
    agent = store.apply(report(1, host("web1", fqdn="web1.example.org")), NOW)
    assert agent.plan is not None
    web1, row = agent.plan.host, node("Host", "box", ref="R7", model="R640")
    box = str(load(store, row).outcomes[0].id)
    shelf = str(load(store, node("Host", "shelf", ref="S1"), source="shelves").outcomes[0].id)
    store.merge_cis(shelf, box, ANN)
    store.merge_cis(web1, shelf, ANN)
    said = load(store, node("Host", "box", ref="R7", model="R740"))
    assert (words(said), said.outcomes[0].id) == (["changed"], web1)
    assert model(store, web1) == "R740"
    store.split_ci(shelf, ANN)
    store.split_ci(box, ANN)
    assert load(store, node("Host", "box", ref="R7", model="R740")).outcomes[0].id == box
    assert model(store, web1) is None
