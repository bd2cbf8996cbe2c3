"""The rows of an import, checked one by one: a CI or an edge, or why a row is neither."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cmdb import endpoints, free, ingest
from cmdb.claims import EXPIRES, LIFECYCLE, NAME
from cmdb.classes import catalogue
from cmdb.errors import Invalid, UnknownName
from cmdb.words import CIClass, Evidence, Value

NODE = (
    "class", "name", "key", "parent", "ref", "id", "rev", "attributes", "tags", "extra", "lifecycle", "expires_at",
    "evidence",
)  # fmt: skip
EDGE = ("type", "from", "to", "evidence", "endpoint")
_NODE, _EDGE = dict.fromkeys(NODE), dict.fromkeys(EDGE)
Word = Literal["created", "changed", "unchanged", "stale", "conflict", "invalid"]
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


@dataclass(frozen=True, slots=True)
class NodeRow:
    """What a row says of one CI. `n` is its number from 1; `ref` what other rows call it; `id` ours, if it is known.

    `attributes` has the name too, if the row gives one; None takes back what the same source said before. `evidence`
    is why it is believed to be inside its parent; `inside` is False when the row says that no edge leads there.
    """

    n: int
    cls: str
    attributes: Mapping[str, Value]
    key: str | None = None
    parent: str | None = None
    ref: str | None = None
    id: str | None = None
    rev: int | None = None
    evidence: Evidence | None = None
    inside: bool = True

    @property
    def name(self) -> str | None:
        """The name it gives, if it does."""
        value = self.attributes.get(NAME)
        return None if value is None else str(value)

    @property
    def label(self) -> str:
        """What it is about, for people."""
        return f"{self.cls} {self.name or self.key or self.ref or self.id or ''}".rstrip()


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """What a row says of one edge, dependent → dependency; its ends are refs of other rows or ids of ours."""

    n: int
    type: str
    source: str
    target: str
    evidence: Evidence | None = None
    endpoint: str | None = None

    @property
    def label(self) -> str:
        """What it is about, for people."""
        return f"{self.source} {self.type} {self.target}"


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that cannot be understood, and why."""

    n: int
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a row. `changes` are (before, after) by attribute; `rule` is what recognised its CI.

    `candidates` are the CIs among which a person must choose; `refused` the keys not used for identity, and why.
    `label` names the row for people. Only reports make things stale: no source claims them any more.
    """

    row: int
    kind: str  # "node" | "edge"
    word: Word
    id: str | None = None
    reason: str = ""
    changes: Mapping[str, tuple[Value, Value]] = field(default_factory=dict)
    rule: str | None = None
    candidates: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    label: str = ""


def scope_of(source: str) -> str:
    """The scope in which an import of that name speaks; Invalid says what a name is."""
    if not _SOURCE.fullmatch(source):
        raise Invalid("a source is named in lower case with digits and . _ -, at most 63 characters", where="source")
    return f"import:{source}/rows"


def parse(n: int, given: Any) -> NodeRow | EdgeRow | Unread:
    """Read one row as it came from JSON."""
    if not isinstance(given, dict):
        return Unread(n, "row: expected an object")
    try:
        return _edge(n, given) if "type" in given else _node(n, given)
    except Invalid as error:
        return Unread(n, error.message)


def _node(n: int, given: dict[str, Any]) -> NodeRow:
    _only(given, _NODE)
    if "class" not in given:
        raise Invalid("a row has a `class` (a CI) or a `type` (an edge)", where="row")
    cls = catalogue().cls(ingest.name(given["class"], "class"))
    rev = given.get("rev")
    if rev is not None and (type(rev) is not int or rev < 1):
        raise Invalid("expected a whole number from 1", where="rev")
    texts = {k: ingest.name(given[k], k) for k in ("key", "parent", "ref", "id") if given.get(k) is not None}
    if cls.name == "Endpoint" and "key" in texts:
        texts["key"] = endpoints.parse(texts["key"]).key
    said = given.get("evidence")
    return NodeRow(
        n, cls.name, _attributes(cls, given), **texts, rev=rev,
        evidence=None if said is None else ingest.evidence(said, "evidence"),
        inside=said is not None or "evidence" not in given,
    )  # fmt: skip


def _attributes(cls: CIClass, given: dict[str, Any]) -> dict[str, Value]:
    said = given.get("attributes") or {}
    if not isinstance(said, dict):
        raise Invalid("expected an object of values by attribute", where="attributes")
    checked: dict[str, Value] = {**ingest.values(cls, said, "attributes", whole=False)}
    checked |= {name: None for name, value in said.items() if value is None}
    return checked | _by_people(cls, given) | ({NAME: _name(given)} if given.get("name") is not None else {})


def _name(given: dict[str, Any]) -> str:
    return ingest.name(given["name"], "name")


def _by_people(cls: CIClass, given: dict[str, Any]) -> dict[str, Value]:
    """Tags, free attributes, lifecycle and last day, as a source claims them beside declared attributes."""
    labels, extra = given.get("tags") or [], given.get("extra") or {}
    if not isinstance(labels, list) or not isinstance(extra, dict):
        raise Invalid("expected a list of tags, and an object of free attributes by name", where="row")
    said = free.claimed(cls, labels, extra)
    if (state := given.get("lifecycle")) is not None:
        if state not in cls.lifecycle.states:
            raise Invalid(f"a {cls.name} is {', '.join(cls.lifecycle.states)}, not {state!r}", where="lifecycle")
        said[LIFECYCLE] = state
    if (day := given.get("expires_at")) is not None:
        said[EXPIRES] = ingest.moment(day, "expires_at")
    return said


def _edge(n: int, given: dict[str, Any]) -> EdgeRow:
    _only(given, _EDGE)
    relation = catalogue().relation(ingest.name(given["type"], "type"))
    said, endpoint = given.get("evidence"), given.get("endpoint")
    return EdgeRow(
        n, relation.name, ingest.name(given.get("from"), "from"), ingest.name(given.get("to"), "to"),
        None if said is None else ingest.evidence(said, "evidence"),
        None if endpoint is None else endpoints.parse(ingest.name(endpoint, "endpoint")).key,
    )  # fmt: skip


def _only(given: Mapping[str, Any], known: Mapping[str, None]) -> None:
    if not given.keys() <= known.keys():
        unknown = min(given.keys() - known.keys())
        raise UnknownName(f"there is no field {unknown[:80]!r}; known are {', '.join(known)}", where="row")
