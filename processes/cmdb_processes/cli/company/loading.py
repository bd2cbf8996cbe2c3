"""The company's steps into a running server, by the same way as `epicentre import`; again they change nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from cmdb.errors import Conflict
from cmdb_graphql.client import Client
from cmdb_processes.cli.company.timeline import SOURCE, Step
from cmdb_processes.cli.transfer import files
from cmdb_processes.cli.transfer.outcomes import OutcomeFile
from cmdb_processes.cli.transfer.sending import Sending, look
from cmdb_processes.cli.transfer.telling import progress


def send(client: Client, steps: Sequence[Step], folder: Path) -> dict[str, int]:
    """Import every step from a file of its own in `folder`; how many rows came to what. Conflict: one was refused."""
    folder.mkdir(exist_ok=True)
    counts: dict[str, int] = {}
    for number, step in enumerate(steps, start=1):
        for word, count in _send(client, step, folder / f"{number:03}.jsonl").items():
            counts[word] = counts.get(word, 0) + count
    return counts


def _send(client: Client, step: Step, file: Path) -> Mapping[str, int]:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in step.rows), encoding="utf-8")
    place = file.with_suffix(".outcomes.jsonl")
    about = {"source": SOURCE, "way": "outcomes", "sha256": files.fingerprint(file)}
    layout = look(file, "jsonl", keep=False)
    given = {"source": SOURCE, "dryRun": False, "reason": step.summary}
    with OutcomeFile(place, about) as kept, progress("rows", layout.rows) as tell:
        Sending(client, file, "jsonl", given, tell).run(layout, kept)
        counts = dict(kept.counts)
    if refused := counts.get("conflict", 0) + counts.get("invalid", 0):
        raise Conflict(f"{refused} rows of the example were refused; {place} says which and why")
    return counts
