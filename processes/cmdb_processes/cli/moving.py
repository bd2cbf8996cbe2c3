"""epicentre import, export: rows of CIs and edges from files and to files."""

from __future__ import annotations

import gzip
import json as json_module
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any
from urllib.parse import urlencode

import typer

from cmdb.errors import Invalid, Unavailable
from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json
from cmdb_processes.cli.transfer import files, replacing
from cmdb_processes.cli.transfer.layout import Layout, look
from cmdb_processes.cli.transfer.outcomes import OutcomeFile
from cmdb_processes.cli.transfer.sending import Sending
from cmdb_processes.cli.transfer.telling import progress

Format = Annotated[str | None, typer.Option("--format", help="jsonl or csv; default: by the file's name, else jsonl.")]
SHOWN = 20
"""Bad rows named on the screen; the outcome file has all of them."""


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    app.command(
        "import",
        epilog="Examples: epicentre import assets.jsonl --dry-run; epicentre import assets.csv --replace;"
        " epicentre export -o all.jsonl && epicentre --url https://other import all.jsonl --source first-site",
    )(import_)
    app.command(
        epilog="Examples: epicentre export -o all.jsonl; epicentre export --class Server --class Rack -o room.csv;"
        " epicentre export | gzip > all.jsonl.gz",
    )(export)


def import_(
    file: Annotated[Path, typer.Argument(help="JSON Lines or CSV, also .gz; see docs/import-export.md.")],
    source: Annotated[
        str | None, typer.Option(help="Who says so, in lower case; default: the file's name. Keep it the same.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would come of it; write nothing.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why, in one line; it is kept in the journal.")] = None,
    outcomes: Annotated[Path | None, typer.Option(help="Where each line's outcome goes; default: beside FILE.")] = None,
    form: Format = None,
    whole: Annotated[
        bool, typer.Option("--replace", help="The file is all the source says: take back what it listed before.")
    ] = False,
    believed: Annotated[
        bool, typer.Option("--believe-loss", help="With --replace: also when much of the source would go.")
    ] = False,
    first: Annotated[
        bool, typer.Option("--first-load", help="Fill an empty graph offline, the server down: for a million rows.")
    ] = False,
    json: Json = False,
) -> None:
    """Create and change CIs and edges from a file; the same call goes on where an interrupted one stopped.

    Exit code 2 when some rows were refused, or what --replace would take back was held: every other row is done.
    """
    if first and dry_run:
        raise Invalid("a first load is not rehearsed: the graph is empty, so `--dry-run` alone says the same")
    if first and whole:
        raise Invalid("a first load fills an empty graph: there is nothing to replace")
    kind = files.format_of(file, form)
    client = None if first else asking.client()
    named = source or _source_of(file)
    way = "first-load" if first else "dry-run" if dry_run else "outcomes"
    about = {"source": named, "way": way, "sha256": files.fingerprint(file)}
    place = outcomes or file.with_name(f"{file.name}.{way}.jsonl")
    if first:
        place.unlink(missing_ok=True)  # nothing of an interrupted one is in the graph
    layout, held = look(file, kind, keep=dry_run), None
    given = {"source": named, "dryRun": dry_run, "reason": reason}
    with OutcomeFile(place, about) as kept, progress("rows", layout.rows) as tell:
        if client is None:
            _first(file, kind, layout, given, kept, tell)
        else:
            _send(Sending(client, file, kind, given, tell), layout, kept, place)
            if whole:
                held = replacing.replace(client, given, place, kept, believed=believed)
        counts = dict(sorted(kept.counts.items()))
    _say(counts, place, dry_run=dry_run, json=json)
    if held is not None:
        show.note(held)
    if held is not None or counts.get("conflict") or counts.get("invalid"):
        raise typer.Exit(2)


