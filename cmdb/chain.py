"""The journal's chain of hashes: how an entry is sealed, and where a broken chain breaks first. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Entry = Mapping[str, Any]
"""All properties of a journal entry as the graph keeps them; `ops` is one JSON text."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a walk stands: the last sequence that was looked at, and its hash. It begins at `START`."""

    seq: int
    hash: str


START = Link(0, "")


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that is not what was sealed, and what is wrong with it in one sentence."""

    seq: int
    reason: str


def seal(entry: Entry) -> str:
    """SHA-256 over everything an entry has but the hash itself; the previous entry's hash (`prev`) is part of it.

    Entries without a `time` are of the first builds, which sealed these parts; taking the time from a later one does
    not make it one of them.
    """
    if "time" not in entry:
        old = [str(entry.get(name)) for name in ("prev", "seq", "at", "actor", "kind", "summary", "ops")]
        return hashlib.sha256("\n".join(old).encode()).hexdigest()
    content = {name: value for name, value in entry.items() if name != "hash" and value is not None}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def walk(entries: Iterable[Entry], link: Link = START) -> tuple[Link, Broken | None]:
    """Follow entries in the order of their sequence; the link after the last good one, and the first broken one."""
    for entry in entries:
        if (broken := _fault(entry, link)) is not None:
            return link, broken
        link = Link(entry["seq"], entry["hash"])
    return link, None


def ends_at(link: Link, head: Link) -> Broken | None:
    """Whether a walk to the end came to where the journal's own counter says that it ends."""
    if link.seq < head.seq:
        return Broken(link.seq + 1, f"it is missing: the journal ends at {link.seq} and counts to {head.seq}")
    if link.seq > head.seq:
        return Broken(head.seq + 1, f"nobody wrote it: the journal counts to {head.seq} only")
    if link.hash != head.hash:
        return Broken(link.seq, "the journal's own counter knows it with another hash")
    return None


def _fault(entry: Entry, link: Link) -> Broken | None:
    seq, expected = entry.get("seq"), link.seq + 1
    if seq != expected:
        return Broken(expected, f"it is missing: after {link.seq} comes {seq}")
    if entry.get("prev") != link.hash:
        return Broken(expected, f"it does not follow entry {link.seq}: one of the two was replaced")
    if entry.get("hash") != seal(entry):
        return Broken(expected, "its content is not what was sealed")
    return None
