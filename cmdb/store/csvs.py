"""Steps of plans as the CSV files that Neo4j's offline importer reads: the same rows that a transaction would write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from cmdb.classes import catalogue
from cmdb.cypher.facts import EVIDENCE

ARRAY = "\x1f"
"""Between the elements of a list: a control character, which no text of ours has."""
_TYPES = {"int": ":long", "float": ":double", "boolean": ":boolean", "strings": ":string[]"}
_CI = ("class", "key", "name", "parent", "source", "search", "status", "rev:long", "first_seen", "valid_from:long")
_EDGE = ("id", "valid_from:long", "because", "scope", "endpoint", *(f"{n}:double" if n == "confidence" else n
         for n in EVIDENCE), "also")  # fmt: skip
_ASSERTS = ("since:long", "seq:long", "said", "until", "trace", "ref")
_SCOPE = ("node", "section", "at", "complete:long", "links", "shared:boolean")
_CHANGE = ("seq:long", "at", "time", "actor", "kind", "summary", "ops", "prev", "hash", "report")


class Csvs:
    """The open files of a load. `odd` are values that no CSV can hold, as {id, set}: they are set later."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, tuple[str, Path, IO[str], list[str]]] = {}
        self.odd: list[dict[str, Any]] = []

    def ci(self, row: Mapping[str, Any]) -> None:
        """A created CI: labels and properties."""
        properties = row["properties"]
        cls = catalogue().cls(properties["class"])
        columns = [*_CI, *(f"{a.name}{_TYPES.get(a.type, '')}" for a in cls.attributes)]
        file, names = self._file(f"ci-{cls.name}", "nodes", ["id:ID(CI)", ":LABEL"], columns)
        labels = ARRAY.join(["CI", *row["labels"]])
        file.write(_line([properties["id"], labels, *(self._value(properties, name) for name in names)]))

    def edge(self, row: Mapping[str, Any]) -> None:
        """An opened edge."""
        file, names = self._file(
            f"edge-{row['type']}", "relationships", [":START_ID(CI)", ":END_ID(CI)", ":TYPE"], _EDGE
        )
        file.write(_line([row["source"], row["target"], row["type"], *(row["properties"].get(n) for n in names)]))

    def claim(self, row: Mapping[str, Any]) -> None:
        """A scope asserts a CI."""
        ends = [":START_ID(Scope)", ":END_ID(CI)", ":TYPE"]
        file, names = self._file("asserts", "relationships", ends, _ASSERTS)
        file.write(_line([row["scope"], row["ci"], "ASSERTS", *(row.get(n) for n in names)]))

    def scope(self, row: Mapping[str, Any]) -> None:
        """A scope, once."""
        file, names = self._file("scope", "nodes", ["id:ID(Scope)", ":LABEL"], _SCOPE)
        file.write(_line([row["id"], "Scope", *(row["properties"].get(n) for n in names)]))

    def change(self, row: Mapping[str, Any]) -> None:
        """A journal entry."""
        file, names = self._file("change", "nodes", [":LABEL"], _CHANGE)
        file.write(_line(["Change", *(row.get(n) for n in names)]))

    def journal(self, seq: int, last: str, time: str) -> None:
        """The journal's counter, once."""
        file, _ = self._file("journal", "nodes", [":LABEL"], ("id", "seq:long", "hash", "time"))
        file.write(_line(["Journal", "journal", seq, last, time]))

    def close(self) -> dict[str, list[Path]]:
        """All files by kind, whole."""
        found: dict[str, list[Path]] = {"nodes": [], "relationships": []}
        for kind, path, file, _ in self._open.values():
            file.close()
            found[kind].append(path)
        return found

    def _file(self, name: str, kind: str, ends: Sequence[str], columns: Iterable[str]) -> tuple[IO[str], list[str]]:
        if name not in self._open:
            path, wanted = self._folder / f"{name}.csv", list(columns)
            file = path.open("w", encoding="utf-8", newline="")
            file.write(",".join([*ends, *wanted]) + "\n")
            self._open[name] = (kind, path, file, [column.partition(":")[0] for column in wanted])
        return self._open[name][2], self._open[name][3]

    def _value(self, properties: Mapping[str, Any], name: str) -> Any:
        value = properties.get(name)
        if isinstance(value, list):
            if not value or "" in value:
                self.odd.append({"id": properties["id"], "set": {name: value}})
                return None
            return ARRAY.join(value)
        return value


def _line(cells: Iterable[Any]) -> str:
    return ",".join(map(_cell, cells)) + "\n"


def _cell(value: Any) -> str:
    """Nothing between two commas is null; an empty text stands in quotes."""
    if value is None:
        return ""
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return ("true" if value else "false") if isinstance(value, bool) else repr(value)
