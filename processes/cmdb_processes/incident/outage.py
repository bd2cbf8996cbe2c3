"""What an incident says of its CIs becomes a present outage: impact of anything else counts it. Pure but asking."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.words import GraphEffect
from cmdb.words.process import Ask
from cmdb_processes.incident.questions import CIS, OTHERS
from cmdb_processes.priority import DEGREES


def check(condition: str | None) -> str | None:
    """The condition, if it is one."""
    if condition is not None and condition not in DEGREES:
        raise Invalid(f"is {' or '.join(DEGREES)}, not {condition!r}", where="condition")
    return condition


def say(
    ask: Ask, number: str, wanted: Mapping[str, str | None], together: Collection[str] = ()
) -> tuple[GraphEffect, ...]:
    """The writes that make each CI as this incident says (None: it says nothing any more).

    The worst of what other open incidents confirmed holds; `together` are those that end in the same step. What is
    so already is not written again.
    """
    ids = sorted(wanted)
    if not ids:
        return ()
    now = {node["id"]: node["condition"] for node in ask(CIS, ids=ids)["cis"]["nodes"]}
    nodes = ask(OTHERS, cis=ids)["incidents"]["nodes"]
    others = [node for node in nodes if node["number"] not in {number, *together}]
    effects = []
    for ci in ids:
        holds = worst([wanted[ci], *said(ci, others)])
        if ci in now and now[ci] != holds:
            why = f"{number}: " + (f"it is {holds}" if holds else "it is over")
            effects.append(
                GraphEffect("update_ci", {"ci": ci, "rev": None, "values": {"condition": holds}}, why, as_process=True)
            )
    return tuple(effects)


def said(ci: str, incidents: Iterable[Mapping[str, Any]]) -> list[str]:
    """What open incidents confirmed of a CI; one that waits for confirmation of its end says nothing any more."""
    return [
        one["condition"]
        for one in incidents
        if one["outageSince"] and one["waiting"] != "confirmation" and ci in {about["id"] for about in one["cis"]}
    ]


def worst(conditions: Iterable[str | None]) -> str | None:
    """The worst of several conditions; None if nobody says anything."""
    return min((one for one in conditions if one in DEGREES), key=DEGREES.index, default=None)
