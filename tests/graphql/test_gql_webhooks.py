"""Webhooks over GraphQL: made, listed, tested, paused and removed by an admin alone, fed by the real journal."""

from pathlib import Path

import pytest
from support.questions import answer, ask, estate, parts, person
from support.receiver import receiver
from support.waiting import eventually

from cmdb.errors import Forbidden
from cmdb.store import Store
from cmdb.webhooks import Courier, guard
from cmdb.words import Role

pytestmark = pytest.mark.neo4j

CREATE = 'mutation C($u: String!) { createWebhook(url: $u, events: ["ci.created"]) { secret webhook { id toldUpTo } } }'
LIST = "{ webhooks { id url events state reason failures createdBy nextTry } }"
LOG = "query L($i: ID!) { webhookDeliveries(id: $i) { nodes { seq status } } }"


def test_the_life_of_a_webhook_on_the_real_journal(store: Store, tmp_path: Path) -> None:
    """What two hosts report after its making reaches the receiver, entry by entry, and the log says so."""
    with parts(tmp_path, store) as of, receiver() as there:
        courier = Courier(of.courier.hooks, store, guard.networks("127.0.0.0/8"))
        made, _ = courier.create(there.url, ["ci.created"], by="ada")
        estate(store)

        def told() -> bool:
            courier.look()
            return courier.hooks.one(made.id).cursor == 2

        assert eventually(told)
        courier.stop()
        log = ask(of, LOG, i=made.id)["webhookDeliveries"]["nodes"]
        assert log == [{"seq": 2, "status": 200}, {"seq": 1, "status": 200}]
        assert len(there.got) == 2
        assert b'"name":"web1"' in there.got[0][2]


def test_an_admin_manages_them(store: Store, tmp_path: Path) -> None:
    """Pause, resume and remove are seen in the list; a bad URL and an unknown id are each one error."""
    with parts(tmp_path, store) as of:
        inside = answer(of, CREATE, u="https://127.0.0.1/")
        assert "EPICENTRE_WEBHOOK_NETWORKS" in inside["errors"][0]["message"]
        made = of.courier.hooks.create("https://hooks.example/", [], by="ada", now="2026-01-01T00:00:00Z", cursor=0)
        one = {"i": made.id}
        ask(of, "mutation P($i: ID!) { pauseWebhook(id: $i) { state } }", **one)
        paused = ask(of, LIST)["webhooks"][0]
        assert (paused["state"], paused["reason"]) == ("paused", "paused by ada")
        assert ask(of, "mutation R($i: ID!) { resumeWebhook(id: $i) { state } }", **one)["resumeWebhook"] == {
            "state": "active"
        }
        ask(of, "mutation R($i: ID!) { removeWebhook(id: $i) }", **one)
        assert ask(of, LIST)["webhooks"] == []
        gone = answer(of, "mutation P($i: ID!) { pingWebhook(id: $i) { status } }", **one)
        assert gone["errors"][0]["extensions"]["code"] == "unknown_name"


def test_nobody_else_sees_or_touches_them(store: Store, tmp_path: Path) -> None:
    """A change manager may not even list them."""
    manager = person(Role.CHANGE_MANAGER, name="max")
    with parts(tmp_path, store) as of:
        for text in (LIST, 'mutation { removeWebhook(id: "wh_1") }', 'mutation { pingWebhook(id: "wh_1") { status } }'):
            with pytest.raises(Forbidden):
                ask(of, text, manager)
