"""What a message holds, whom it concerns, how it is signed and when it is tried again."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from cmdb.errors import UnknownName
from cmdb.webhooks import message

SECRET = "whsec_" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def entry(*ops: dict[str, Any]) -> dict[str, Any]:
    """A journal entry with these steps."""
    head = {"seq": 7, "at": "2026-01-02T03:04:05Z", "actor": "nd_1", "kind": "report", "summary": "s"}
    return {**head, "ops": list(ops)}


CREATE = {"op": "create", "id": "ci_1", "cls": "Host", "name": "web1", "search": "web1 terms"}
RETIRE = {"op": "change", "id": "ci_1", "status": "retired"}
CHANGE = {"op": "change", "id": "ci_1", "status": "live", "set": {"kernel": "6.1"}}
OPEN = {"op": "open", "id": "ed_1"}
CLOSE = {"op": "close", "id": "ed_1"}
STEP = {"op": "approve_change", "record": "rec_1", "to": "approved"}
CONFLICT = {"op": "resolve", "conflict": "cf_1"}
BOOKKEEPING = ({"op": "claim"}, {"op": "drop"}, {"op": "reword"})


@pytest.mark.parametrize(
    ("operation", "event"),
    [(CREATE, "ci.created"), (CHANGE, "ci.changed"), (RETIRE, "ci.retired"), (OPEN, "edge.opened"),
     (CLOSE, "edge.closed"), (STEP, "record"), (CONFLICT, "conflict"), *((op, None) for op in BOOKKEEPING)],
)  # fmt: skip
def test_every_step_of_the_journal_is_one_event_or_bookkeeping(operation: dict[str, Any], event: str | None) -> None:
    """The kind follows from the step alone."""
    assert message.event_of(operation) == event


def test_only_what_is_wanted_is_sent() -> None:
    """A pattern picks its events; an entry without any is no message; the graph's own words stay inside."""
    body = message.body(["ci.retired", "edge.*"], entry(CREATE, RETIRE, OPEN, CLOSE, STEP, *BOOKKEEPING))
    assert body is not None
    told = json.loads(body)
    assert [e["event"] for e in told["events"]] == ["ci.retired", "edge.opened", "edge.closed"]
    assert (told["seq"], told["actor"], told["more"]) == (7, "nd_1", 0)
    assert message.body(["record"], entry(CREATE, *BOOKKEEPING)) is None
    everything = message.body(["*"], entry(CREATE))
    assert everything is not None
    assert b"search" not in everything


def test_a_message_says_what_it_leaves_out() -> None:
    """More events than fit are counted, not silently cut."""
    told = json.loads(message.body(["*"], entry(*[CREATE] * (message.MOST + 3))) or b"")
    assert (len(told["events"]), told["more"]) == (message.MOST, 3)


def test_a_pattern_that_names_nothing_is_refused() -> None:
    """A misspelt event would be a webhook that is never told anything."""
    with pytest.raises(UnknownName, match=r"'ci\.retierd'.*ci\.retired"):
        message.check_events(["ci.retierd"])
    assert message.check_events([]) == ("*",)
    assert message.check_events(["ci.*", "ci.*"]) == ("ci.*",)


def test_the_signature_is_the_standard_one() -> None:
    """A receiver's own library takes it, and takes it no more when a byte of the body, the id or the key differs."""
    body, now = b'{"type":"ping"}', int(datetime.now(UTC).timestamp())
    headers = message.headers(SECRET, "msg_1", now, body)
    assert Webhook(SECRET).verify(body, headers) == {"type": "ping"}
    other = message.headers("whsec_" + "B" * 43 + "=", "msg_1", now, body)
    for changed in ((body + b" ", headers), (body, {**headers, "webhook-id": "msg_2"}), (body, other)):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(*changed)


@given(st.integers(1, 10_000))
def test_pauses_grow_to_an_hour(failures: int) -> None:
    """Never shorter than before, never longer than an hour."""
    assert message.FIRST_PAUSE <= message.pause(failures) <= message.pause(failures + 1) <= message.LONGEST_PAUSE


def test_every_event_is_in_the_handbook() -> None:
    """The page lists each kind with its sentence."""
    page = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text()
    for name, sentence in message.EVENTS.items():
        assert f"| `{name}` | {sentence} |" in page
