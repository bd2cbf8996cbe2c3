"""The answer of the script as hands: what the remote shell printed, given to the same reader as a live machine. Pure.

A part that did not come to its end is no empty answer: asking for what it would have brought raises, and what the
reader would take for "not there" is said as a Trouble of every section that needs the part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdb_agents.addresses import shortest
from cmdb_agents.transports.readings import Address, Trouble
from cmdb_agents.transports.ssh_script import PARTS, Part

MAX_NEIGHBOURS = 4_096
_NOT_ANSWERED = "no whole answer"
_FRAME = r"\n@{word} (begin|end) ([a-z_]+)(?: (\d+))?\n"
_ADDRESS = re.compile(r"^\d+: (\S+?)(?:@\S+)?\s+inet6? ([0-9a-fA-F.:]+)(?: peer [0-9a-fA-F.:]+)?(?:/(\d+))? ?(.*)$")
_LINK = re.compile(r"^l\S* +\d+ +\d+ +\d+ +\d+ .*? (/\S+) -> (.*)$")
_PROCESS = re.compile(r"/proc/(\d+)/(.+)")
_COMMANDS = {part.command: part.name for part in PARTS if part.command}


@dataclass(frozen=True, slots=True)
class Answer:
    """A part's text and exit status; `status` None: it did not come to its end."""

    text: str
    status: int | None


def frames(raw: bytes, word: str) -> dict[str, Answer]:
    """The parts of an answer by name. Whatever the bytes are, each part is there once or not at all."""
    text = raw.decode("utf-8", "replace")
    found: dict[str, Answer] = {}
    opened: tuple[str, int] | None = None
    for mark in re.finditer(_FRAME.format(word=re.escape(word)), text):
        kind, name, status = mark.groups()
        if kind == "begin":
            opened = (name, mark.end())
        elif opened is not None and opened[0] == name and status is not None:
            found.setdefault(name, Answer(text[opened[1] : mark.start()], int(status)))
            opened = None
    if opened is not None:
        found.setdefault(opened[0], Answer("", None))
    return found


