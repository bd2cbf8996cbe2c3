"""Policies as they are kept: read under the journal's lock by every command they may refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb import commands, free
from cmdb.claims import TAG
from cmdb.classes import Catalogue
from cmdb.commands import Decided
from cmdb.cypher import governance as cypher
from cmdb.governance import Policies, Policy, Rule, enforce
from cmdb.reconcile import KnownCI
from cmdb.store.session import Run
from cmdb.words import Value


def read(run: Run) -> Policies:
    """All policies of the graph. One round trip."""
    return Policies(policy(row["p"]) for row in run(cypher.POLICIES, {}))


def in_force(lock: Mapping[str, Any]) -> Catalogue:
    """The catalogue with the order of sources that policies say, as the journal's lock told it."""
    return Policies(map(policy, lock["precedence"])).catalogue()


def policy(row: Mapping[str, Any]) -> Policy:
    """A policy from its properties."""
    return Policy(
        row["name"], row["class"], Rule(row["rule"]), row.get("attribute"), tuple(row.get("values") or ()),
        row.get("pattern"), row.get("why") or "", row.get("rev", 0),
    )  # fmt: skip


def properties(one: Policy) -> dict[str, Any]:
    """The inverse of `policy`."""
    return {
        "name": one.name, "class": one.cls, "rule": one.rule.value, "attribute": one.attribute,
        "values": list(one.values), "pattern": one.pattern, "why": one.why, "rev": one.rev,
    }  # fmt: skip


def judge(
    run: Run, cls: str, before: Mapping[str, Value] | None, was: KnownCI | None, decided: Decided,
    said: Mapping[str, Value],
) -> None:  # fmt: skip
    """Refuse what a command would break that `before` did not (None: a new CI), and what is too much for one CI.

    `said` is what the person writes: it must be allowed also where a better source is believed.
    """
    values = commands.outcome(was, decided.ci, decided.plan)
    written = {name: value for name, value in said.items() if value is not None and not name.startswith(TAG)}
    name = str(values.get("name") or (was.name if was else ""))
    free.check_counts(values, name)
    enforce(read(run), cls, before, {**values, **written}, name)
