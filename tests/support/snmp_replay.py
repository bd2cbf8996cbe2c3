"""Answers SNMP from recorded walks, quickly, and wrongly on demand. The community names the recording.

`Replay` answers in a thread of the test; run as a program it serves recordings to several processes (see `main`).
"""

from __future__ import annotations

import bz2
import random
import socket
import sys
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cmdb_agents.ber import tlv
from cmdb_agents.transports.snmp_ber import Oid, SnmpValue, integer, oid
from cmdb_agents.transports.snmp_ber import _expect as expect
from cmdb_agents.transports.snmp_ber import _numbers as read_oid

GET, GETNEXT, GETBULK = 0xA0, 0xA1, 0xA5
Pack = Callable[[bytes], "bytes | None"]


def recordings() -> dict[str, Path]:
    """The recorded walks of real devices that the package snmpsim-data holds, by their name there."""
    import importlib.util

    found = importlib.util.find_spec("snmpsim_data")
    assert found is not None, "the package snmpsim-data is missing: make dev"
    assert found.origin is not None
    folder = Path(found.origin).parent / "data"
    return {str(p.relative_to(folder)).partition(".snmprec")[0]: p for p in sorted(folder.rglob("*.snmprec*"))}


def lines(path: Path, keep: Callable[[str, str], bool] = lambda _name, _tag: True) -> Iterator[tuple[Oid, int, bytes]]:
    """(name, type, value's bytes) of a recording; a line that is none is left out, as snmpsim does.

    `keep` sees the name and the type as they are written, before anything is made of them.
    """
    with (bz2.open if path.suffix == ".bz2" else open)(path, "rt", encoding="latin1") as file:
        for line in file:
            name, _, rest = line.partition("|")
            tag, there, value = rest.partition("|")
            try:
                if there and keep(name := name.strip("."), tag):
                    yield tuple(map(int, name.split("."))), *_body(tag, value.rstrip("\n"))
            except (ValueError, IndexError):
                continue


def _body(tag: str, text: str) -> tuple[int, bytes]:
    word, _, made = tag.partition(":")
    if made:  # snmpsim makes this value anew each time; we send the one that was recorded
        text = dict(part.partition("=")[::2] for part in text.split(",")).get("value", text)
    kind = int(word.rstrip("xe"))
    if kind in (4, 68):
        return kind, bytes.fromhex(text) if "x" in word else text.encode("latin1")
    if kind == 64:
        return kind, bytes.fromhex(text) if "x" in word else bytes(map(int, text.split(".")))
    if kind == 6:
        return kind, oid(tuple(map(int, text.strip(".").split("."))))
    if kind in (2, 65, 66, 67, 70):
        bits = {2: None, 70: 64}.get(kind, 32)
        return kind, integer(int(text) if bits is None else int(text) % 2**bits)[2:]
    return 5, b""


@dataclass(slots=True)
class Data:
    """What one device holds: names in order, and each binding ready to be sent."""

    names: list[Oid]
    bindings: list[bytes]

    @classmethod
    def of(cls, rows: Iterable[tuple[Oid, int, bytes]]) -> Data:
        """Of (name, type, body); of a name that is there twice the last counts."""
        ready = {name: tlv(0x30, tlv(6, oid(name)) + tlv(kind, body)) for name, kind, body in rows}
        names = sorted(ready)
        return cls(names, [ready[name] for name in names])

    @classmethod
    def made(cls, values: Mapping[Oid, SnmpValue]) -> Data:
        """Of values as a Walk has them."""
        return cls.of((name, *_made(value)) for name, value in values.items())

    def after(self, name: Oid) -> int:
        return bisect_right(self.names, name)


def _made(value: SnmpValue) -> tuple[int, bytes]:
    if isinstance(value, int):
        return 2, integer(value)[2:]
    if isinstance(value, bytes):
        return 4, value
    return (6, oid(value)) if isinstance(value, tuple) else (value.tag, b"")


