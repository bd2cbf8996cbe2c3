"""Replays a reading that was kept as JSON, and writes one: the same fields, lists for tuples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cmdb_agents.transports.readings import (
    Address,
    Container,
    Interface,
    Machine,
    Mount,
    Platform,
    Process,
    Socket,
    Trouble,
    Unit,
)


class Recorded:
    """A Transport that answers from a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Machine:
        """The machine as it was when the file was written."""
        return load(json.loads(self._path.read_text(encoding="utf-8")))


def dump(machine: Machine) -> dict[str, Any]:
    """The reading as a JSON object, without empty fields (a 0 may differ from a default)."""
    return {name: _lean(value) for name, value in asdict(machine).items()}


def _lean(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _lean(v) for k, v in value.items() if v is not False and v not in ("", None, (), [], {})}
    return [_lean(v) for v in value] if isinstance(value, (tuple, list)) else value


def load(data: Mapping[str, Any]) -> Machine:
    """The reading of a JSON object made by `dump` (or by hand: what is missing holds nothing)."""
    units = data.get("units")
    return Machine(
        platform=Platform(**data.get("platform", {})),
        mounts=tuple(Mount(**{"read_only": False, **m}) for m in data.get("mounts", ())),
        interfaces=tuple(_interface(i) for i in data.get("interfaces", ())),
        units=None if units is None else tuple(Unit(**u) for u in units),
        containers=tuple(Container(**_tuples(c, "addresses", "published")) for c in data.get("containers", ())),
        processes=tuple(Process(**{"parent": 0, **_tuples(p, "argv")}) for p in data.get("processes", ())),
        sockets=tuple(Socket(**_tuples(s, "pids")) for s in data.get("sockets", ())),
        ephemeral=(data["ephemeral"][0], data["ephemeral"][1]) if "ephemeral" in data else (32768, 60999),
        own_pid=data.get("own_pid", 0),
        troubles=tuple(Trouble(**t) for t in data.get("troubles", ())),
    )


def _tuples(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {k: tuple(v) if k in names else v for k, v in row.items()}


def _interface(row: Mapping[str, Any]) -> Interface:
    addresses = tuple(Address(**a) for a in row.get("addresses", ()))
    return Interface(**{**row, "addresses": addresses})
