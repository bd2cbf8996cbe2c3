"""The papers of the change advisory board, as lines of text: its agenda and its minutes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
"""A meeting as GraphQL answers it."""
_PAST = {"approve": "approved", "reject": "rejected", "defer": "deferred"}


def agenda(meeting: Row) -> list[str]:
    """Every change on it, the nearest first, as it stood when the agenda was frozen."""
    lines = [*_head("Agenda", meeting), f"Invited: {', '.join(meeting['members'])}"]
    if not meeting["agenda"]:
        return [*lines, "It is not frozen yet."]
    for n, point in enumerate(meeting["agenda"], 1):
        begins = f", work begins {point['windowStart']}" if point["windowStart"] else ""
        lines.append(f"{n}. {point['number']} {point['title']}, asked for by {point['requester']}{begins}")
        lines += [f"   {point['verdict']}"] if point["verdict"] else []
        lines += [f"   evidence {point['evidence'][:16]}"] if point["evidence"] else []
    return lines


def minutes(meeting: Row) -> list[str]:
    """A ruling on every change of the agenda, on the evidence that lay on the table."""
    lines = _head("Minutes", meeting)
    if meeting["state"] != "held":
        return [*lines, f"There are none: it is {meeting['state']}."]
    lines.append(f"Present: {', '.join(meeting['present'])}")
    titles = {point["number"]: point["title"] for point in meeting["agenda"]}
    for n, ruling in enumerate(meeting["rulings"], 1):
        lines.append(f"{n}. {ruling['number']} {_PAST[ruling['decision']]}: {titles[ruling['number']]}")
        lines += [f"   because {ruling['reason']}"] if ruling["reason"] else []
        lines += [f"   on evidence {ruling['evidence'][:16]}"] if ruling["evidence"] else []
    return [*lines, *_said(meeting["minutes"])]


def _head(what: str, meeting: Row) -> list[str]:
    place = f", {meeting['place']}" if meeting["place"] else ""
    about = f", about {', '.join(ci['name'] for ci in meeting['cis'])}" if meeting["cis"] else ""
    times = f"{meeting['start']} to {meeting['end']}"
    return [f"{what} of {meeting['number']} {meeting['name']}{about}: {times}{place}"]


def _said(text: str | None) -> Sequence[str]:
    return text.splitlines() if text else ()
