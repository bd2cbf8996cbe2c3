"""A walk kept in a file, so that better parsers can read it again, and people can send it on. Compressed text:

a first line with the address, then `name|type|value` as other tools write recordings: 2 a number, 4x bytes in
hexadecimal, 6 an object identifier. Cuts and contexts stand in lines that begin with #.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

from cmdb.errors import Invalid, Misconfigured
from cmdb_agents.transports.snmp_ber import Oid, SnmpValue
from cmdb_agents.transports.snmp_walk import Cut, Walk, dotted, oid

FIRST = "# epicentre walk 1 "
MOST_ROWS = 500_000
MOST_LINE = 300_000
"""Characters: 64 KiB of a value in hexadecimal, and its name."""


def keep(walk: Walk, address: str, folder: Path) -> Path:
    """Write it under its address; only its owner reads what a device said."""
    file = folder / f"{address.replace(':', '_')}.walk.gz"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            raw.write(gzip.compress("".join(f"{line}\n" for line in _lines(walk, address)).encode(), 6, mtime=0))
    except OSError as error:
        raise Misconfigured(f"{file} cannot be written ({error.strerror})") from error
    return file


def _lines(walk: Walk, address: str) -> Iterator[str]:
    yield f"{FIRST}{address}"
    for cut in walk.cuts:
        yield f"# cut {cut.where} {cut.why}"
    for name in sorted(walk.values):
        yield f"{dotted(name)}|{_written(walk.values[name])}"
    for context, inner in walk.contexts.items():
        yield f"# context {context}"
        yield from list(_lines(inner, address))[1:]


def _written(value: SnmpValue) -> str:
    if isinstance(value, int):
        return f"2|{value}"
    if isinstance(value, bytes):
        return f"4x|{value.hex()}"
    return f"6|{dotted(value)}" if isinstance(value, tuple) else "5|"


def again(file: Path) -> tuple[str, Walk]:
    """(address, walk) of a kept file; Invalid names the line that is wrong."""
    contexts: dict[str, tuple[dict[Oid, SnmpValue], list[Cut]]] = {"": ({}, [])}
    values, cuts = contexts[""]
    address, at = "", 0
    for at, line in enumerate(_bounded(file), 1):
        if at == 1:
            if not line.startswith(FIRST) or not (address := line.removeprefix(FIRST).strip()):
                raise Invalid("is no kept walk", where=str(file))
        elif line.startswith("# cut "):
            where, _, why = line.removeprefix("# cut ").partition(" ")
            cuts.append(Cut(where, why))
        elif line.startswith("# context "):
            values, cuts = contexts.setdefault(line.removeprefix("# context "), ({}, []))
        else:
            try:
                name, kind, text = line.split("|", 2)
                values[oid(name)] = _read(kind, text)
            except ValueError as error:
                raise Invalid("is neither a row nor a remark", where=f"{file}:{at}") from error
    if not at:
        raise Invalid("is empty", where=str(file))
    made = {name: Walk(v, tuple(c)) for name, (v, c) in contexts.items()}
    whole = made.pop("")
    return address, Walk(whole.values, whole.cuts, contexts=made)


def _bounded(file: Path) -> Iterator[str]:
    """Its lines, without trusting how much a small file becomes."""
    try:
        with gzip.open(file, "rt", encoding="utf-8", errors="strict") as lines:
            for _ in range(MOST_ROWS + 1):
                line = lines.readline(MOST_LINE)
                if not line:
                    return
                yield line.rstrip("\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Invalid(f"cannot be read as a kept walk ({type(error).__name__})", where=str(file)) from error
    raise Invalid(f"has more than {MOST_ROWS} rows", where=str(file))


def _read(kind: str, text: str) -> SnmpValue:
    if kind == "2":
        return int(text[:25])
    if kind == "4x":
        return bytes.fromhex(text)
    if kind == "6":
        return oid(text)
    raise ValueError(kind)
