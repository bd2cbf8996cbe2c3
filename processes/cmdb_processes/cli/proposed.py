"""A proposed state from a file, as the commands take it that answer for one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_graphql.client import HttpClient
from cmdb_processes.cli import asking

Proposed = Annotated[
    str | None,
    typer.Option(
        "--proposed",
        metavar="FILE",
        help="On a proposed state: a JSON file (docs/proposed.schema.json) with add, close, repoint, retire, create and"
        " set; - reads it from stdin. CIs may be named as people call them. Nothing of it is written.",
    ),
]
_NAMES = ("from", "to", "newTo", "ci", "parent")
"""Fields of a step that name a CI."""


def read(client: HttpClient, file: str | None, as_of: str | None = None) -> dict[str, Any] | None:
    """The proposed state of a file, with the ids of the CIs that it calls by name; None without a file.

    On top of a moment by what they were called then.
    """
    if file is None:
        return None
    try:
        given = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text())
    except OSError as error:
        raise Invalid(f"{file} cannot be read ({error.strerror})", where="--proposed") from error
    except ValueError as error:
        raise Invalid(f"{file} is no JSON ({error})", where="--proposed") from error
    if not isinstance(given, dict):
        raise Invalid(f"{file} is no object with add, close, repoint, retire, create or set", where="--proposed")
    known: dict[str, str] = {}

    def meant(name: Any) -> Any:
        if not isinstance(name, str) or name.startswith(("new:", "ci_")):
            return name
        if name not in known:
            known[name] = asking.resolve(client, name, as_of=as_of)["id"]
        return known[name]

    def step(one: Any) -> Any:
        if not isinstance(one, dict):
            return meant(one)
        return {field: meant(value) if field in _NAMES else value for field, value in one.items()}

    return {kind: [step(one) for one in steps] if isinstance(steps, list) else steps for kind, steps in given.items()}