def _send(sending: Sending, layout: Layout, kept: OutcomeFile, place: Path) -> None:
    if kept.done:
        show.note(f"going on behind {len(kept.done):,} of {layout.rows:,} rows; {place} has what became of them")
    try:
        sending.run(layout, kept)
    except (KeyboardInterrupt, Unavailable):
        show.note(f"interrupted with {len(kept.done):,} of {layout.rows:,} rows done: the same call goes on there")
        raise


def _first(file: Path, kind: str, layout: Layout, given: dict[str, Any], kept: OutcomeFile, tell: Any) -> None:
    from cmdb.config import load
    from cmdb_processes.cli.server.first_load import first_load

    first_load(load(), file, kind, layout, given, kept, tell, show.note)


def _source_of(file: Path) -> str:
    """The file's name without its endings, as a source is named."""
    text = file.name.partition(".")[0].lower()
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in text).strip("-") or "import"


def _say(counts: dict[str, int], place: Path, *, dry_run: bool, json: bool) -> None:
    if json:
        show.emit({"dry_run": dry_run, "counts": counts, "outcomes": str(place)})
        return
    told = ", ".join(f"{count:,} {word}" for word, count in counts.items()) or "no rows"
    show.out(f"{'would be: ' if dry_run else ''}{told}; each row in {place}")
    bad = [one for one in _read(place) if one.get("outcome") in {"conflict", "invalid"}]
    for one in bad[:SHOWN]:
        where = f"line {one['line']}" if one["line"] else one["label"]
        show.out(f"  {where}: {one['outcome']}: {one['reason']}")
    if len(bad) > SHOWN:
        show.out(f"  and {len(bad) - SHOWN:,} more")


def _read(place: Path) -> Iterator[dict[str, Any]]:
    with place.open(encoding="utf-8") as file:
        for line in file:
            yield json_module.loads(line)


# --- out ---------------------------------------------------------------------------------------------------


def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A new file; default: stdout.")] = None,
    form: Format = None,
    cls: Annotated[list[str] | None, typer.Option("--class", help="Only this class and its kinds; repeatable.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write live CIs and the open edges between them, as they were at one sequence."""
    kind = files.format_of(output or Path("-"), form)
    client = asking.client()
    lines = client.lines("/export" + (f"?{urlencode([('class', name) for name in cls])}" if cls else ""))
    head = json_module.loads(next(lines))
    with _written(output, force=force) as file, progress("rows", None) as tell:
        end = _copy(lines, file, kind, cls, head, tell)
    show.note(f"{end['nodes']:,} CIs and {end['edges']:,} edges as of sequence {head['sequence']}")


def _copy(
    lines: Iterator[bytes], file: IO[str], kind: str, cls: list[str] | None, head: dict[str, Any], tell: Any
) -> dict[str, int]:
    """The rows; only an export that came to its end is one."""
    table = files.CsvWriter(file, cls) if kind == "csv" else None
    if table is None:
        file.write(json_module.dumps(head) + "\n")
    for count, line in enumerate(lines, start=1):
        last = b'"epicentre_e' in line[:20]
        if table is None:
            file.write(line.decode())
        elif not last:
            table.write(json_module.loads(line))
        if last:
            found = json_module.loads(line)
            if "epicentre_error" in found:
                raise Unavailable(f"the export stopped before its end: {found['epicentre_error']}")
            end: dict[str, int] = found["epicentre_end"]
            return end
        tell(count)
    raise Unavailable("the export stopped before its end: the server closed the connection")


@contextmanager
def _written(output: Path | None, *, force: bool) -> Iterator[IO[str]]:
    """The file gets its name when it is whole; stdout is written as it comes."""
    if output is None:
        yield sys.stdout
        return
    if output.exists() and not force:
        raise Invalid(f"{output} is there already: name another, or --force", where="--output")
    part = output.with_name(f".{output.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        raw = os.fdopen(descriptor, "wb")
        packed = gzip.open(raw, "wt", encoding="utf-8") if output.suffix == ".gz" else None  # noqa: SIM115
        with raw, packed or open(raw.fileno(), "w", encoding="utf-8", newline="", closefd=False) as file:
            yield file
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
