"""What a webhook is sent, and when it is tried again. Pure: no clock, no socket.

Messages are signed as the Standard Webhooks specification says (https://www.standardwebhooks.com, "Signature scheme"),
so that receivers can check them with a library they have.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cmdb.errors import UnknownName

EVENTS = {
    "ci.created": "A CI was found or made.",
    "ci.changed": "Attributes of a CI changed, or it came back.",
    "ci.retired": "A CI was retired.",
    "edge.opened": "One CI began to depend on another.",
    "edge.closed": "A dependency ended.",
    "record": "A record of a process took a step.",
    "conflict": "An identity conflict was opened or resolved.",
}
"""Every kind of event, with its sentence. `ci.*` and `*` name several."""
MOST = 200
"""Events in one message; how many more there were is said in it."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
PATIENCE = 72 * 3600.0
"""Seconds of failing after which a webhook is suspended: as long as agents keep their reports."""
_CHANGES = {"create": "ci.created", "open": "edge.opened", "close": "edge.closed"}


def check_events(wanted: Sequence[str]) -> tuple[str, ...]:
    """The patterns, each of which must name at least one kind of event."""
    for pattern in wanted:
        if not any(_fits(pattern, name) for name in EVENTS):
            raise UnknownName(f"there is no event {pattern!r}; known are {', '.join(EVENTS)}, ci.*, edge.* and *")
    return tuple(dict.fromkeys(wanted)) or ("*",)


def _fits(pattern: str, name: str) -> bool:
    return pattern in {"*", name} or (pattern.endswith(".*") and name.startswith(pattern[:-1]))


def event_of(operation: Mapping[str, Any]) -> str | None:
    """The kind of event a journal operation is; None: the graph's own bookkeeping."""
    if operation["op"] == "change":
        return "ci.retired" if operation.get("status") == "retired" else "ci.changed"
    if "record" in operation:
        return "record"
    if "conflict" in operation:
        return "conflict"
    return _CHANGES.get(operation["op"])


def body(wanted: Iterable[str], entry: Mapping[str, Any]) -> bytes | None:
    """The message about a journal entry (seq, at, actor, kind, summary, ops), or None: nothing wanted is in it."""
    patterns = tuple(wanted)
    events = []
    for operation in entry["ops"]:
        name = event_of(operation)
        if name is not None and any(_fits(pattern, name) for pattern in patterns):
            events.append({"event": name, **{k: v for k, v in operation.items() if k not in {"op", "search"}}})
    if not events:
        return None
    head = {name: entry[name] for name in ("seq", "at", "actor", "kind", "summary")}
    return _json({"type": "journal", **head, "events": events[:MOST], "more": max(0, len(events) - MOST)})


def ping(hook: str, at: str) -> bytes:
    """The message of a test."""
    return _json({"type": "ping", "webhook": hook, "at": at})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def headers(secret: str, message: str, timestamp: int, content: bytes) -> dict[str, str]:
    """The headers of a message: its id (the same in every try), the time of this try, and the signature over both.

    `secret` is `whsec_` and base64, as the specification writes it.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message}.{timestamp}.".encode() + content, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "epicentre-webhooks/1",
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


def due(next_at: float, now: float) -> bool:
    """Whether it is time for a try. No pause is that long where the clock was set back since: then it is time too."""
    return not 0 < next_at - now <= LONGEST_PAUSE


def pause(failures: int) -> float:
    """Seconds until the next try after so many failures in a row: 5, 10, 20, … up to an hour."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 20))
