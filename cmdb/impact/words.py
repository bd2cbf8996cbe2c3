"""The words of an impact answer: table, tree, pictures, GraphQL and the command line all take them from here. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

VERBS = {
    "RUNS_ON": "runs on", "PART_OF": "is part of", "ASSIGNED_TO": "is reached through", "HOSTED_ON": "is hosted on",
    "FORMED_BY": "is formed by", "POWERED_BY": "is powered by", "PROTECTED_BY": "is behind", "USES": "uses",
    "BALANCES_OVER": "is balanced over", "STORED_ON": "is stored on", "SERVED_BY": "is served by",
    "ENDS_AT": "ends at", "SECURED_BY": "is secured by", "ATTACHED_TO": "is attached to",
}  # fmt: skip
"""How people say that one depends on another by a relation; "needs" where nothing fits better."""
MOST_NAMES = 5
Lost = tuple[str, bool]
"""A member's name, and whether it is down; degraded else."""


def verdict(failed: Sequence[str], down: Sequence[str], degraded: Sequence[str], spent: Sequence[str]) -> str:
    """One sentence from names: who fails, who goes down, is degraded, and is left without redundancy."""
    verb = "stops" if len(failed) == 1 else "stop together"
    parts = []
    if down:
        parts.append(f"{count(down)} {'goes' if len(down) == 1 else 'go'} down ({listed(down)})")
    if degraded:
        parts.append(f"{count(degraded)} {'is' if len(degraded) == 1 else 'are'} degraded ({listed(degraded)})")
    if spent:
        risk = f"{count(spent)} {'has' if len(spent) == 1 else 'have'} no redundancy left ({listed(spent)})"
        parts.append(risk if parts else f"nothing else goes down, but {risk}")
    return f"If {listed(failed)} {verb}, {joined(parts) or 'nothing else known here is affected'}."


def alone(relation: str, name: str, *, down: bool) -> str:
    """Why a CI is hit that has one such dependency: "runs on box, which is down"."""
    return f"{VERBS.get(relation, 'needs')} {name}, which is {'down' if down else 'degraded'}"


def left(weight: int, total: int, needed: int, lost: Sequence[Lost], earlier: Sequence[Lost], *, whole: bool) -> str:
    """What is left of a group: "0 of 2 left, 1 needed: db-2 lost, db-1 down before".

    `lost` by what is asked about, `earlier` without it; `whole`: what is needed to be undisturbed.
    """
    why = [f"{listed(names)} {word}" for names, word in _by_state(lost, "lost", "degraded")]
    why += [f"{listed(names)} {word} before" for names, word in _by_state(earlier, "down", "degraded")]
    return f"{weight} of {total} left, {needed} needed{' to be whole' if whole else ''}" + (
        f": {', '.join(why)}" if why else ""
    )


def _by_state(lost: Sequence[Lost], down: str, degraded: str) -> list[tuple[list[str], str]]:
    dead, weak = [name for name, is_down in lost if is_down], [name for name, is_down in lost if not is_down]
    return [(names, word) for names, word in ((dead, down), (weak, degraded)) if names]


def line(name: str, cls: str, reason: str, risk: str | None = None) -> str:
    """One impacted CI: "api (Service): runs on box, which is down"."""
    return f"{name} ({cls}): {reason}" + (f"; {at_risk(risk)}" if risk else "")


def at_risk(reason: str) -> str:
    """That there is no redundancy left, and why."""
    return f"no redundancy left: {reason}"


def count(names: Collection[str]) -> str:
    """ "1 CI", "5 CIs"."""
    return "1 CI" if len(names) == 1 else f"{len(names)} CIs"


def listed(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """ "a, b and c"; of many the first and how many more."""
    more = len(names) - most
    return joined([*names[:most], f"{more} more"] if more > 0 else names)


def joined(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
