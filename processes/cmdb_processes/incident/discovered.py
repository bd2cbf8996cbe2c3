"""What collectors conclude and a person must judge, made events: a host that shows another key than the pinned one.

A collector is a client of the front door and opens nothing itself. Its runs say which keys it was shown; each change of
that is one event, whatever the number of runs that say it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cmdb.words import Effect, Timer
from cmdb.words.process import Ask
from cmdb_processes.incident import events
from cmdb_processes.incident.events import Event
from cmdb_processes.incident.reporting import digest
from cmdb_processes.incident.rules import rules
from cmdb_processes.timing.spans import moment

SOURCE = "discovery"
AGAIN = 86_400
"""Seconds after which it is said again, where it goes on and nothing of it is open: closed unread, or expected then."""

PAGE = 10
KEYS = f"""
query ChangedHostKeys($after: String) {{
  discoveryHostKeys(first: {PAGE}, after: $after) {{
    nodes {{ collector place pinned shown standing since host {{ id }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
_SAID = {
    "changed": "{place} shows another SSH host key than the pinned one\n"
    "It shows {shown}, and {pinned} is pinned. Somebody may stand between, or it was installed anew. Nothing was sent"
    " to it: no user name and no login. Ask its owner; only then forget the old key and pin the new one.",
    "pinned": "the new SSH host key of {place} was pinned by a person",
    "back": "{place} shows the pinned SSH host key again: who showed {shown} is not known",
}
Row = Mapping[str, Any]


def host_keys(ask: Ask, now: str) -> Iterator[Effect]:
    """An event for each host key whose standing is new."""
    after = None
    while True:
        page = ask(KEYS, after=after)["discoveryHostKeys"]
        yield from _events(ask, page["nodes"], now)
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _events(ask: Ask, rows: Sequence[Row], now: str) -> Iterator[Effect]:
    keyed = [(row, key) for row in rows if (key := _key(row, now))]
    if not keyed:
        return
    said = ask(_document([key for _, key in keyed]))
    for n, (row, _) in enumerate(keyed):
        heard, opened = said[f"e{n}"]["nodes"], said[f"i{n}"]["nodes"]
        last = heard[0]["openedAt"] if heard else ""
        is_open = any(one["category"] != "DONE" and one["waiting"] != "confirmation" for one in opened)
        if due(str(row["standing"]), str(row["since"]), last, is_open, now):
            facts = tuple({"name": name, "value": value} for name, value in _facts(row).items())
            given: dict[str, Any] = {"source": SOURCE, "text": _SAID[row["standing"]].format(**row), "facts": facts}
            yield Effect("report_event", None, given, (row["host"]["id"],) if row["host"] else ())


def due(standing: str, since: str, last: str, is_open: bool, now: str) -> bool:
    """Whether something is to be said of a key: `last` is when an event of it came last, empty if none ever did.

    That the old key is back is a word on an open incident, and no reason for another.
    """
    if standing == "back" and not is_open:
        return False
    if last < since:
        return True
    return standing == "changed" and not is_open and moment(now) - moment(last) >= AGAIN


def _facts(row: Row) -> dict[str, str]:
    return {name: str(row[name]) for name in ("collector", "place", "pinned", "shown", "standing")}


def _key(row: Row, now: str) -> str:
    """The key of its event, as the catalogue's rule makes it."""
    return digest(events.classify(rules(), Event(SOURCE, moment(now), _facts(row))).key)


def _document(keys: Sequence[str]) -> str:
    """One question for what is known of all these keys."""
    fields = "".join(
        f'e{n}: events(filter: {{ eventKey: "{key}" }}, first: 1) {{ nodes {{ openedAt }} }}'
        f' i{n}: incidents(filter: {{ eventKey: "{key}" }}, first: 5) {{ nodes {{ category waiting }} }}\n'
        for n, key in enumerate(keys)
    )
    return f"query HostKeysSaid {{ {fields} }}"


HOST_KEYS = Timer("host_keys", "A host that shows another key than the pinned one becomes an event, once.", host_keys)
