"""The example company as import rows: from the power feed to what customers buy. The same seed gives the same rows."""

from __future__ import annotations

import random
from datetime import date

from cmdb_processes.cli.company.ground import ground
from cmdb_processes.cli.company.making import Making
from cmdb_processes.cli.company.rows import Row
from cmdb_processes.cli.company.software import software

SEED = 7


def estate(today: date, seed: int = SEED) -> list[Row]:
    """All rows. `today` places certificates, warranties and contracts in time; no clock is read."""
    make = Making(today, random.Random(seed))  # noqa: S311  # made up, and the same each time
    ground(make)
    software(make)
    return list(make.rows)
