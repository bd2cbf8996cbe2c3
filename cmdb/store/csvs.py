"""Steps of plans as the CSV files that Neo4j's offline importer reads: the same rows that a transaction would write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cmdb.claims import EXPIRES, EXTRA, LIFECYCLE, TAGS
from cmdb.classes import catalogue
from cmdb.cypher.facts import EVIDENCE

ARRAY = "\x1f"
"""Between the elements of a list: a control character, which no text of ours has."""
_TYPES = {"int": ":long", "float": ":double", "boolean": ":boolean", "strings": ":string[]"}
_CI = ("class", "key", "name", "parent", "source", "search", "status", "rev:long", "first_seen", "valid_from:long",
       f"{TAGS}:string[]", LIFECYCLE, EXPIRES)  # fmt: skip
_EDGE = ("id", "valid_from:long", "because", "scope", "endpoint", *(f"{n}:double" if n == "confidence" else n
         for n in EVIDENCE), "also")  # fmt: skip
_ASSERTS = ("since:long", "seq:long", "said", "until", "trace", "ref")
_SCOPE = ("node", "section", "at", "complete:long", "links", "shared:boolean")
_CHANGE = ("seq:long", "at", "time", "actor", "kind", "summary", "ops", "prev", "hash", "report")


@dataclass(frozen=True, slots=True)
class _Table:
    """One file: what its lines begin with, and the properties behind that."""

    kind: str  # "nodes" | "relationships"
    path: Path
    file: IO[str]
    names: tuple[str, ...]

    def write(self, first: Iterable[Any], properties: Mapping[str, Any]) -> None:
        """One line."""
        cells = [*first, *map(properties.get, self.names)]
        # Nearly every cell is empty or a text, so these two are told apart here, without a call.
        texts = ["" if c is None else _quoted(c) if type(c) is str else _cell(c) for c in cells]
        self.file.write(",".join(texts) + "\n")


class Csvs:
    """The open files of a load."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tables: dict[str, _Table] = {}
        self._labels: dict[str, str] = {}
        self._odd: IO[str] | None = None

    def ci(self, row: Mapping[str, Any]) -> None:
        """A created CI: labels and properties."""
        properties = row["properties"]
        name = properties["class"]
        table = self._tables.get(name)
        if table is None:
            cls = catalogue().cls(name)
            columns = [*_CI, *(f"{a.name}{_TYPES.get(a.type, '')}" for a in cls.attributes)]
            table = self._tables[name] = self._table(f"ci-{name}", "nodes", ["id:ID(CI)", ":LABEL"], columns)
            self._labels[name] = ARRAY.join(["CI", *row["labels"]])
        if lists := {name: value for name, value in properties.items() if type(value) is list}:
            properties = {**properties, **{name: _joined(value) for name, value in lists.items()}}
        odd = {name: value for name, value in lists.items() if properties[name] is None}
        odd |= {name: value for name, value in properties.items() if name.startswith(EXTRA)}
        if odd:
            self._set_later(properties["id"], odd)
        table.write((properties["id"], self._labels[name]), properties)

    def edge(self, row: Mapping[str, Any]) -> None:
        """An opened edge."""
        table = self._tables.get(row["type"])
        if table is None:
            ends = [":START_ID(CI)", ":END_ID(CI)", ":TYPE"]
            table = self._tables[row["type"]] = self._table(f"edge-{row['type']}", "relationships", ends, _EDGE)
        table.write((row["source"], row["target"], row["type"]), row["properties"])

    def claim(self, row: Mapping[str, Any]) -> None:
        """A scope asserts a CI."""
        table = self._tables.get("asserts")
        if table is None:
            ends = [":START_ID(Scope)", ":END_ID(CI)", ":TYPE"]
            table = self._tables["asserts"] = self._table("asserts", "relationships", ends, _ASSERTS)
        table.write((row["scope"], row["ci"], "ASSERTS"), row)

    def scope(self, row: Mapping[str, Any]) -> None:
        """A scope, once."""
        table = self._tables["scope"] = self._table("scope", "nodes", ["id:ID(Scope)", ":LABEL"], _SCOPE)
        table.write((row["id"], "Scope"), row["properties"])

    def change(self, row: Mapping[str, Any]) -> None:
        """A journal entry."""
        table = self._tables.get("change")
        if table is None:
            table = self._tables["change"] = self._table("change", "nodes", [":LABEL"], _CHANGE)
        table.write(("Change",), row)

    def journal(self, seq: int, last: str, time: str) -> None:
        """The journal's counter, once."""
        columns = ("id", "seq:long", "hash", "time")
        table = self._tables["journal"] = self._table("journal", "nodes", [":LABEL"], columns)
        table.write(("Journal",), {"id": "journal", "seq": seq, "hash": last, "time": time})

    def close(self) -> dict[str, list[Path]]:
        """All files by kind, whole."""
        found: dict[str, list[Path]] = {"nodes": [], "relationships": []}
        for table in self._tables.values():
            table.file.close()
            found[table.kind].append(table.path)
        if self._odd is not None:
            self._odd.close()
        return found

    def _table(self, name: str, kind: str, ends: Sequence[str], columns: Sequence[str]) -> _Table:
        path = self._folder / f"{name}.csv"
        file = path.open("w", encoding="utf-8", newline="")
        file.write(",".join([*ends, *columns]) + "\n")
        return _Table(kind, path, file, tuple(column.partition(":")[0] for column in columns))

    def odd(self) -> Iterator[dict[str, Any]]:
        """Values that no CSV can hold, as {id, set}: free attributes, as each may be a text here and a number there."""
        if self._odd is not None:
            with Path(self._odd.name).open(encoding="utf-8") as file:
                yield from map(json.loads, file)

    def _set_later(self, ci: str, values: Mapping[str, Any]) -> None:
        if self._odd is None:
            self._odd = (self._folder / "odd.jsonl").open("w", encoding="utf-8")
        self._odd.write(json.dumps({"id": ci, "set": values}) + "\n")


def _joined(value: list[str]) -> str | None:
    """A list as the importer reads it; it reads none that is empty or has an empty text in it."""
    return None if not value or "" in value else ARRAY.join(value)


def _quoted(text: str) -> str:
    """An empty text stands in quotes: nothing between two commas is null."""
    return '"' + text.replace('"', '""') + '"'


def _cell(value: Any) -> str:
    """Neither a text nor null."""
    return ("true" if value else "false") if isinstance(value, bool) else repr(value)
