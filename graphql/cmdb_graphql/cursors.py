"""Where a page ended, as an opaque text: the values its rows are ordered by."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from cmdb.errors import Invalid


def cursor(values: list[Any]) -> str:
    """An opaque cursor: the order values of a row, then its id."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def read_cursor(text: str, *kinds: type) -> list[Any]:
    """The values of a cursor; Invalid when it is none of ours, or, where kinds are named, has not just these."""
    try:
        values: Any = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError) as error:
        raise Invalid("this is no cursor of ours", where="after") from error
    strange = not isinstance(values, list) or any(isinstance(value, list | dict) for value in values)
    if strange or (kinds and tuple(map(type, values)) != kinds):
        raise Invalid("this is no cursor of ours", where="after")
    return list(values)


def read_texts(text: str | None, length: int) -> list[str] | None:
    """Those of a cursor that holds texts only; None: the list begins."""
    return None if text is None else read_cursor(text, *[str] * length)
