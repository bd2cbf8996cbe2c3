"""Journal entries as the graph keeps them: their steps are one JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def decoded(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with its steps as a list."""
    return {**entry, "ops": json.loads(entry["ops"])}
