"""The pages that are made from declarations are those that the declarations make."""

import re
import runpy
from pathlib import Path

import pytest

from cmdb.classes import catalogue

ROOT = Path(__file__).parents[2]
MADE = runpy.run_path(str(ROOT / "deploy" / "write_docs.py"))
PAGES: dict[str, str] = MADE["pages"]()


def test_the_checked_in_pages_are_what_the_declarations_make() -> None:
    """`python deploy/write_docs.py` writes them anew."""
    assert {path for path, text in PAGES.items() if (ROOT / "docs" / path).read_text() != text} == set()


@pytest.mark.parametrize("name", sorted(catalogue().classes))
def test_the_page_of_a_class_tells_all_that_is_declared(name: str) -> None:
    """Units, identity, states, owner, retention, lease, and each relation in both directions with what it carries."""
    cls, text = catalogue().classes[name], PAGES[f"classes/{name}.md"]
    assert all(f"| {a.unit} | {a.sentence}" in text for a in cls.attributes if a.unit)
    assert all(f"{rule.name} (`{'`, `'.join(rule.keys)}`)" in text for rule in cls.identity)
    lease = f"stale after {cls.lease.stale_days} day"
    for told in (", ".join(cls.lifecycle.states), cls.owner.replace("_", " "), f"{cls.retention_days} days", lease):
        assert told in text
    needs, needed = text.partition("## It depends on")[2].split("## It is needed by")
    for relation, out in catalogue().relations_of(name):
        (row,) = re.findall(rf"^\| `{relation.name}` \|.*$", needs if out else needed, re.MULTILINE)
        assert relation.sentence in row
        assert f"({relation.failure.value})" in row
        assert "any number" in row or "at most one" in row
