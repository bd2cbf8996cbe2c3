"""The published schema of rows is made from the classes, and says what the parser takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmdb.classes import catalogue
from cmdb.imports import Unread, parse
from cmdb.imports.rows import EDGE, NODE
from cmdb.imports.schema import row_schema

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = row_schema(catalogue())
SAMPLES: dict[str, Any] = {
    "string": "text", "datetime": "2026-11-01T12:00:00Z", "int": 3, "float": 2.5, "boolean": True, "strings": ["a"],
}  # fmt: skip
EXACT = {
    "address": "10.0.0.5", "listens": ["tcp://10.0.0.5:443"], "condition": "degraded", "redundancy": ["USES: 50%"],
}  # fmt: skip
"""Values of attributes that are not just any text."""


def test_the_checked_in_schema_is_what_the_classes_make() -> None:
    """`python deploy/write_docs.py` writes it anew."""
    assert json.loads((DOCS / "import-rows.schema.json").read_text()) == SCHEMA


@pytest.mark.parametrize("name", sorted(catalogue().classes))
def test_every_class_has_its_row(name: str) -> None:
    """A row with all fields and attributes that the schema names is understood; another field or attribute is not."""
    made, cls = SCHEMA["$defs"][name], catalogue().classes[name]
    assert set(made["properties"]) == set(NODE)
    assert set(made["properties"]["attributes"]["properties"]) == {a.name for a in cls.attributes}
    values = {a.name: EXACT.get(a.name, SAMPLES[a.type]) for a in cls.attributes}
    key = "tcp://10.0.0.5:443" if name == "Endpoint" else "k"
    texts = {"key": key, "parent": "p", "ref": "r", "id": "i", "name": "n"}
    row = {"class": name, "rev": 1, "evidence": None, "attributes": values, **texts}
    assert not isinstance(read := parse(1, row), Unread), read
    assert isinstance(parse(1, {**row, "colour": "red"}), Unread)
    assert isinstance(parse(1, {**row, "attributes": {"colour": "red"}}), Unread)


def test_edges_have_theirs() -> None:
    """Every relation is named; the fields are the parser's."""
    made = SCHEMA["$defs"]["edge"]["properties"]
    assert set(made) == set(EDGE)
    assert [kind["const"] for kind in made["type"]["oneOf"]] == list(catalogue().relations)
    evidence = {"kind": "declared", "detail": "d", "confidence": 1, "first_seen": None, "last_seen": None}
    row = {"type": "DEPENDS_ON", "from": "a", "to": "b", "endpoint": "tcp://10.0.0.5:1", "evidence": evidence}
    assert set(row) == set(EDGE) and not isinstance(parse(1, row), Unread)


def test_the_page_shows_rows_that_are_understood() -> None:
    """Every JSON example of docs/import-export.md is a row, and every attribute of its CSV is declared."""
    page = (DOCS / "import-export.md").read_text()
    rows = [json.loads(line) for line in page.splitlines() if line.startswith(('{"class"', '{"type"'))]
    assert len(rows) >= 4
    assert [one for n, row in enumerate(rows) if isinstance(one := parse(n, row), Unread)] == []
