"""Frozen evidence: what an assessment took in and was answered, as canonical JSON; approvals bind to its SHA-256.

Canonical: keys sorted, no blanks, UTF-8, no NaN; so what is stored and read again gives the same hash, whenever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmdb.errors import Invalid

VERSION = 1
"""Of the evidence's shape; evidence of an older shape is still read and still hashes the same."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the assessment was taken from. `proposal`: the graph diff as asked, `context`: who was down or under way."""

    number: str
    sequence: int
    cis: tuple[str, ...]
    window: tuple[str, str]
    proposal: Mapping[str, Any]
    context: Mapping[str, Any]
    policy: str  # the version of the bands and rules


@dataclass(frozen=True, slots=True)
class Evidence:
    """Canonical text and its hash."""

    text: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def content(self) -> dict[str, Any]:
        """What it says: {version inputs answers conclusion}."""
        found: dict[str, Any] = json.loads(self.text)
        return found


def canonical(value: Any) -> str:
    """The one text of a JSON value."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()  # half a surrogate pair is no text
    except (TypeError, ValueError) as error:
        raise Invalid(f"evidence holds what JSON has no word for: {error}", where="evidence") from error
    return text


def freeze(inputs: Inputs, answers: Mapping[str, Any], conclusion: Mapping[str, Any]) -> Evidence:
    """The evidence of one assessment: `answers` are the GraphQL answers, whole and by name."""
    taken = {
        "number": inputs.number,
        "sequence": inputs.sequence,
        "cis": sorted(inputs.cis),
        "window": list(inputs.window),
        "proposal": dict(inputs.proposal),
        "context": dict(inputs.context),
        "policy": inputs.policy,
    }
    content = {"version": VERSION, "inputs": taken, "answers": dict(answers), "conclusion": dict(conclusion)}
    return Evidence(canonical(content))


def thawed(text: str, expected: str) -> Evidence:
    """Stored evidence, read again; one whose hash is another was tampered with and is refused."""
    evidence = Evidence(text)
    if evidence.hash != expected:
        raise Invalid(
            f"hashes to {evidence.hash[:16]}…, {expected[:16]}… was approved: it is not what was frozen",
            where="evidence",
        )
    return evidence
