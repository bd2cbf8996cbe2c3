"""A topology into the graph: as rows through the door that imports use, so identity and precedence decide."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cmdb.topology import Topology, topology
from cmdb_processes.cli import asking, show
from cmdb_processes.cli.discovery.hosts import owners
from cmdb_processes.cli.discovery.rows import distinct, ref, rows
from cmdb_processes.cli.transfer.layout import look
from cmdb_processes.cli.transfer.outcomes import OutcomeFile
from cmdb_processes.cli.transfer.sending import Sending
from cmdb_processes.cli.transfer.telling import progress

SOURCE = "snmp"


@dataclass(slots=True)
class Reported:
    """What became of the rows: how many there were, of each outcome, and how many of each device have changed."""

    rows: int
    outcomes: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)  # by the device's ref


def report(client: Any, found: Topology, source: str, domain: str | None) -> Reported:
    """Send the rows, unless there is nobody to send them to; what was refused is told on stderr."""
    if client is None:
        return Reported(len(rows(found, {}, domain)))
    macs = {one.mac for one in found.attachments} | {m for d in found.devices if d.cls == "Host" for m in d.macs}
    made = rows(found, owners(client, macs), domain)
    done = Reported(len(made))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        file.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in made))
        layout = look(file, "jsonl", keep=False)
        about = {"source": source, "way": "outcomes", "sha256": "-"}
        with OutcomeFile(Path(folder) / "outcomes.jsonl", about) as kept, progress("rows", layout.rows) as tell:
            given = {"source": source, "dryRun": False, "reason": "discovered by SNMP"}
            Sending(client, file, "jsonl", given, tell).run(layout, kept)
            done.outcomes = Counter(kept.counts)
        for line in (Path(folder) / "outcomes.jsonl").read_text().splitlines()[1:]:
            _take(done, json.loads(line), made)
    return done


def _take(done: Reported, told: dict[str, Any], made: Sequence[dict[str, Any]]) -> None:
    word = told.get("outcome")
    if word in ("conflict", "invalid"):
        show.note(f"{told.get('label', '?')}: {told.get('reason', '?')}")
    elif word in ("created", "changed"):
        row = made[told["line"] - 1]
        done.changed[row.get("parent") or row.get("ref") or ""] += 1


def gather(target: Any, sights: Sequence[Any]) -> list[int]:
    """Report all places of a collector's run together; how many things of each have changed.

    The server and its token are those of every command: a collector elsewhere has them in its settings.
    """
    client = asking.client()
    found = topology([sight.device for sight in sights])
    done = report(client, found, target.options.get("source", SOURCE), target.options.get("domain"))
    kept = {other: merge.kept for merge in found.merges for other in merge.others}
    refs = {device.address: ref(device) for device in distinct(found.devices)}
    return [done.changed[refs[kept.get(sight.device.address, sight.device.address)]] for sight in sights]
