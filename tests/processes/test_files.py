"""Files of rows that are not as they should be: each line is told for itself, and what cannot be read is said."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from pathlib import Path

import pytest

from cmdb.errors import Invalid
from cmdb_processes.cli.transfer import files
from cmdb_processes.cli.transfer.layout import as_sent

GOOD = '{"class": "Application", "name": "Köln \U0001f600"}'.encode()
BAD = {
    "not UTF-8: byte 0xfc at character 34": b'{"class": "Application", "name":"\xfc"}',
    "not UTF-8: half a character, U+D800, at character": b'{"class": "Application", "name": "a\\ud800"}',
    "not JSON: too deep": b"[" * 100_000,
    "not JSON: Expecting": b'{"class": ',
    "not JSON: Invalid control": b'{"class": "a\0"}',
    "not JSON: Exceeds the limit": b'{"rev": ' + b"9" * 5_000 + b"}",
    "expected an object": b"[1]",
    "the line has 3,000,01": b'{"name": "' + b"x" * 3_000_000,
}
TABLE = b"class,name,code\n"


def told(path: Path, content: bytes) -> list[tuple[int, files.Row | str]]:
    """What is read of a file."""
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return list(files.read(path, files.format_of(path, None)))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_each_bad_line_is_told_and_no_good_one_is_lost(tmp_path: Path, name: str, end: bytes) -> None:
    """Behind a byte order mark too, packed or not; nothing is sent that is not what the file says."""
    lines = [GOOD, *(one for bad in BAD.values() for one in (bad, b"", GOOD))]
    found = told(tmp_path / name, b"\xef\xbb\xbf" + end.join(lines))
    assert [n for n, row in found if row == json.loads(GOOD)] == [1, *range(4, 3 * len(BAD) + 2, 3)]
    wrong = [row for _, row in found if isinstance(row, str)]
    assert len(wrong) == len(BAD) and all(map(str.startswith, wrong, BAD)), wrong
    assert [n for n, row in found if isinstance(row, str)] == [*range(2, 3 * len(BAD), 3)]
    assert all(as_sent(row).encode() for _, row in found if isinstance(row, dict))


def test_a_line_of_any_length_takes_no_more_memory_than_one_that_is_allowed(tmp_path: Path) -> None:
    """A file without line ends is told, not held."""
    file = tmp_path / "long.jsonl"
    file.write_bytes(b"x" * 30_000_000)
    tracemalloc.start()
    found = list(files.read(file, "jsonl"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [(1, "the line has 30,000,000 characters, at most 1,000,000")] and most < 8_000_000, most


def test_rows_of_a_table_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """An open quote takes what is behind it, and says up to where; so nobody believes that it was imported."""
    rows = b'Application,a,A\nApplication,"b"b,B\nApplication,\xfc,C\nApplication,' + b"d" * 2_000_000 + b",D\n"
    found = told(tmp_path / "a.csv", TABLE + rows + b'Application,e,E\nApplication,"f,F\nApplication,g,G\n')
    good = [row["name"] for _, row in found if isinstance(row, dict)]
    wrong = {n: row for n, row in found if isinstance(row, str)}
    assert (good, [*wrong]) == (["a", "e"], [3, 4, 5, 7])
    assert wrong[4] == "not UTF-8: byte 0xfc at character 1"
    assert wrong[5] == "not CSV: the line has 2,000,015 characters, at most 1,000,000"
    assert wrong[7] == "not CSV: a quote is opened and never closed (lines 7 to 8)"


@pytest.mark.parametrize(("name", "content"), [("a.csv", b""), ("a.csv", b'class,"na'), ("a.csv", b"a;b\n")])
def test_a_table_without_columns_is_none(tmp_path: Path, name: str, content: bytes) -> None:
    """Refused before anything is sent."""
    with pytest.raises(Invalid, match="the first line names the columns"):
        told(tmp_path / name, content)


def test_a_packed_file_that_is_cut_or_none_is_refused(tmp_path: Path) -> None:
    """It says so, rather than that it is our mistake or that somebody interrupted it."""
    file, whole = tmp_path / "a.jsonl.gz", gzip.compress(os.urandom(20_000))
    for content in (whole[:9_000], whole[:-1], b"no gzip", whole[:20] + b"\xff" * 99):
        file.write_bytes(content)
        with pytest.raises(Invalid, match="is no whole gzip file"):
            list(files.read(file, "jsonl"))


def test_what_cannot_be_read_twice_is_refused(tmp_path: Path) -> None:
    """A pipe would be empty the second time, or make the import wait for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for one, why in (
        (pipe, "cannot be read twice"),
        (Path("-"), "cannot be read twice"),
        (tmp_path / "x", "there is no"),
    ):
        with pytest.raises(Invalid, match=why):
            files.fingerprint(one)