@dataclass(slots=True)
class Question:
    """A request as it came in."""

    version: bytes
    community: str
    kind: int
    number: bytes
    oids: list[Oid]
    non_repeaters: int
    repetitions: int

    @classmethod
    def read(cls, raw: bytes) -> Question:
        end = len(raw)
        start, end = expect(raw, 0, end, 0x30)
        v_start, at = expect(raw, start, end, 2)
        c_start, c_stop = expect(raw, at, end, 4)
        kind = raw[c_stop]
        at, end = expect(raw, c_stop, end, kind)
        numbers = []
        for _ in range(3):
            start, stop = expect(raw, at, end, 2)
            numbers.append((raw[at:stop], int.from_bytes(raw[start:stop], "big")))
            at = stop
        at, end = expect(raw, at, end, 0x30)
        oids = []
        while at < end:
            start, stop = expect(raw, at, end, 0x30)
            inner, after = expect(raw, start, stop, 6)
            oids.append(read_oid(raw[inner:after]))
            at = stop
        community = raw[c_start:c_stop].decode("latin1")
        return cls(raw[v_start - 2 : v_start + 1], community, kind, numbers[0][0], oids, numbers[1][1], numbers[2][1])

    def reply(self, rows: Iterable[bytes], error: int = 0, index: int = 0) -> bytes:
        body = self.number + integer(error) + integer(index) + tlv(0x30, b"".join(rows))
        return tlv(0x30, self.version + tlv(4, self.community.encode("latin1")) + tlv(0xA2, body))

    def empty(self, one: Oid, tag: int) -> bytes:
        return tlv(0x30, tlv(6, oid(one)) + bytes((tag, 0)))


def answer(question: Question, data: Data, cap: int) -> bytes:
    """What an honest device replies; `cap` bounds the bytes of a bulk reply, as devices do."""
    if question.kind == GETBULK:
        return question.reply(_bulk(question, data, cap))
    rows, old = [], question.version.endswith(b"\x00")
    for number, one in enumerate(question.oids, 1):
        at = data.after(one) if question.kind == GETNEXT else bisect_left(data.names, one)
        there = at < len(data.names) and (question.kind == GETNEXT or data.names[at] == one)
        if not there and old:
            return question.reply([question.empty(o, 5) for o in question.oids], 2, number)
        rows.append(data.bindings[at] if there else question.empty(one, 0x82 if question.kind == GETNEXT else 0x81))
    return question.reply(rows)


def _bulk(question: Question, data: Data, cap: int) -> list[bytes]:
    size, rows = 0, []
    at = [data.after(one) for one in question.oids]
    for step in range(question.repetitions):
        for place, one in zip(at, question.oids, strict=True):
            over = place + step >= len(data.names)
            row = question.empty(data.names[-1] if over and data.names else one, 0x82)
            row = row if over else data.bindings[place + step]
            size += len(row)
            if size > cap and rows:
                return rows
            rows.append(row)
        if all(place + step >= len(data.names) for place in at):
            break
    return rows


# --- what goes wrong ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Faults:
    """How a device misbehaves. `twist` may change the rows of any answer, `garble` its bytes; both see the question."""

    drop: float = 0.0
    delay: float = 0.0
    silent_after: int | None = None
    twist: Callable[[Question, Data], list[bytes] | None] | None = None
    garble: Callable[[Question, bytes], Iterable[bytes]] | None = None
    error: Callable[[Question], int] | None = None
    dice: random.Random = field(default_factory=lambda: random.Random(1))


class Replay:
    """A responder on a free port of this machine, in a thread; `with Replay(devices) as replay`."""

    def __init__(
        self,
        devices: Mapping[str, Data],
        faults: Mapping[str, Faults] | None = None,
        cap: int = 1_400,
        at: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        self._devices, self._faults, self._cap = dict(devices), dict(faults or {}), cap
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(at)
        self._socket.settimeout(0.05)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port: int = self._socket.getsockname()[1]
        self.asked: dict[str, int] = {}
        self.questions: list[Question] = []

    def __enter__(self) -> Replay:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)
        self._socket.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                raw, peer = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            for packet in self._answers(Question.read(raw)):
                self._socket.sendto(packet, peer)

    def _answers(self, question: Question) -> Iterable[bytes]:
        data = self._devices.get(question.community)
        if data is None:
            return ()
        faults = self._faults.get(question.community, Faults())
        count = self.asked[question.community] = self.asked.get(question.community, 0) + 1
        if len(self.questions) < 10_000:
            self.questions.append(question)
        if faults.dice.random() < faults.drop or (faults.silent_after is not None and count > faults.silent_after):
            return ()
        if faults.delay:
            time.sleep(faults.delay)
        if faults.error and (error := faults.error(question)):
            return [question.reply([question.empty(o, 5) for o in question.oids], error, 1)]
        rows = faults.twist(question, data) if faults.twist else None
        packet = answer(question, data, self._cap) if rows is None else question.reply(rows)
        return faults.garble(question, packet) if faults.garble else [packet]


def main() -> None:
    """`snmp_replay.py SECONDS FILE…`: serve the recordings until the time is over; the port is the first line."""
    devices = {Path(name).name.partition(".snmprec")[0]: Data.of(lines(Path(name))) for name in sys.argv[2:]}
    with Replay(devices) as replay:
        print(replay.port, flush=True)
        time.sleep(float(sys.argv[1]))


if __name__ == "__main__":
    main()
