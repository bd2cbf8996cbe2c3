"""What every declaration is checked for: how names are written, and that people get a sentence."""

from __future__ import annotations

import re
from typing import Literal

from cmdb.errors import DeclarationError

Scalar = str | int | float | bool
Value = Scalar | tuple[str, ...] | None
AttributeType = Literal["string", "int", "float", "boolean", "datetime", "strings"]

RESERVED = frozenset(
    {
        "id", "class", "name", "status", "rev", "first_seen", "parent", "key", "source", "search", "valid_from",
        "stale_since", "merged_into", "as_of",
    }
)  # fmt: skip
"""Properties every CI node carries; no class may declare an attribute of that name (except `name`)."""

PERSONAL = frozenset({"tags", "extra", "lifecycle", "expires_at", "ended_as"})
"""What people say of a CI of any class; no class may declare an attribute of that name."""

SNAKE = re.compile(r"[a-z][a-z0-9_]{0,62}")
CAMEL = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
UPPER = re.compile(r"[A-Z][A-Z0-9_]{0,62}")


def described(text: str, owner: str) -> None:
    """Refuse what is no sentence: it stands in the schema and in the pages, for people."""
    if len(text) < 8 or not text.endswith("."):
        raise DeclarationError(f"{owner} needs a sentence that ends with a full stop, not {text!r}")
