"""Pages that cannot rot: every ```console block is typed, in order, and must print what the page says.

    $ epicentre ci why web1        # typed into a shell; a closing \\ goes on below
    web1 (Host, ci_…) is live      # what it must print, with its errors, up to the next $
    …                              # a line of its own: any lines

A command with `# exit code 2` behind it must end with that code, a command of ours without it may end with any.
`<!-- then: NAME -->` in a page calls the step of that name: what happens between two commands. Times, ages, hashes,
fingerprints, random numbers, ports on loopback and the width of columns may differ. An id of the page stands for one
real id, the same wherever it is named.
With WRITE_PAGES=1 in the environment, outputs that differ are written into the page instead.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from base64 import b32encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path
from subprocess import PIPE
from unittest import mock

from cmdb_processes.cli import main

ANY = "…"
_CODE = re.compile(r"# exit code (\d+)$")
_STEP = re.compile(r"<!-- then: (.+) -->")
_ID = re.compile(r"\b(ci|cf|nd|ed|mg|wh)_([0-9a-z]{16,})\b")
_VARIABLE = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)"), "<time>"),
    (re.compile(r"seen \d+ (s|min|h|d) ago"), "seen <age>"),
    (re.compile(r"127\.0\.0\.1:\d{4,5}"), "127.0.0.1:<port>"),
    (re.compile(r"\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d+ [A-Z][a-z]+ \d\d:\d\d"), "<day>"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "<hash>"),
    (re.compile(r"\b\d+:\d\d:\d\d(?= of \d+:)"), "<elapsed>"),
    (re.compile(r"SHA256:[A-Za-z0-9+/]{43}"), "<fingerprint>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b\d+\.\d s\b"), "<seconds>"),
    (re.compile(r"(?<=\S) {2,}"), "  "),
)


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of a page, and the lines (from `start` up to `end`) that it must print."""

    command: str
    start: int
    end: int


def pieces(lines: Sequence[str]) -> Iterator[str | Typed]:
    """The steps (their names) and the commands of a page, in its order."""
    at, inside = 0, False
    while at < len(lines):
        line, at = lines[at], at + 1
        if line.startswith("```"):
            inside = line == "```console"
        elif step := _STEP.fullmatch(line):
            yield step[1]
        elif inside and line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command, at = f"{command}\n{lines[at]}", at + 1
            start = at
            while not lines[at].startswith(("$ ", "```")):
                at += 1
            yield Typed(command, start, at)


def typed(command: str) -> str:
    """What a command prints, errors too: ours by our own program in this process, others in a shell.

    AssertionError: it did not end with the exit code that it names.
    """
    words = shlex.split(command.replace("\\\n", " "), comments=True)  # shlex knows no line that goes on below
    if words[0] != "epicentre":
        return subprocess.run(
            ["sh", "-c", f"exec 2>&1\n{command}"], stdout=PIPE, text=True, timeout=60, check=False
        ).stdout
    said, ended = io.StringIO(), 0
    with mock.patch.object(sys, "argv", words), redirect_stdout(said), redirect_stderr(said):
        try:
            main.main()
        except SystemExit as stop:
            ended = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    wanted = _CODE.search(command)
    assert wanted is None or ended == int(wanted[1]), f"$ {command}\n{said.getvalue()}\nexit code {ended}"
    return said.getvalue()


@dataclass
class Page:
    """A page under check: what its ids stand for, learnt where they are first printed."""

    path: Path
    steps: Mapping[str, Callable[[], None]]
    settle: Callable[[], None] = lambda: None
    """Called behind each command: what follows from it by itself."""
    real: dict[str, str] = field(default_factory=dict)
    """What follows an id's kind: on the page, and in truth. A conflict's is that of the agent it is about."""

    def check(self) -> None:
        """Run all of it on the data folder that EPICENTRE_HOME names.

        AssertionError shows what a command printed instead, or names steps that the page and its test do not share.
        """
        lines = self.path.read_text().splitlines()
        found = list(pieces(lines))
        assert {one for one in found if isinstance(one, str)} == set(self.steps)
        written, upto = [], 0
        for one in found:
            if isinstance(one, str):
                self.steps[one]()
                continue
            said = typed(_ID.sub(self._real, one.command)).splitlines()
            self.settle()
            wanted = lines[one.start : one.end]
            written += [*lines[upto : one.start], *self._compare(one.command, wanted, said)]
            upto = one.end
        if "WRITE_PAGES" in os.environ:
            self.path.write_text("\n".join([*written, *lines[upto:]]) + "\n")

    def _compare(self, command: str, wanted: Sequence[str], said: Sequence[str]) -> Sequence[str]:
        """The lines that the page should print: its own where they fit, and what the ids on it stand for."""
        pairs = paired([_alike(line) for line in wanted], [_alike(line) for line in said])
        ids = {both for w, s in pairs or () for both in zip(_tails(wanted[w]), _tails(said[s]), strict=True)}
        all_ids = {*self.real.items(), *ids}
        if pairs is not None and len({a for a, _ in all_ids}) == len({b for _, b in all_ids}) == len(all_ids):
            self.real.update(ids)
            return wanted
        shown = [_ID.sub(self._shown, line) for line in said]
        diff = "\n".join(unified_diff(wanted, shown, self.path.name, "printed", lineterm="", n=99))
        assert "WRITE_PAGES" in os.environ, f"$ {command}\n{diff}"
        return shown

    def _real(self, shown: re.Match[str]) -> str:
        return f"{shown[1]}_{self.real.get(shown[2], shown[2])}"

    def _shown(self, real: re.Match[str]) -> str:
        """The id that stands for a real one on the page: made up, and the same however often the page is written."""
        known = next((shown for shown, one in self.real.items() if one == real[2]), None)
        if known is None:
            made = sha256(str(len(self.real)).encode())
            text = b32encode(made.digest()).decode().lower() if real[1] in {"nd", "cf"} else made.hexdigest()
            known = text[: len(real[2])]
            self.real[known] = real[2]
        return f"{real[1]}_{known}"


def _tails(line: str) -> list[str]:
    return [found[2] for found in _ID.finditer(line)]


def _alike(line: str) -> str:
    """A line with all that may differ from run to run made the same."""
    line = _ID.sub(lambda id_: f"{id_[1]}_<id>", line)
    for pattern, same in _VARIABLE:
        line = pattern.sub(same, line)
    return line


def paired(wanted: Sequence[str], said: Sequence[str]) -> list[tuple[int, int]] | None:
    """Which line of a page is which line printed, `…` standing for any; None if they do not fit."""
    if not wanted or not said:
        return [] if not said and set(wanted) <= {ANY} else None
    if wanted[0] == ANY:
        tries = (paired(wanted[1:], said[skip:]) for skip in range(len(said) + 1))
        skipped = next(((skip, rest) for skip, rest in enumerate(tries) if rest is not None), None)
        return skipped and [(w + 1, s + skipped[0]) for w, s in skipped[1]]
    rest = paired(wanted[1:], said[1:]) if wanted[0] == said[0] else None
    return None if rest is None else [(0, 0), *((w + 1, s + 1) for w, s in rest)]
