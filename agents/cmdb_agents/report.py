"""From sections to the bytes of a report. Pure: ids, times and numbers are passed in."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cmdb.errors import TooLarge
from cmdb.words import WIRE_SCHEMA, Section, section_hash

FULL_EVERY = 14
COMPRESS_OVER = 1024
MAX_BODY = 20 * 2**20
"""What the front door accepts, before and after decompression."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A section ready to travel: its JSON object and the hash of it."""

    name: str
    wire: Mapping[str, Any]
    hash: str


def state(sections: Iterable[Section]) -> tuple[Stated, ...]:
    """Each section with its hash."""
    made = ((s.name, s.to_wire()) for s in sections)
    return tuple(Stated(name, wire, section_hash(wire)) for name, wire in made)


def compose(
    stated: Iterable[Stated],
    acknowledged: Mapping[str, str],
    *,
    report_id: str,
    node: str,
    boot_id: str,
    seq: int,
    taken_at: str,
) -> dict[str, Any]:
    """The report; a section whose hash the front door has acknowledged travels as its hash alone."""
    sections = {
        s.name: {"hash": s.hash} if acknowledged.get(s.name) == s.hash else {"hash": s.hash, **s.wire} for s in stated
    }
    return {
        "schema": WIRE_SCHEMA,
        "report_id": report_id,
        "node": node,
        "boot_id": boot_id,
        "seq": seq,
        "taken_at": taken_at,
        "sections": sections,
    }


def encode(report: Mapping[str, Any]) -> tuple[bytes, bool]:
    """(body, whether it is gzip): small bodies travel as they are."""
    body = json.dumps(report, separators=(",", ":"), ensure_ascii=False).encode()
    if len(body) > MAX_BODY:
        raise TooLarge(f"the report has {len(body)} bytes, more than the {MAX_BODY} the front door takes")
    if len(body) <= COMPRESS_OVER:
        return body, False
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: a gzip header, without a time stamp
    return packer.compress(body) + packer.flush(), True