@dataclass(slots=True)
class Captured:
    """Hands (see there) on what a script has brought."""

    pid: int = 0
    superuser: bool = False
    troubles: list[Trouble] = field(default_factory=list)
    _outputs: dict[str, Answer] = field(default_factory=dict)
    _files: dict[str, str] = field(default_factory=dict)
    _links: dict[str, str] = field(default_factory=dict)
    _things: dict[str, str] = field(default_factory=dict)  # path → letter
    _sizes: dict[str, int] = field(default_factory=dict)
    _holders: dict[str, list[str]] = field(default_factory=dict)  # pid → descriptors
    _pids: list[str] = field(default_factory=list)
    _spaces: dict[str, str] = field(default_factory=dict)  # namespace → the pid whose tables were read

    @property
    def answered(self) -> bool:
        """Whether the script has run at all."""
        return "who" in self._outputs

    # --- hands ---------------------------------------------------------------------------------------------

    def text(self, path: str, limit: int) -> str:
        """See Hands."""
        found = self._files.get(path)
        if found is None and (inside := _PROCESS.fullmatch(path)) and inside[2].startswith("net/"):
            # One process of each namespace was asked; its tables are those of all others there.
            other = self._spaces.get(self._links.get(f"/proc/{inside[1]}/ns/net", ""), "")
            found = self._files.get(f"/proc/{other}/{inside[2]}")
        if found is None:
            if self._things.get(path) == "!":
                raise PermissionError(path)
            if (inside := _PROCESS.fullmatch(path)) and inside[2] == "cmdline" and inside[1] in self._holders:
                return ""  # the kernel's, or one that has wiped its arguments
            raise FileNotFoundError(path)
        return found[:limit]

    def names(self, path: str) -> Sequence[str]:
        """See Hands."""
        if path == "/proc":
            return self._pids
        inside = _PROCESS.fullmatch(path)
        if inside and inside[2] == "fd":
            if inside[1] in self._holders:
                return self._holders[inside[1]]
            if self._things.get(path) == "!":
                raise PermissionError(path)
            raise FileNotFoundError(path)
        self._need("interfaces")
        start = path + "/"
        return sorted({one[len(start) :].partition("/")[0] for one in self._things if one.startswith(start)})

    def link(self, path: str) -> str:
        """See Hands."""
        try:
            return self._links[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def exists(self, path: str) -> bool:
        """See Hands."""
        return self._things.get(path, "!") != "!"

    def is_folder(self, path: str) -> bool:
        """See Hands."""
        return self._things.get(path) == "d"

    def size(self, path: str) -> int:
        """See Hands."""
        try:
            return self._sizes[path]
        except KeyError:
            raise FileNotFoundError(None, "no answer") from None

    def system(self) -> tuple[str, str, str]:
        """See Hands."""
        lines = [*self._need("who").split("\n"), "", "", "", ""]
        return lines[2], lines[3], lines[4]

    def threads(self) -> int:
        """See Hands."""
        return 0

    def addresses(self) -> Mapping[str, Sequence[Address]]:
        """See Hands."""
        found: dict[str, list[Address]] = {}
        answer = self._outputs.get("addresses", Answer("", None))
        for row in filter(None, map(_ADDRESS.match, answer.text.split("\n"))):
            prefix = int(row[3]) if row[3] else 128 if ":" in row[2] else 32
            if prefix <= 128:
                found.setdefault(row[1], []).append(Address(shortest(row[2]), prefix))
        return found

    def output(self, command: Sequence[str], seconds: float, limit: int) -> str:  # noqa: ARG002  # it has run already
        """See Hands."""
        part = _COMMANDS.get(tuple(command))
        if part is None:
            raise OSError(None, f"{command[0]} is not asked over SSH")
        answer = self._outputs.get(part, Answer("", None))
        if answer.status is None:
            raise OSError(None, _NOT_ANSWERED)
        if answer.status == 127:
            raise FileNotFoundError(command[0])
        if answer.status:
            raise OSError(None, f"{command[0]} ended with {answer.status}")
        return answer.text[:limit]

    def runtimes(self) -> Sequence[str]:
        """See Hands."""
        return [path for path, _ in self._runtimes()]

    def containers(self, path: str) -> list[Any]:
        """See Hands."""
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
            raise ValueError("the runtime's answer is no list")  # noqa: TRY004  # as the contract of hands says
        return rows

    def neighbours(self) -> tuple[str, ...]:
        """Addresses this host has met on its own links, failed ones aside."""
        rows = (line.split() for line in self._outputs.get("neighbours", Answer("", None)).text.split("\n"))
        met = {shortest(row[0]) for row in rows if len(row) > 3 and "lladdr" in row and row[-1] != "FAILED"}
        return tuple(sorted(met))[:MAX_NEIGHBOURS]

    # --- what the parts bring ------------------------------------------------------------------------------

    def _need(self, part: str) -> str:
        answer = self._outputs.get(part, Answer("", None))
        if answer.status is None:
            raise OSError(None, _NOT_ANSWERED)
        return answer.text

    def _runtimes(self) -> list[tuple[str, str]]:
        lines = (line.partition(" ") for line in self._outputs.get("containers", Answer("", None)).text.split("\n"))
        return [(path, said) for path, _, said in lines if path.startswith("/")]

    def trouble(self, part: Part, why: str) -> None:
        """Say that what a part brings is not known."""
        self.troubles += [Trouble(area, f"what `{part.name}` brings", why) for area in part.areas]

    def take(self, part: Part, answer: Answer) -> None:
        """Take what one part has brought."""
        self._outputs[part.name] = answer
        _TAKE[part.form](self, answer.text)

    def _lines(self, text: str) -> None:
        self._join(text.split("\n"), "\n")

    def _strings(self, text: str) -> None:
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
            self._files.setdefault(path, end.join(parts) + end)

    def _tests(self, text: str) -> None:
        for letter, path in _pairs(text):
            self._things.setdefault(path, letter)

    def _long(self, text: str) -> None:
        for row in filter(None, map(_LINK.match, text.split("\n"))):
            self._links.setdefault(row[1], row[2])

    def _size(self, text: str) -> None:
        for blocks, path in _pairs(text):
            if blocks.isdigit():
                self._sizes.setdefault(path, int(blocks) * 1024)

    def _sockets(self, text: str) -> None:
        held: list[str] = []
        pid = ""
        for line in text.split("\n"):
            left, _, right = line.partition(" ")
            if left == "p":
                pid, held = right, self._holders.setdefault(right, [])
            elif left == "!":
                self._things[f"/proc/{right}/fd"] = "!"
            elif left:
                held.append(left)
                if right:
                    self._links[f"/proc/{pid}/fd/{left}"] = f"socket:[{right}]"

    def _output(self, text: str) -> None:
        """Kept as it is, and read when it is asked for."""

    def close(self) -> None:
        """Draw together what several parts have brought."""
        lines = [*self._outputs.get("who", Answer("", None)).text.split("\n"), "", ""]
        self.superuser = lines[0] == "0"
        self.pid = int(lines[1]) if lines[1].isdigit() else 0
        inside = [found for path in self._files if (found := _PROCESS.fullmatch(path))]
        self._pids = [found[1] for found in inside if found[2] == "stat"]
        for found in inside:
            if found[2].startswith("net/") and (space := self._links.get(f"/proc/{found[1]}/ns/net")):
                self._spaces.setdefault(space, found[1])


_TAKE: Mapping[str, Callable[[Captured, str], None]] = {
    "lines": Captured._lines,
    "strings": Captured._strings,
    "tests": Captured._tests,
    "links": Captured._long,
    "sizes": Captured._size,
    "sockets": Captured._sockets,
    "output": Captured._output,
}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        left, space, right = line.partition(" ")
        if space:
            yield left, right


def capture(raw: bytes, word: str) -> Captured:
    """The hands on an answer, with what is missing said."""
    answers = frames(raw, word)
    made = Captured()
    for part in PARTS:
        answer = answers.get(part.name, Answer("", None))
        if answer.status is None:
            made.trouble(part, _NOT_ANSWERED)
            continue
        made.take(part, answer)
        if answer.status == 127 and not part.command:  # of those the reader says it itself
            made.trouble(part, "missing command")
    made.close()
    return made
