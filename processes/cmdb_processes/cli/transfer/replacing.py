"""An import that is all its source says: what the source listed before and the file has no more is taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cmdb.errors import Unavailable
from cmdb.reconcile.brake import is_mass
from cmdb_graphql.client import Client, HttpClient
from cmdb_processes.cli.transfer.outcomes import OutcomeFile

WITHDRAW = """
mutation Withdraw($source: String!, $ids: [ID!]!, $dryRun: Boolean!, $reason: String) {
  withdraw(source: $source, ids: $ids, dryRun: $dryRun, reason: $reason) {
    left outcomes { row kind label outcome id reason }
  }
}
"""
MOST = 200
"""CIs and edges of one call."""


def replace(client: Client, given: Mapping[str, Any], place: Path, kept: OutcomeFile, *, believed: bool) -> str | None:
    """Compare the outcomes with all that the source says, and take the rest back; why not, where that is not safe.

    A file of which rows were refused is no whole list: nothing is taken back then.
    """
    source = given["source"]
    if bad := kept.counts.get("conflict", 0) + kept.counts.get("invalid", 0):
        return f"{bad:,} rows were refused, so the file is not all that {source} says: nothing was taken back"
    listed = _listed(client, str(source))
    said = _said(place)
    lost = [one for one in listed if one not in said]
    much = is_mass(len(lost), len(listed)) and not believed
    if much and not given["dryRun"]:
        return (
            f"held: {len(lost):,} of the {len(listed):,} CIs and edges that {source} lists are not in the file; "
            "look with --dry-run, and say --believe-loss if that is right"
        )
    waiting = lost
    while waiting:
        waiting = [*_withdraw(client, given, waiting[:MOST], kept), *waiting[MOST:]]
    kept.finish()
    return f"this many would be held: say --believe-loss with it ({len(lost):,} of {len(listed):,})" if much else None


def _listed(client: Client, source: str) -> list[str]:
    """Our ids of all that the source says is there; edges first."""
    assert isinstance(client, HttpClient)
    cis: list[str] = []
    edges: list[str] = []
    for line in client.lines(f"/export?source={source}"):
        row = json.loads(line)
        if "epicentre_error" in row:
            raise Unavailable(f"the list of what {source} says stopped before its end: {row['epicentre_error']}")
        if "epicentre_end" in row:
            return [*edges, *cis]
        if "type" in row:
            edges.append(row["id"])
        elif "class" in row:
            cis.append(row["ref"])
    raise Unavailable(f"the list of what {source} says stopped before its end: the server closed the connection")


def _said(place: Path) -> set[str]:
    """The ids in the outcome file: each row that is there made, changed or confirmed one."""
    with place.open(encoding="utf-8") as file:
        return {row["id"] for row in map(json.loads, file) if row.get("id")}


def _withdraw(client: Client, given: Mapping[str, Any], ids: list[str], kept: OutcomeFile) -> list[str]:
    """Take some back; returns those the server had no time for."""
    answer = client.ask(WITHDRAW, ids=ids, **given)["withdraw"]
    kept.add([{"line": None, **{k: v for k, v in one.items() if k != "row" and v}} for one in answer["outcomes"]])
    return [ids[number - 1] for number in answer["left"]]
