"""How a file of rows lies, and which of its lines are done."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from cmdb_processes.cli.transfer.layout import in_order, look
from cmdb_processes.cli.transfer.outcomes import Lines

EDGE = {"type": "USES", "from": "a", "to": "b"}
ROWS = (
    EDGE,
    {"class": "Disk", "ref": "c", "parent": "b"},
    "",
    {"class": "Host", "ref": "a"},
    "{no row",
    {"class": "Service", "ref": "b", "parent": "a"},
    {"class": "Disk", "ref": "x", "parent": "y"},
    {"class": "Disk", "ref": "y", "parent": "x"},
    {"name": "neither"},
    {"class": "Disk", "parent": "elsewhere"},
)


@pytest.mark.parametrize("keep", [True, False])
def test_rows_come_with_parents_before_what_is_inside_them(tmp_path: Path, keep: bool) -> None:
    """By level, then by line: also what is inside itself or inside what the file has not; edges and others last."""
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in ROWS))
    layout = look(file, "jsonl", keep=keep)
    assert (layout.rows, [line for line, _ in layout.bad], layout.deepest) == (9, [5], 2)
    assert [line for line, _ in in_order(file, "jsonl", layout)] == [4, 6, 10, 2, 7, 8, 1, 9]
    assert bool(layout.texts) == bool(layout.parents) == keep


def test_a_line_that_came_after_the_look_is_left_out(tmp_path: Path) -> None:
    """A file that grows while it is read gives the rows that were counted, and no error."""
    file = tmp_path / "rows.jsonl"
    file.write_text('{"class": "Host", "ref": "a"}\n')
    layout = look(file, "jsonl", keep=False)
    with file.open("a") as more:
        more.write('{"class": "Host", "ref": "b"}\n')
    assert [row["ref"] for _, row in in_order(file, "jsonl", layout)] == ["a"]


def test_columns_are_read_by_line_too(tmp_path: Path) -> None:
    """In a CSV a row of several lines counts as the line it begins on, and levels hold there as well."""
    file = tmp_path / "rows.csv"
    file.write_text('class,ref,parent,name\nDisk,d,h,"two\nlines"\nHost,h,,web\n,,,\n')
    layout = look(file, "csv", keep=False)
    assert [(line, row["ref"]) for line, row in in_order(file, "csv", layout)] == [(4, "h"), (2, "d")]


def test_lines_are_a_set() -> None:
    """What is in it, and how many, is as a set of numbers says, in any order and with lines said twice."""
    chance, lines, plain = random.Random(3), Lines(), set[int]()
    for _ in range(500):
        line = chance.randrange(1, 2_000)
        lines.add(line)
        plain.add(line)
        assert len(lines) == len(plain)
    assert [line for line in range(2_100) if line in lines] == sorted(plain)
    lines.clear()
    assert not lines and 7 not in lines
