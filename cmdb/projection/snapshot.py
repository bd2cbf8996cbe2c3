"""The projection in a file: versioned, checksummed, replaced as a whole; a file that is not right is not used.

A header of one JSON line, then the arrays one after the other. It holds no secrets: ids, relations and sequences.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from cmdb.errors import Invalid
from cmdb.projection.ids import Ids
from cmdb.projection.rows import Base, Forward, Groups, Rows
from cmdb.projection.state import Relations

MAGIC = b"epicentre projection\n"
VERSION = 1
HEADER = 65_536
"""Bytes that a header has at most."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a file holds; `hash` is that of the journal entry at the base's sequence."""

    base: Base
    ids: Ids
    relations: Relations
    hash: str


def save(path: Path, snapshot: Snapshot) -> None:
    """Write the file beside its place and move it there, so that there is always a whole one or none."""
    base = snapshot.base
    names = snapshot.ids.column()
    order = np.argsort(names, kind="stable").astype(np.int32) if snapshot.ids.added else snapshot.ids.order
    group = np.empty(0, np.int32) if base.group is None else base.group
    arrays = [names, order, *base.rows, *base.forward, group, *base.groups, snapshot.relations.soft]
    header = {
        "version": VERSION, "sequence": base.sequence, "hash": snapshot.hash, "relations": snapshot.relations.names,
        "arrays": [[a.dtype.str, len(a)] for a in arrays], "checksum": _checksum(arrays),
    }  # fmt: skip
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        file.write(MAGIC + orjson.dumps(header) + b"\n")
        for array in arrays:
            file.write(_bytes(array))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load(path: Path) -> Snapshot:
    """Read a file; Invalid with the reason when it is broken or of another version, OSError when it is not there."""
    with path.open("rb") as file:
        if file.readline(len(MAGIC)) != MAGIC:
            raise Invalid("it is no projection", where=path.name)
        header = _header(file.readline(HEADER), path)
        arrays = []
        for kind, length in header["arrays"]:
            dtype = np.dtype(kind)
            if dtype.hasobject or file.tell() + dtype.itemsize * length > path.stat().st_size:
                raise Invalid("it ends too early", where=path.name)
            arrays.append(np.fromfile(file, dtype, length))
    if _checksum(arrays) != header["checksum"]:
        raise Invalid("its checksum is wrong", where=path.name)
    names, order, *rest = arrays
    rows, forward, group, groups = Rows(*rest[:6]), Forward(*rest[6:9]), rest[9], Groups(*rest[10:13])
    base = Base(header["sequence"], rows, forward, group if len(group) else None, groups)
    return Snapshot(base, Ids(names, order), Relations(tuple(header["relations"]), rest[13]), header["hash"])


def _header(line: bytes, path: Path) -> dict[str, Any]:
    try:
        header: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise Invalid("its header is broken", where=path.name) from None
    if header.get("version") != VERSION:
        raise Invalid(f"it is of version {header.get('version')}, this program's is {VERSION}", where=path.name)
    return header


def _checksum(arrays: Sequence[NDArray[Any]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(_bytes(array))
    return digest.hexdigest()


def _bytes(array: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(array).view(np.uint8).data
