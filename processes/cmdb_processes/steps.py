"""Decisions that most commands make: go to a state, with some arguments kept as fields. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.words import Decision, Principal, Record

Decide = Callable[[Any, Record | None, Mapping[str, Any], Principal, str], Decision]


def opens(state: str, *, fields: tuple[str, ...] = (), reason: str = "opened by {by}") -> Decide:
    """Open a record in its first state about the given CIs; the arguments named in `fields` become its fields."""

    def decide(_ask: Any, _record: Record | None, given: Mapping[str, Any], who: Principal, _now: str) -> Decision:
        return Decision(state, _kept(given, fields), reason.format(by=who.name), cis=given["cis"])

    return decide


def leads_to(
    state: str, *, fields: tuple[str, ...] = (), reason: str = "{command} by {by}", command: str = "moved on"
) -> Decide:
    """Go to a state. An argument `reason` is the line of the history, `waiting` why it waits, `owner` who goes on."""

    def decide(_ask: Any, _record: Record | None, given: Mapping[str, Any], who: Principal, _now: str) -> Decision:
        why = str(given.get("reason") or reason.format(command=command, by=who.name)).strip()
        if not why or "\n" in why or len(why) > 1000:
            raise Invalid("is one line of at most 1000 characters", where="reason")
        return Decision(
            state, _kept(given, fields), why, waiting=given.get("waiting"), owner=given.get("owner"),
            note=given.get("note"),
        )  # fmt: skip

    return decide


def _kept(given: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in fields if given.get(name) is not None}
