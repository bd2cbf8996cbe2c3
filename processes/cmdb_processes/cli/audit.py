"""epicentre audit: whether the journal is what was written."""

from __future__ import annotations

import sys
from typing import Any

import typer

from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

AUDIT = """
query Audit($after: Int!, $hash: String!) {
  audit(after: $after, hash: $hash) {
    seq hash head done broken { seq reason } checkpoints certain publicKey
  }
}
"""
BROKEN = 2
"""Exit code of a journal that is not what was written."""


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Check the journal.", no_args_is_help=True, rich_markup_mode=None)
    group.command(epilog="Examples: epicentre audit verify; epicentre audit verify --json (exit 0 whole, 2 broken)")(
        verify
    )
    app.add_typer(group, name="audit")


def verify(json: Json = False) -> None:
    """Walk the journal's chain of hashes from the first entry, and compare it with the signed checkpoints."""
    client = asking.client()
    page: dict[str, Any] = {"seq": 0, "hash": "", "done": False}
    while not page["done"]:
        page = client.ask(AUDIT, after=page["seq"], hash=page["hash"])["audit"]
        if not json:
            _progress(page["seq"], page["head"], last=page["done"])
    if json:
        show.emit({"whole": page["broken"] is None, **{k: v for k, v in page.items() if k != "done"}})
    elif page["broken"] is None:
        show.out(f"the journal is whole: {page['seq']} entries; {_proven(page)}")
    else:
        show.out(f"BROKEN at entry {page['broken']['seq']}: {page['broken']['reason']}")
    if page["broken"] is not None:
        raise typer.Exit(BROKEN)


def _proven(page: dict[str, Any]) -> str:
    if not page["checkpoints"]:
        return "no checkpoint was signed yet"
    word = "checkpoint proves" if page["checkpoints"] == 1 else "checkpoints prove"
    return f"{page['checkpoints']} signed {word} it up to entry {page['certain']}"


def _progress(seq: int, head: int, *, last: bool) -> None:
    """How far it is, on stderr, over itself on a terminal; a short walk says nothing."""
    if sys.stderr.isatty() and head > 250:
        sys.stderr.write(f"\rentry {seq} of {head}" + ("\n" if last else ""))
        sys.stderr.flush()
