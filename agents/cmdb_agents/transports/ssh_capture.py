"""The answer of the script as a hand: what the remote shell printed, given to the same reader as a live machine. Pure.

A part that did not come to its end is no empty answer: asking for what it would have brought raises, and what the
reader would take for "not there" is said as a Trouble of every section that needs the part.
"""

from __future__ import annotations

import errno
import json
import os
import re
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice, takewhile
from typing import Any

from cmdb_agents.addresses import shortest
from cmdb_agents.transports.hand import MAX_SMALL, Hand, best
from cmdb_agents.transports.readings import Address, Neighbour, Trouble
from cmdb_agents.transports.ssh_script import MODULES, PARTS, Part

MAX_ANSWER = 16 * 2**20
_NOT_ANSWERED = "no whole answer"
_FRAME = re.compile(r"\n@([0-9a-f]+) (begin|end) ([a-z_]+)(?: (\d+))?\n")
_ADDRESS = re.compile(r"^(\d{1,9}): \S+\s+inet6? ([0-9a-fA-F.:]+)(?: peer [0-9a-fA-F.:]+)?(?:/(\d+))? ?(.*)$")
_LINK = re.compile(r"^l\S* +\d+ +\d+ +\d+ +\d+ .*? (/\S+) -> (.*)$")
_PROCESS = re.compile(r"/proc/(\d+)/(.+)")
_LISTED = re.compile(r"^/proc/(\d+)/(stat|net/.+)$", re.MULTILINE)
_REACHED = frozenset({"REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT"})
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_WILD = re.compile(r"[*?\[]")
_COMMANDS = {part.command: part.name for part in PARTS if part.command}


@dataclass(frozen=True, slots=True)
class Answer:
    """A part's text and exit status; `status` None: it did not come to its end."""

    text: str
    status: int | None


def unpacked(raw: bytes, word: str, most: int) -> bytes:
    """The answer as the parts printed it, at most `most` bytes; what comes after damage or a cut is not there."""
    before, packed, rest = raw.partition(b"\n@%s packed\n" % word.encode())
    if not packed:
        return raw[:most]
    chunks, left = [before[:most]], most - len(before)
    while rest and left > 0:
        member = zlib.decompressobj(wbits=31)
        try:
            chunk = member.decompress(rest, left)
        except zlib.error:
            break
        chunks.append(chunk)
        left -= len(chunk)
        rest = member.unused_data
    return b"".join(chunks)


def frames(raw: bytes, word: str) -> dict[str, Answer]:
    """The parts of an answer by name. Whatever the bytes are, each part is there once or not at all."""
    text = raw.decode("utf-8", "replace")
    found: dict[str, Answer] = {}
    opened: tuple[str, int] | None = None
    for mark in _FRAME.finditer(text):
        said, kind, name, status = mark.groups()
        if said != word:
            continue
        if kind == "begin":
            opened = (name, mark.end())
        elif opened is not None and opened[0] == name and status is not None:
            found.setdefault(name, Answer(text[opened[1] : mark.start()], int(status)))
            opened = None
    if opened is not None:
        found.setdefault(opened[0], Answer("", None))
    return found


