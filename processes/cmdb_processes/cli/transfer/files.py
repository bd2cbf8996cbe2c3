"""Files of rows: JSON Lines and CSV, read line by line, each row with its line number or what is wrong with it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    if not path.is_file():
        if not path.exists() and str(path) != "-":
            raise Invalid(f"there is no {path}", where="FILE")
        raise Invalid(
            f"{path} cannot be read twice, and an import reads its rows several times: name a file", where="FILE"
        )
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path, kind: str, wanted: Wanted = lambda _: True) -> Iterator[tuple[int, Row | str]]:
    """Each row with its line number, or only of the lines wanted; instead of a row a text says what is wrong with it.

    Telling by the line saves the reading of what is left aside, and that is most of the work.
    """
    try:
        with _opened(path) as file:
            lines = _Lines(file)
            yield from _csv(lines, wanted) if kind == "csv" else _jsonl(lines, wanted)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise Invalid(f"{path} is no whole gzip file: {error}", where="FILE") from error


csv.field_size_limit(LONGEST)


def _opened(path: Path) -> IO[str]:
    """The file as text; one whose name ends with .gz is unpacked. What is no UTF-8 is kept to be told by its line."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


class _Lines:
    """The lines of a file; `number` is that of the last one. Of one that is too long no more is held than may be."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self.number = file, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = piece = self._file.readline(LONGEST)
        if not line:
            raise StopIteration
        self.number += 1
        size = len(line)
        while piece and piece[-1] not in "\r\n":
            piece = self._file.readline(LONGEST)
            size += len(piece)
        if size > len(line):
            raise csv.Error(f"the line has {size:,} characters, at most {LONGEST:,}")
        return line


def _jsonl(lines: _Lines, wanted: Wanted) -> Iterator[tuple[int, Row | str]]:
    while True:
        try:
            line = next(lines, None)
        except csv.Error as error:
            if wanted(lines.number):
                yield lines.number, str(error)
            continue
        if line is None:
            return
        if wanted(lines.number) and line.strip() and (row := _object(line)) is not None:
            yield lines.number, row


def _object(line: str) -> Row | str | None:
    """A line's row, or what is wrong with it; None where it is none of the rows."""
    try:
        row = json.loads(line)
        if strange := _strange(line) or ("\\u" in line and _strange(json.dumps(row, ensure_ascii=False))):
            return strange
    except (ValueError, RecursionError) as error:
        return _strange(line) or f"not JSON: {'too deep' if isinstance(error, RecursionError) else error}"
    if not isinstance(row, dict):
        return "expected an object"
    return row if OURS.isdisjoint(row) else None


def _strange(text: str) -> str | None:
    """What no text may hold: bytes that were no UTF-8, and half characters."""
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        what = f"byte 0x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"half a character, U+{code:04X},"
        return f"not UTF-8: {what} at character {error.start + 1}"
    return None


# --- CSV ---------------------------------------------------------------------------------------------------


def _csv(lines: _Lines, wanted: Wanted) -> Iterator[tuple[int, Row | str]]:
    reader = csv.reader(lines, strict=True)  # else a quote that is never closed takes all behind it into one cell
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise Invalid(f"the first line names the columns, but it is not CSV: {error}") from error
    if not {"class", "type"} & set(header):
        raise Invalid(f"the first line names the columns, `class` or `type` among them, not {', '.join(header)[:80]!r}")
    if twice := {name for name in header if header.count(name) > 1}:
        raise Invalid(f"a column is there twice: {', '.join(sorted(twice))}")
    while True:
        begun = lines.number + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if wanted(begun):
                until = f" (lines {begun} to {lines.number})" if lines.number > begun else ""
                yield begun, f"not CSV: {_UNCLOSED.get(str(error), error)}{until}"
            continue
        if cells is None:
            return
        if wanted(begun) and any(cell.strip() for cell in cells):
            yield begun, _row(header, cells)


_UNCLOSED = {"unexpected end of data": "a quote is opened and never closed"}


def _row(header: Sequence[str], cells: Sequence[str]) -> Row | str:
    """A row, or what is wrong with it."""
    if len(cells) > len(header):
        return f"{len(cells)} cells, but {len(header)} columns"
    if strange := next(filter(None, map(_strange, cells)), None):
        return strange
    try:
        return row_of({name: cell for name, cell in zip(header, cells, strict=False) if cell != ""})
    except (EpicentreError, ValueError) as error:
        return str(error)
    except RecursionError:
        return "not JSON: too deep"


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
