"""Import rows as a file has them, made short for tests."""

from __future__ import annotations

from typing import Any

from support.reports import NOW

from cmdb.imports import parse
from cmdb.store import By, Imported, Store

BY = By("ann", NOW, "from the spreadsheet")


def load(store: Store, *rows: Any, source: str = "assets", **more: Any) -> Imported:
    """Import some rows, numbered from 1."""
    return store.bulk_upsert([parse(n, row) for n, row in enumerate(rows, 1)], source, BY, **more)


def words(done: Imported) -> list[str]:
    """What became of each row."""
    return [one.word for one in done.outcomes]


def node(cls: str, name: str, **more: Any) -> dict[str, Any]:
    """A row of a CI; what is no field of a row is an attribute."""
    fields = {k: more.pop(k) for k in ("key", "parent", "ref", "id", "rev", "evidence") if k in more}
    return {"class": cls, "name": name, "attributes": more, **fields}


def edge(relation: str, source: str, target: str, **more: Any) -> dict[str, Any]:
    """A row of an edge."""
    return {"type": relation, "from": source, "to": target, **more}