@dataclass(slots=True)
class Brought:
    """What the parts of an answer hold, by path."""

    outputs: dict[str, Answer] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    things: dict[str, str] = field(default_factory=dict)  # path → letter
    below: dict[str, set[str]] = field(default_factory=dict)  # folder → names
    sizes: dict[str, int] = field(default_factory=dict)
    holders: dict[str, list[str]] = field(default_factory=dict)  # pid → descriptors
    pids: list[str] = field(default_factory=list)
    spaces: dict[str, str] = field(default_factory=dict)  # namespace → the pid whose tables were read
    found: list[str] = field(default_factory=list)  # files that patterns may mean, sorted
    lacking: list[Trouble] = field(default_factory=list)

    def output(self, part: str) -> str:
        """What a part has printed; raises when it did not come to its end."""
        answer = self.outputs.get(part)
        if answer is None:
            raise OSError(None, _NOT_ANSWERED)
        return answer.text

    def said(self, part: str) -> list[str]:
        """The lines of a part, none where it is missing: that it is missing is said already."""
        answer = self.outputs.get(part)
        return answer.text.split("\n") if answer else []

    def take(self, part: Part, answer: Answer) -> None:
        """Take what one part has brought."""
        self.outputs[part.name] = answer
        if part.form == "file":
            if answer.text or self.things.get(part.path, "!") != "!":  # an empty file is no missing one
                self.files[part.path] = answer.text
        else:
            _TAKE[part.form](self, answer.text)

    def lacks(self, part: Part, why: str) -> None:
        """Say that what a part brings is not known."""
        self.lacking += [Trouble(area, f"what `{part.name}` brings", why) for area in part.areas]

    def lines(self, text: str) -> None:
        """`path:line`."""
        self._join(text.split("\n"), "\n")

    def strings(self, text: str) -> None:
        """The same with NULs for line ends."""
        self._join(text.split("\0"), "\0")

    def _join(self, rows: Sequence[str], end: str) -> None:
        gathered: dict[str, list[str]] = {}
        last, into = "", list[str]()
        for row in rows:
            path, colon, rest = row.partition(":")
            if not colon or path[:1] != "/":
                continue
            if path != last:
                last, into = path, gathered.setdefault(path, [])
            into.append(rest)
        for path, parts in gathered.items():
            self.files.setdefault(path, end.join(parts) + end)

    def tests(self, text: str) -> None:
        """`letter path`."""
        for letter, path in _pairs(text):
            self.things.setdefault(path, letter)
            folder, _, name = path.rpartition("/")
            self.below.setdefault(folder, set()).add(name)

    def long(self, text: str) -> None:
        """Long listings of links."""
        for row in filter(None, map(_LINK.match, text.split("\n"))):
            self.links.setdefault(row[1], row[2])

    def filesystems(self, text: str) -> None:
        """`size path`."""
        for blocks, path in _pairs(text):
            if blocks.isdigit():
                self.sizes.setdefault(path, int(blocks) * 1024)

    def sockets(self, text: str) -> None:
        """Who holds which socket."""
        held: list[str] = []
        pid = ""
        for line in text.split("\n"):
            left, _, right = line.partition(" ")
            if left == "p":
                pid, held = right, self.holders.setdefault(right, [])
            elif left == "!":
                self.things[f"/proc/{right}/fd"] = "!"
            elif left:
                held.append(left)
                self.links[f"/proc/{pid}/fd/{left}"] = f"socket:[{right}]" if right else ""

    def text(self, text: str) -> None:
        """Kept as it is, and read when it is asked for."""

    def close(self) -> None:
        """Draw together what several parts have brought."""
        for pid, file in _LISTED.findall("\n".join(self.files)):
            if file == "stat":
                self.pids.append(pid)
            elif space := self.links.get(f"/proc/{pid}/ns/net"):
                self.spaces.setdefault(space, pid)
        kept = [path for path in self.files if not path.startswith(("/proc/", "/sys/"))]
        for path in kept:
            folder, _, name = path.rpartition("/")
            self.below.setdefault(folder, set()).add(name)
        self.found = sorted({*kept, *(path for path, letter in self.things.items() if letter == "!")})


