"""Files of rows: JSON Lines and CSV, read line by line, each row with its line number or what is wrong with it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from cmdb.classes import catalogue
from cmdb.errors import EpicentreError, Invalid

NODE = ("class", "ref", "id", "rev", "parent", "key", "name", "tags", "extra", "lifecycle", "expires_at", "evidence")
EDGE = ("type", "from", "to", "endpoint", "evidence")
FIELDS = tuple(dict.fromkeys((*NODE, *EDGE)))
"""The columns of a CSV before the attributes, in the order they are written."""
OURS = frozenset({"epicentre_export", "epicentre_end", "epicentre_error"})
"""Lines of an export that are no rows."""
LONGEST = 1_000_000
"""Characters of one line."""
Row = dict[str, Any]
Wanted = Callable[[int], bool]


def format_of(path: Path, named: str | None) -> str:
    """jsonl or csv: as named, else by the file's name."""
    if named is not None and named not in {"jsonl", "csv"}:
        raise Invalid(f"a format is jsonl or csv, not {named!r}", where="--format")
    suffixes = [s for s in path.suffixes if s != ".gz"]
    return named or ("csv" if suffixes[-1:] == [".csv"] else "jsonl")


def fingerprint(path: Path) -> str:
    """SHA-256 of the file: what is known of one file is not used for another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path, kind: str, wanted: Wanted = lambda _: True) -> Iterator[tuple[int, Row | str]]:
    """Each row with its line number, or only of the lines wanted; instead of a row a text says what is wrong with it.

    Telling by the line saves the reading of what is left aside, and that is most of the work.
    """
    with opened(path) as file:
        yield from _csv(file, wanted) if kind == "csv" else _jsonl(file, wanted)


csv.field_size_limit(LONGEST)


def opened(path: Path) -> IO[str]:
    """The file as text; one whose name ends with .gz is unpacked."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _jsonl(file: Iterable[str], wanted: Wanted) -> Iterator[tuple[int, Row | str]]:
    for number, line in enumerate(file, start=1):
        if not wanted(number):
            continue
        if len(line) > LONGEST:
            yield number, f"the line has {len(line):,} characters, at most {LONGEST:,}"
        elif line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                yield number, f"not JSON: {error}"
                continue
            if not isinstance(row, dict):
                yield number, "expected an object"
            elif OURS.isdisjoint(row):
                yield number, row


# --- CSV ---------------------------------------------------------------------------------------------------


def _csv(file: Iterable[str], wanted: Wanted) -> Iterator[tuple[int, Row | str]]:
    reader = csv.reader(file)
    header = [name.strip() for name in next(reader, [])]
    if not {"class", "type"} & set(header):
        raise Invalid(f"the first line names the columns, `class` or `type` among them, not {', '.join(header)[:80]!r}")
    if twice := {name for name in header if header.count(name) > 1}:
        raise Invalid(f"a column is there twice: {', '.join(sorted(twice))}")
    end = 1
    while True:
        begun = end + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            end = reader.line_num
            yield begun, f"not CSV: {error}"
            continue
        if cells is None:
            return
        end = reader.line_num
        if not wanted(begun) or not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            yield begun, f"{len(cells)} cells, but {len(header)} columns"
            continue
        try:
            yield begun, row_of({name: cell for name, cell in zip(header, cells, strict=False) if cell != ""})
        except (EpicentreError, ValueError) as error:
            yield begun, str(error)


def row_of(cells: Mapping[str, str]) -> Row:
    """A row from the cells of a line that are not empty; a column may be a field of edges and an attribute of CIs."""
    fields = NODE if "class" in cells else EDGE
    row: Row = {name: _text(name, cells[name]) for name in fields if name in cells}
    if "rev" in row:
        row["rev"] = int(row["rev"])
    for name in {"evidence", "extra"} & row.keys():
        row[name] = json.loads(row[name])
    if "tags" in row:
        row["tags"] = _strings(row["tags"])
    if "class" not in cells:
        return row
    cls = catalogue().cls(cells["class"])
    attributes = {name: cell for name, cell in cells.items() if name not in NODE}
    return {**row, "attributes": {name: _value(cls.attribute(name), name, cell) for name, cell in attributes.items()}}


def _text(name: str, cell: str) -> str:
    """A field that is text, as JSON where it begins like that; others are read as what they are."""
    if name in {"evidence", "extra", "tags", "rev"} or not cell.startswith('"'):
        return cell
    return str(json.loads(cell))


def _value(attribute: Any, name: str, cell: str) -> Any:
    kind = None if attribute is None else attribute.type
    if cell.startswith('"') or kind in {None, "string", "datetime"}:
        return json.loads(cell) if cell.startswith('"') else cell
    if cell == "null":
        return None
    if kind == "strings":
        return _strings(cell)
    if kind == "boolean" and cell.lower() in {"true", "false"}:
        return cell.lower() == "true"
    try:
        return {"int": int, "float": float}[str(kind)](cell)
    except (KeyError, ValueError) as error:
        raise Invalid(f"expected {kind}, not {cell[:40]!r}", where=f"attributes.{name}") from error


def _strings(cell: str) -> Any:
    return json.loads(cell) if cell.startswith("[") else [part.strip() for part in cell.split(";")]


class CsvWriter:
    """Rows as lines of a CSV whose columns are known before: every attribute of the classes there may be."""

    def __init__(self, file: IO[str], classes: Iterable[str] | None) -> None:
        known = catalogue()
        wanted = set(classes or ())
        chosen = [c for name, c in known.classes.items() if not wanted or wanted & set(known.lineage(name))]
        self._known = frozenset(a.name for c in chosen for a in c.attributes)
        self._columns = [*FIELDS, *sorted(self._known - set(FIELDS))]
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(self._columns)

    def write(self, row: Row) -> None:
        """One row. What no declared column can hold is refused: it would be lost."""
        attributes = row.get("attributes") or {}
        if lost := set(attributes) - self._known:
            raise Invalid(f"{row.get('class')} {row.get('name')!r} has {sorted(lost)[0]!r}, which no class declares")
        cells = {**{name: row.get(name) for name in (NODE if "class" in row else EDGE)}, **attributes}
        cells |= {k: json.dumps(row[k], ensure_ascii=False) if k in row else "" for k in ("evidence", "extra")}
        raw = {"evidence", "extra"}
        self._writer.writerow([cells[n] if n in raw else _cell(cells.get(n)) for n in self._columns])


def _cell(value: Any) -> str:
    """A text stands as it is, unless reading it back, or a spreadsheet, would make something else of it."""
    if value is None:
        return ""
    if isinstance(value, str):
        odd = value == "" or value[0] in '"=+-@\t' or value != value.replace("\r", "").replace("\0", "")
        return json.dumps(value, ensure_ascii=False) if odd else value
    return json.dumps(value, ensure_ascii=False)
