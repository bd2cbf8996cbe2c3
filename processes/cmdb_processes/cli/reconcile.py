"""epicentre reconcile --dry-run: what a report or a file of rows would come to."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json
from cmdb_processes.cli.transfer.sending import BULK

REHEARSE = """
query R($payload: String!, $node: String) {
  found: reconcileDryRun(payload: $payload, node: $node) {
    outcomes { row kind label outcome id reason changes rule candidates refused }
  }
}
"""
ORDER = ("conflict", "invalid", "created", "changed", "stale", "unchanged")
LARGEST = 900_000
"""Characters: the server takes 1 MiB in one question."""


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre-agent show --json | epicentre reconcile --dry-run -;"
        " epicentre reconcile --dry-run report.json --node nd_7f; epicentre reconcile --dry-run rows.jsonl",
    )(reconcile)


def reconcile(
    payload: Annotated[str, typer.Argument(metavar="FILE", help="An agent's report or sections, or rows; - is stdin.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Needed: only agents and `import` write.")] = False,
    node: Annotated[
        str | None, typer.Option(help="The agent that would report it; default: a new one, which must be recognised.")
    ] = None,
    source: Annotated[str, typer.Option(help="For rows: the source that would say so.")] = "rehearsal",
    whole: Annotated[bool, typer.Option("--all", help="Show unchanged rows too.")] = False,
    json: Json = False,
) -> None:
    """Say what would be created, changed, unchanged, stale or in conflict, and why; nothing is written.

    Exit code 2 when something is in conflict or invalid.
    """
    if not dry_run:
        raise Invalid("this command only rehearses: add --dry-run; `epicentre import FILE` writes rows")
    text = sys.stdin.read() if payload == "-" else Path(payload).read_text(encoding="utf-8")
    if len(text) > LARGEST:
        raise Invalid("it is larger than one question; for rows use `epicentre import FILE --dry-run`", where=payload)
    rows = _rows(text)
    client = asking.client()
    if rows is None:
        found = client.ask(REHEARSE, payload=text, node=node)["found"]["outcomes"]
    else:
        found = client.ask(BULK, rows=rows, source=source, dryRun=True, reason=None)["bulkUpsert"]["outcomes"]
    counts = {word: sum(one["outcome"] == word for one in found) for word in ORDER}
    if json:
        show.emit({"counts": {k: v for k, v in counts.items() if v}, "rows": found})
    else:
        _tell(found, counts, whole=whole, unknown=rows is None and node is None)
    if counts["conflict"] or counts["invalid"]:
        raise typer.Exit(2)


def _rows(text: str) -> str | None:
    """The rows of an import, if it is that: JSON Lines whose objects are CIs or edges."""
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        first = json_module.loads(lines[0]) if lines else None
    except ValueError:
        return None  # a report, over several lines
    if isinstance(first, dict) and ({"class", "type", "epicentre_export"} & set(first)):
        return "\n".join(line for line in lines if '"epicentre_e' not in line[:20])
    return None


def _tell(found: list[dict[str, Any]], counts: dict[str, int], *, whole: bool, unknown: bool) -> None:
    shown = [one for one in found if whole or one["outcome"] != "unchanged"]
    shown.sort(key=lambda one: (ORDER.index(one["outcome"]), one["row"]))
    rows = [(alike[0]["outcome"], _named(alike), _why(alike[0])) for alike in _alike(shown)]
    show.table(("OUTCOME", "WHAT", "WHY"), rows, "nothing would change")
    told = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    hidden = " (--all shows what is unchanged)" if len(shown) < len(found) else ""
    show.out(f"\n{told or 'no rows'}{hidden}; nothing was written")
    if unknown and counts["conflict"]:
        show.out("it was taken as the report of a new agent: --node names the one that would send it (`agents list`)")


def _alike(shown: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rows that are in conflict for one and the same reason are told together: a report that is held is held whole."""
    told: dict[Any, list[dict[str, Any]]] = {}
    for one in shown:
        alone = one["outcome"] != "conflict"
        key = one["row"] if alone else (one["reason"], *one["candidates"], *one["refused"])
        told.setdefault((one["outcome"], key), []).append(one)
    return list(told.values())


def _named(alike: list[dict[str, Any]]) -> str:
    more = len(alike) - 1
    return str(alike[0]["label"]) + (f" and {more:,} more" if more else "")


def _why(one: dict[str, Any]) -> str:
    changes = ", ".join(f"{k}: {_short(a)} → {_short(b)}" for k, (a, b) in (one["changes"] or {}).items())
    parts = [one["reason"]]
    parts += [changes] if changes and one["outcome"] == "changed" else []
    parts += (
        [f"candidates {', '.join(one['candidates'])}"] if one["outcome"] == "conflict" and one["candidates"] else []
    )
    parts += [f"not used: {'; '.join(one['refused'])}"] if one["refused"] else []
    return "; ".join(part for part in parts if part)


def _short(value: Any) -> str:
    text = "none" if value is None else ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