class Captured(Hand):
    """A hand (see there) on what a script has brought; it touches nothing."""

    def __init__(self, brought: Brought) -> None:
        super().__init__("/")
        self._brought = brought
        lines = [*brought.said("who"), "", ""]
        self.superuser = lines[0] == "0"
        self.pid = int(lines[1]) if lines[1].isdigit() else 0
        self.here, self.commands = False, True

    @property
    def answered(self) -> bool:
        """Whether the script has run at all."""
        return "who" in self._brought.outputs

    @property
    def lacking(self) -> tuple[Trouble, ...]:
        """What the answer does not hold, though the reader may take it for not there."""
        return tuple(self._brought.lacking)

    def fresh(self) -> Captured:
        """See Hand."""
        return Captured(self._brought)

    def raw(self, path: str, limit: int = MAX_SMALL) -> bytes:
        """See Hand."""
        if path.startswith(MODULES):
            try:
                return bytes.fromhex(self.text(path, 2 * limit))
            except ValueError:
                raise OSError(None, "no hexadecimal digits") from None
        return self.text(path, limit).encode()[:limit]

    def text(self, path: str, limit: int = MAX_SMALL) -> str:
        """See Hand."""
        brought = self._brought
        found = brought.files.get(path)
        if found is None and (inside := _PROCESS.fullmatch(path)):
            if inside[2].startswith("net/"):
                # One process of each namespace was asked; its tables are those of all others there.
                other = brought.spaces.get(brought.links.get(f"/proc/{inside[1]}/ns/net", ""), "")
                found = brought.files.get(f"/proc/{other}/{inside[2]}")
            elif inside[2] == "cmdline" and inside[1] in brought.holders:
                return ""  # the kernel's, or one that has wiped its arguments
        if found is None:
            if brought.things.get(path) == "!":
                raise PermissionError(path)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return found[:limit]

    def fragments(self, path: str, limit: int, size: int = 0, end: bytes = b"") -> Iterator[str]:  # noqa: ARG002  # there
        """See Hand."""
        yield self.text(path, limit)

    def link(self, path: str) -> str:
        """See Hand."""
        return self._brought.links.get(path, "")

    def target(self, path: str) -> str:
        """See Hand."""
        try:
            return self._brought.links[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def names(self, path: str) -> list[str]:
        """See Hand."""
        return sorted(self._brought.below.get(path, ()))

    def listing(self, path: str) -> Sequence[str]:
        """See Hand."""
        brought = self._brought
        if path == "/proc":
            return brought.pids
        inside = _PROCESS.fullmatch(path)
        if inside and inside[2] == "fd":
            if inside[1] in brought.holders:
                return brought.holders[inside[1]]
            if brought.things.get(path) == "!":
                raise PermissionError(path)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        brought.output("interfaces")
        return self.names(path)

    def matching(self, pattern: str) -> list[str]:
        """See Hand; of configuration only files that hold something worth knowing were brought."""
        found, start = self._brought.found, _WILD.split(pattern, 1)[0]
        alike = islice(found, bisect_left(found, start), None)
        return [path for path in takewhile(lambda path: path.startswith(start), alike) if _fits(path, pattern)]

    def resolve(self, names: Iterable[str]) -> dict[str, str]:
        """See Hand; asked on that host."""
        found: dict[str, set[str]] = {}
        for name, address in _pairs("\n".join(self._brought.said("names"))):
            found.setdefault(name, set()).add(address)
        return {name: best(found[name]) for name in names if name in found}

    def exists(self, path: str) -> bool:
        """See Hand."""
        return path in self._brought.files or path in self._brought.things

    def is_folder(self, path: str) -> bool:
        """See Hand."""
        return self._brought.things.get(path) == "d"

    def stamp(self, path: str) -> tuple[int, int, int] | None:  # noqa: ARG002  # alike for all
        """See Hand; a captured machine does not change."""
        return None

    def size(self, path: str) -> int:
        """See Hand."""
        try:
            return self._brought.sizes[path]
        except KeyError:
            raise FileNotFoundError(None, "no answer") from None

    def system(self) -> tuple[str, str, str]:
        """See Hand."""
        self._brought.output("who")
        lines = [*self._brought.said("who"), "", "", ""]
        return lines[2], lines[3], lines[4]

    def threads(self) -> int:
        """See Hand."""
        return 0

    def addresses(self) -> Mapping[int, Sequence[Address]]:
        """See Hand."""
        found: dict[int, list[Address]] = {}
        for row in filter(None, map(_ADDRESS.match, self._brought.said("addresses"))):
            prefix = int(row[3]) if row[3] else 128 if ":" in row[2] else 32
            if prefix <= 128:
                temporary = " temporary " in f" {row[4]} "
                found.setdefault(int(row[1]), []).append(Address(shortest(row[2]), prefix, temporary))
        return found

    def near(self) -> Iterator[Neighbour]:
        """See Hand."""
        for line in self._brought.said("neighbours"):
            row = line.split()
            if len(row) < 6 or row[1] != "dev" or "lladdr" not in row[:-1] or row[-1] not in _REACHED:
                continue
            mac = row[row.index("lladdr") + 1].lower()
            if _MAC.fullmatch(mac) and mac.strip("0:") and not int(mac[1], 16) & 1:
                yield Neighbour("nd" if ":" in row[0] else "arp", row[2], shortest(row[0]), mac)

    def output(self, command: Sequence[str], seconds: float = 0.0, limit: int = 16 * 2**20) -> str:  # noqa: ARG002  # ran
        """See Hand."""
        part = _COMMANDS.get(tuple(command))
        if part is None:
            raise OSError(None, f"{command[0]} is not asked over SSH")
        text = self._brought.output(part)
        status = self._brought.outputs[part].status
        if status == 127:
            raise FileNotFoundError(command[0])
        if status:
            raise OSError(None, f"{command[0]} ended with {status}")
        return text[:limit]

    def doors(self, paths: Iterable[str]) -> list[str]:  # noqa: ARG002  # the script has resolved them
        """See Hand."""
        return [path for path, _ in self._runtimes()]

    def call(self, path: str, ask: Callable[[str], list[Any]]) -> list[Any]:  # noqa: ARG002  # asked already
        """See Hand."""
        said = dict(self._runtimes())[path]
        if said == "!permission denied":
            raise PermissionError(path)
        if said.startswith("!"):
            raise ValueError(said[1:])
        try:
            rows = json.loads(said)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the runtime's answer is not understood: {type(error).__name__}") from error
        if not isinstance(rows, list):
            raise ValueError("the runtime's answer is no list")  # noqa: TRY004  # as a reader expects
        return rows

    def _runtimes(self) -> list[tuple[str, str]]:
        rows = (line.partition(" ") for line in self._brought.said("containers"))
        return [(path, said) for path, _, said in rows if path.startswith("/")]


def _fits(path: str, pattern: str) -> bool:
    """Whether a shell pattern means this path; its stars stop at slashes and before hidden files."""
    names, parts = path.split("/"), pattern.split("/")
    return len(names) == len(parts) and all(
        fnmatchcase(name, part) and (part[:1] == "." or name[:1] != ".")
        for name, part in zip(names, parts, strict=True)
    )


_TAKE: Mapping[str, Callable[[Brought, str], None]] = {
    "lines": Brought.lines,
    "strings": Brought.strings,
    "tests": Brought.tests,
    "links": Brought.long,
    "sizes": Brought.filesystems,
    "sockets": Brought.sockets,
    "output": Brought.text,
}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        left, space, right = line.partition(" ")
        if space:
            yield left, right


def capture(raw: bytes, word: str, most: int = MAX_ANSWER) -> Captured:
    """The hand on an answer, with what is missing said; what would unpack beyond `most` bytes is missing."""
    answers = frames(unpacked(raw, word, most), word)
    made = Brought()
    for part in PARTS:
        answer = answers.get(part.name)
        if answer is None or answer.status is None:
            made.lacks(part, _NOT_ANSWERED)
            continue
        made.take(part, answer)
        if answer.status == 127 and not part.command:  # of those the reader says it itself
            made.lacks(part, "missing command")
    made.close()
    return Captured(made)
