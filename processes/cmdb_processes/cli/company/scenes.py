"""What may happen next in the example: files of rows, to be imported when the walk through it says so."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from cmdb_processes.cli.company.estate import estate
from cmdb_processes.cli.company.rows import Row, about

FOLDER = "scenes"


def scenes(today: date) -> dict[str, list[Row]]:
    """Rows by the file's name."""
    rows = {str(row["ref"]): row for row in estate(today) if "class" in row}
    return {
        "replica-lost": [about(rows["pg-orders-2"], {"condition": "down"})],
        "reports-search": [
            {"type": "USES", "from": "metabase on reporting-1", "to": "opensearch on search-1"},
            {"type": "DEPENDS_ON", "from": "metabase on reporting-1", "to": "db payments"},  # nobody planned that
        ],
    }


def write(home: Path, today: date) -> None:
    """The files, in a folder of the example's own."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700)
    for name, rows in scenes(today).items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
