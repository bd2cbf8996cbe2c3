"""Replays a reading that was kept as JSON, and writes one: the same fields, lists for tuples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cmdb.errors import Misconfigured
from cmdb_agents.transports import readings
from cmdb_agents.transports.readings import Machine

ROWS: Mapping[str, type] = {
    "mounts": readings.Mount, "interfaces": readings.Interface, "units": readings.Unit,
    "containers": readings.Container, "processes": readings.Process, "sockets": readings.Socket,
    "troubles": readings.Trouble, "blocks": readings.Block, "routes": readings.Route,
    "neighbours": readings.Neighbour, "packages": readings.Package, "accounts": readings.Account,
    "certificates": readings.Certificate, "targets": readings.Target, "translations": readings.Translation,
    "pools": readings.Pool,
}  # fmt: skip
"""The fields of a machine that are lists, and what stands in them."""

ALWAYS: Mapping[str, Mapping[str, Any]] = {"mounts": {"read_only": False}, "processes": {"parent": 0}}
"""What `dump` leaves out because it is empty, and a reading must have."""


class Recorded:
    """A Transport that answers from a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Machine:
        """The machine as it was when the file was written."""
        try:
            return load(json.loads(self._path.read_text(encoding="utf-8")))
        except OSError as error:
            raise Misconfigured(f"the recording {self._path} cannot be read: {error.strerror}") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Misconfigured(f"{self._path} is no recording of a machine: {error}") from error


def dump(machine: Machine) -> dict[str, Any]:
    """The reading as a JSON object, without empty fields (a 0 may differ from a default)."""
    whole = replace(machine, sockets=tuple(machine.sockets))
    return {name: _lean(value) for name, value in asdict(whole).items()}


def _lean(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _lean(v) for k, v in value.items() if v is not False and v not in ("", None, (), [], {})}
    return [_lean(v) for v in value] if isinstance(value, (tuple, list)) else value


def load(data: Mapping[str, Any]) -> Machine:
    """The reading of a JSON object made by `dump` (or by hand: what is missing holds nothing)."""
    made: dict[str, Any] = {
        name: tuple(_row(cls, {**ALWAYS.get(name, {}), **row}) for row in data[name])
        for name, cls in ROWS.items()
        if data.get(name) is not None
    }
    made["platform"] = _row(readings.Platform, data.get("platform", {}))
    made["resolver"] = _row(readings.Resolver, data.get("resolver", {}))
    if "ephemeral" in data:
        made["ephemeral"] = (data["ephemeral"][0], data["ephemeral"][1])
    return Machine(**made, own_pid=data.get("own_pid", 0))


def _row(cls: type, row: Mapping[str, Any]) -> Any:
    return cls(**{name: _value(name, value) for name, value in row.items()})


def _value(name: str, value: Any) -> Any:
    if name == "addresses":  # of an interface they are more than text
        return tuple(readings.Address(**a) if isinstance(a, dict) else a for a in value)
    return tuple(value) if isinstance(value, list) else value
