"""The hostile corpus: questions and bodies as data, put together from repeated pieces."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).parents[1] / "graphql" / "hostile"


@dataclass(frozen=True)
class Case:
    """One of them."""

    name: str
    body: bytes | None
    method: str = "POST"
    path: str = "/graphql"
    type: str = "application/json"
    token: bool = True
    status: int = 200
    word: str = ""
    codes: tuple[str, ...] = ()


def cases(file: str) -> list[Case]:
    """All of a file."""
    return [_case(dict(one)) for one in tomllib.loads((FOLDER / file).read_text())["case"]]


def joined(pieces: Any) -> str:
    """Pieces put together; a repeated one may number itself."""
    if isinstance(pieces, str):
        return pieces
    return "".join(
        one if isinstance(one, str) else "".join(_numbered(one[0], n) for n in range(one[1])) for one in pieces
    )


def _numbered(text: str, n: int) -> str:
    return text.replace("%i", str(n)).replace("%n", str(n + 1)) if "%" in text else text


def _case(one: dict[str, Any]) -> Case:
    query, variables, body = one.pop("query", None), one.pop("variables", None), one.pop("body", None)
    raw = None
    if query is not None:
        said = b',"variables":' + joined(variables).encode() if variables is not None else b""
        raw = b'{"query":' + orjson.dumps(joined(query)) + said + b"}"
    elif body is not None:
        raw = joined(body).encode()
    return Case(body=raw, codes=tuple(one.pop("codes", ())), **one)
