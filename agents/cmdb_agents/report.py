"""From sections to the bytes of a report. Pure: ids, times and numbers are passed in.

A section is encoded once, piece by piece, and what it was made of can go: the text gives its hash and is what travels.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from cmdb.errors import TooLarge
from cmdb.words import WIRE_SCHEMA, Section
from cmdb_agents.digest import digest

FULL_EVERY = 14
COMPRESS_OVER = 1024
MAX_BODY = 20 * 2**20
"""What the front door accepts, before and after decompression."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A section ready to travel: the canonical JSON of its object, and the hash of it."""

    name: str
    text: bytes
    hash: str

    @property
    def wire(self) -> Mapping[str, Any]:
        """The object, for people to look at."""
        found: dict[str, Any] = json.loads(self.text)
        return found


def state(sections: Iterable[Section]) -> tuple[Stated, ...]:
    """Each section with its hash; from an iterator none is kept, not even until its hash is made."""
    found = []
    for section in sections:
        name, text = section.name, _text(section)
        del section
        found.append(Stated(name, text, digest(text).hex()))
    return tuple(found)


def _text(section: Section) -> bytes:
    text = BytesIO()  # what it has grown to is handed over as it is, where a bytearray would be copied
    for piece in section.canonical():
        text.write(piece.encode())
    return text.getvalue()


def compose(
    stated: Iterable[Stated],
    acknowledged: Mapping[str, str],
    *,
    report_id: str,
    node: str,
    boot_id: str,
    seq: int,
    taken_at: str,
) -> list[bytes | memoryview]:
    """The report in pieces; a section whose hash the front door has acknowledged travels as its hash alone."""
    head = {
        "schema": WIRE_SCHEMA,
        "report_id": report_id,
        "node": node,
        "boot_id": boot_id,
        "seq": seq,
        "taken_at": taken_at,
        "sections": {},
    }
    pieces: list[bytes | memoryview] = [_compact(head)[:-2]]  # without the braces that end the empty object and its own
    for number, one in enumerate(stated):
        known = acknowledged.get(one.name) == one.hash
        start = f'{"," if number else ""}{json.dumps(one.name)}:{{"hash":"{one.hash}"'.encode()
        pieces += [start, b"}"] if known else [start + b",", memoryview(one.text)[1:]]
    return [*pieces, b"}}"]


def _compact(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def encode(pieces: Sequence[bytes | memoryview]) -> tuple[bytes, bool]:
    """(body, whether it is gzip): small bodies travel as they are."""
    size = sum(map(len, pieces))
    if size > MAX_BODY:
        raise TooLarge(f"the report has {size} bytes, more than the {MAX_BODY} the front door takes")
    if size <= COMPRESS_OVER:
        return b"".join(pieces), False
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: a gzip header, without a time stamp
    return b"".join([*map(packer.compress, pieces), packer.flush()]), True
