"""The mass-loss brake: what is a mass, what a second report must say, and what a person's word does."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from support.questions import answer, ask, parts
from support.reports import NOW, host, report, service, services, wire

from cmdb.claims import Asserted
from cmdb.errors import UnknownName
from cmdb.plan import ScopeState
from cmdb.reconcile import Known, KnownCI
from cmdb.reconcile.brake import Loss, agrees, is_mass, losses
from cmdb.store import By, Store
from cmdb.words import Item, Ref, Section

MANY = [service(f"s{n:02}", 1000 + n) for n in range(40)]


def known(count: int) -> Known:
    """A host whose services section said `count` things."""
    children = {
        Ref("Service", f"k{n}"): KnownCI(f"ci_{n}", "Service", f"k{n}", f"k{n}", "live", 1, "nd_1/services", {},
                                        {"nd_1/services": Asserted(None)})
        for n in range(count)
    }  # fmt: skip
    return Known(host=None, children=children, scopes={"services": ScopeState(1)})


def said(count: int, *, complete: bool = True) -> Section:
    """The section with the first `count` of them."""
    return Section("services", complete, tuple(Item("Service", f"k{n}", f"k{n}", {}) for n in range(count)))


@pytest.mark.parametrize(
    ("had", "has", "held"),
    [
        (10, 0, False),  # ten at most: an empty section is believed
        (11, 0, True),
        (100, 80, False),  # a fifth exactly
        (100, 79, True),
        (100, 89, False),
        (1000, 801, False),
        (0, 0, False),
    ],
)
def test_more_than_a_fifth_and_more_than_ten_is_a_mass(had: int, has: int, held: bool) -> None:
    """Both bounds must be passed, and only by a complete section."""
    found = losses(report(2, said(has)), known(had))
    assert bool(found) is held
    assert losses(report(2, said(has, complete=False)), known(had)) == []
    assert [(loss.scope, len(loss.lost), loss.of) for loss in found] == ([("nd_1/services", had - has, had)] * held)


def test_a_second_report_agrees_when_it_loses_no_mass_of_its_own() -> None:
    """The same loss, a smaller one or a few more agree; another mass does not."""
    lost = tuple(f"Service k{n}" for n in range(50))
    assert agrees(Loss("s", lost, 100), lost)
    assert agrees(Loss("s", lost[:20], 100), lost)
    assert agrees(Loss("s", (*lost, "Service x"), 100), lost)
    assert not agrees(Loss("s", lost, 100), lost[:20])
    assert is_mass(30, 100) and not is_mass(10, 11)


@pytest.mark.neo4j
def test_a_report_that_empties_a_scope_waits_for_a_second_one(store: Store) -> None:
    """Held and journalled once, nothing retracted; a report that recovers lifts it, one that agrees is applied."""
    store.apply(report(1, host(), services(*MANY)), NOW)
    outcome = store.apply(report(2, services(*MANY[:3])), NOW)
    assert (outcome.kind, outcome.summary[:52]) == ("held", "nd_1/services would retract 37 of its 40 items: a se")
    assert store.apply(report(2, services(*MANY[:3])), NOW).kind == "held"
    assert store.counts()["Service"] == 40
    assert [entry["kind"] for entry in store.journal()] == ["held", "report"]
    recovered = store.apply(report(3, services(*MANY)), NOW)
    assert (recovered.kind, recovered.freed, store.held()) == ("applied", True, [])
    assert store.apply(report(4, services()), NOW).kind == "held"
    assert store.apply(report(5, services(MANY[0])), NOW).kind == "applied"
    assert store.counts()["Service"] == 1
    assert store.held() == []


@pytest.mark.neo4j
def test_a_person_may_say_that_the_loss_is_right(tmp_path: Path, store: Store) -> None:
    """Shown in GraphQL with what it would retract; released, the held report itself goes on."""
    with parts(tmp_path / "home", store) as served:
        for counter, snapshot in enumerate([report(1, host(), services(*MANY)), report(2, services())], start=1):
            served.inbox.accept("nd_1", counter, snapshot, orjson.dumps(wire(snapshot)))
            assert served.applier.step()
        (one,) = ask(served, "{held{nodes{id node lost of items since releasedBy host{name}}}}")["held"]["nodes"]
        assert (one["id"], one["lost"], one["of"], one["host"]["name"]) == ("nd_1/services", 40, 40, "web1")
        assert one["items"][0] == "Service s00@1000" and one["releasedBy"] is None
        assert ask(served, "{status{held queued}}")["status"] == {"held": 1, "queued": 0}
        ask(served, 'mutation{releaseHeld(id: "nd_1/services", reason: "emptied")}')
        assert served.applier.step() and not served.applier.step()
        assert store.counts() == {"Host": 1} and store.held() == []
        assert "Service" not in store.counts()
        (error,) = answer(served, 'mutation{releaseHeld(id: "nd_1/services")}')["errors"]
        assert error["extensions"]["code"] == "unknown_name"
    with pytest.raises(UnknownName):
        store.release_held("nd_1/none", By("ann", NOW))
