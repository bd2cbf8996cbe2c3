"""SNMP messages of versions 1 and 2c as bytes, and back. Pure; whatever the bytes are, the answer is that or Malformed.

Only what a reader of a device needs: GET, GETNEXT and GETBULK out, one response in. Object identifiers are tuples of
numbers, so that they compare as the devices sort them. Sizes are checked before anything is built from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from cmdb_agents.ber import tlv

Oid = tuple[int, ...]

GET: Final = 0xA0
GETNEXT: Final = 0xA1
RESPONSE: Final = 0xA2
GETBULK: Final = 0xA5

NULL: Final = 0x05
NO_OBJECT: Final = 0x80
NO_INSTANCE: Final = 0x81
END_OF_VIEW: Final = 0x82

MAX_ARCS: Final = 128
"""The most numbers an object identifier has (RFC 3416)."""
_MAX_ARC_BYTES: Final = 5
_OCTETS = frozenset({0x04, 0x40, 0x44, 0x45})  # OCTET STRING, IpAddress, Opaque, the obsolete NsapAddress
_SIGNED = frozenset({0x02})
_COUNTS = frozenset({0x41, 0x42, 0x43, 0x46, 0x47})  # Counter32, Gauge32, TimeTicks, Counter64, UInteger32


class Malformed(Exception):
    """The bytes are no SNMP response."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What stands where a value should: a NULL, or one of the three exceptions of version 2."""

    tag: int

    @property
    def word(self) -> str:
        """What it is called."""
        return {NULL: "NULL", NO_OBJECT: "noSuchObject", NO_INSTANCE: "noSuchInstance"}.get(self.tag, "endOfMibView")


SnmpValue = int | bytes | Oid | Missing
"""Whole numbers of every kind are int, texts and addresses bytes, object identifiers tuples."""

_MISSING = {tag: Missing(tag) for tag in (NULL, NO_OBJECT, NO_INSTANCE, END_OF_VIEW)}


Run = tuple[Oid, list[Oid], list[SnmpValue]]
"""Rows whose names begin alike: that beginning, what follows it in each name (never nothing), and what each was told
to be. Joining every name costs as much as finding it, and few are ever asked for by their whole name."""


@dataclass(frozen=True, slots=True)
class Response:
    """One reply of a device: `error` and `index` as SNMP numbers them, 0 for none; the rows as they came, in runs.

    `size` is what they took on the wire, in bytes. `last` is the last name as it was sent, where no value is Missing.
    """

    request_id: int
    error: int
    index: int
    runs: Sequence[Run]
    size: int = 0
    last: bytes = b""

    @classmethod
    def of(
        cls, request_id: int, error: int, index: int, values: Sequence[tuple[Oid, SnmpValue]], size: int = 0
    ) -> Response:
        """Of names and values side by side."""
        run = (), [name for name, _ in values], [value for _, value in values]
        return cls(request_id, error, index, [run] if values else [], size)

    @property
    def values(self) -> tuple[tuple[Oid, SnmpValue], ...]:
        """Names and values side by side."""
        return tuple(
            (head + tail, value) for head, tails, told in self.runs for tail, value in zip(tails, told, strict=True)
        )


# --- out ---------------------------------------------------------------------------------------------------


def integer(value: int) -> bytes:
    """A whole number in as few bytes as hold it and its sign."""
    size = ((value if value >= 0 else ~value).bit_length() + 8) // 8
    return tlv(0x02, value.to_bytes(size, "big", signed=True))


def oid(numbers: Sequence[int]) -> bytes:
    """The body of an object identifier (of two numbers at least)."""
    body = bytearray()
    for number in (numbers[0] * 40 + numbers[1], *numbers[2:]):
        if number < 128:
            body.append(number)
            continue
        groups = [number & 127]
        while number := number >> 7:
            groups.append(0x80 | (number & 127))
        body += bytes(reversed(groups))
    return bytes(body)


def request(
    version: Literal[0, 1], community: bytes, kind: int, request_id: int, oids: Iterable[Oid], repetitions: int = 0
) -> bytes:
    """One message. `version` as on the wire: 0 is 1, 1 is 2c. `repetitions` counts for GETBULK alone."""
    names = b"".join(tlv(0x30, tlv(0x06, oid(one)) + b"\x05\x00") for one in oids)
    body = integer(request_id) + integer(0) + integer(repetitions) + tlv(0x30, names)
    return tlv(0x30, integer(version) + tlv(0x04, community) + tlv(kind, body))


def again(version: Literal[0, 1], community: bytes, kind: int, number: int, name: bytes, repetitions: int) -> bytes:
    """The question that `request` makes of one name, which is known as it was sent; empty where a size is not small."""
    size, known = len(name), len(community)
    head = integer(number) + b"\x02\x01\x00" + integer(repetitions)
    if len(head) + size + known + 18 > 127:
        return b""
    pdu = len(head) + size + 8
    return (
        bytes((0x30, pdu + known + 7, 0x02, 1, version, 0x04, known)) + community + bytes((kind, pdu)) + head
        + bytes((0x30, size + 6, 0x30, size + 4, 0x06, size)) + name + b"\x05\x00"
    )  # fmt: skip


# --- in ----------------------------------------------------------------------------------------------------


def response(raw: bytes) -> Response:
    """Read a reply of version 1 or 2c; Malformed says why it is none."""
    try:
        request_id, error, index, start, end = _front(raw) or _any_front(raw)
        if (usual := _usual(raw, start, end)) is not None:
            runs, last = usual
            return Response(request_id, error, index, runs, end - start, last)
        return Response.of(request_id, error, index, _bindings(raw, start, end), end - start)
    except IndexError as cut:
        raise Malformed("the packet ends early") from cut


_SIZE = rb"([\x00-\x7f]|\x81.|\x82..)"
_FRONT = re.compile(
    rb"\x30%s\x02\x01[\x00\x01]\x04(?:%s)\xa2%s\x02(\x04.{4}|\x03.{3})\x02\x01(.)\x02\x01(.)\x30%s"
    % (_SIZE, b"|".join(rb"\x%02x.{%d}" % (size, size) for size in range(33)), _SIZE, _SIZE),
    re.DOTALL,
)


def _front(raw: bytes) -> tuple[int, int, int, int, int] | None:
    """(request id, error, index, where the bindings begin and end) of the usual shape, in which all ends together."""
    if (found := _FRONT.match(raw)) is None:
        return None
    whole, pdu, number, error, index, rows = found.groups()
    end, start = len(raw), found.end()
    fits = found.end(1) + _size(whole) == found.end(2) + _size(pdu) == start + _size(rows) == end
    return (int.from_bytes(number[1:], "big", signed=True), error[0], index[0], start, end) if fits else None


def _size(told: bytes) -> int:
    return told[0] if len(told) == 1 else int.from_bytes(told[1:], "big")


def _any_front(raw: bytes) -> tuple[int, int, int, int, int]:
    """The same of any shape, or Malformed."""
    start, end = _expect(raw, 0, len(raw), 0x30)
    start, stop = _expect(raw, start, end, 0x02)
    if raw[start:stop] not in (b"\x00", b"\x01"):
        raise Malformed("neither version 1 nor 2c")
    _, stop = _expect(raw, stop, end, 0x04)
    start, end = _expect(raw, stop, end, RESPONSE)
    request_id, at = _number(raw, start, end)
    error, at = _number(raw, at, end)
    index, at = _number(raw, at, end)
    start, end = _expect(raw, at, end, 0x30)
    return request_id, error, index, start, end


def _expect(raw: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    if raw[at] != tag:
        raise Malformed(f"expected the tag {tag:#x} at byte {at}, not {raw[at]:#x}")
    return _span(raw, at, end)


def _span(raw: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the body of the element at `at` begins and ends."""
    size, start = raw[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4:
            raise Malformed(f"a length of {count} bytes at byte {at}")
        size = int.from_bytes(raw[start : start + count], "big")
        start += count
    stop = start + size
    if stop > end:
        raise Malformed(f"the element at byte {at} ends outside of what holds it")
    return start, stop


def _number(raw: bytes, at: int, end: int) -> tuple[int, int]:
    start, stop = _expect(raw, at, end, 0x02)
    return _integer(raw[start:stop], at), stop


def _integer(body: bytes, at: int, *, signed: bool = True) -> int:
    if not 1 <= len(body) <= 9:  # 64 bits and a leading zero
        raise Malformed(f"a number of {len(body)} bytes at byte {at}")
    return int.from_bytes(body, "big", signed=signed)


_TAIL, _SHORT, _KEPT = 5, 64, 32_768


def _lengths(sizes: Iterable[int], apart: int = 0) -> bytes:
    """A length and as many bytes; the last few, `apart`, are left to what follows."""
    return b"|".join(rb"\x%02x.{%d}" % (size, size - apart) for size in sizes)


_ROWS = re.compile(
    rb"\x30([\x02-\x7f]|\x81[\x80-\xff])\x06((?:%s))(.{%d})([\x02\x04\x06\x40-\x43\x46](?:%s|\x81(?:%s)))"
    % (
        _lengths((*range(10, 20), *range(6, 10), *range(20, 64)), _TAIL),
        _TAIL,
        _lengths((1, 4, 2, 3, 6, 0, 5, *range(7, 128))),
        _lengths(range(128, 256)),
    ),
    re.DOTALL,
)
"""A binding of the usual shape: its length, its name with its length in front and its end apart, its value likewise."""


def _usual(raw: bytes, at: int, end: int) -> tuple[list[Run], bytes] | None:
    """Bindings all of which are of the usual shape, cut apart by one regular expression: the heart of a walk.

    (runs, the last name as it was sent). Nothing is made anew that was made before: neither names nor their parts, and
    no pair for each row, which would keep the garbage collector at work. None where not every byte was covered, or
    something is odd: then `_bindings` reads them, or says what is wrong.
    """
    runs: list[Run] = []
    known, values = _TAILS, _VALUES
    first = last = begun = extra = b""
    for size, first, last, value in _ROWS.findall(raw, at, end):
        if (long := size[0]) == first[0] + value[1] + 4 and long != 0x81:
            at += long + 2
        elif len(size) == 2 and size[1] == len(first) + len(value) + _TAIL + 1:
            at += size[1] + 3
        else:
            return None
        if first != begun:
            begun, (head, extra) = first, _HEADS[first]
            if not head:
                return None
            tails: list[Oid] = []
            told: list[SnmpValue] = []
            runs.append((head, tails, told))
            tail, tell = tails.append, told.append
        if extra:
            last = extra + last  # noqa: PLW2901  # the number that lies across the cut
        tail(known[last])
        tell(values[value])
    return (runs, first[1 : len(first) - len(extra)] + last) if at == end else None


_K = TypeVar("_K")


class _Learned(dict[bytes, _K]):
    """What bytes mean, read once. Bounded, and right for every device, since nothing else decides what they mean."""

    def __init__(self, read: Callable[[bytes], _K], known: Mapping[bytes, _K] | None = None) -> None:
        super().__init__(known or {})
        self._read, self._known = read, known or {}

    def __missing__(self, told: bytes) -> _K:
        what = self._read(told)
        if len(told) <= _SHORT:
            if len(self) >= _KEPT:
                self.clear()
                self.update(self._known)
            self[told] = what
        return what


def _head(told: bytes) -> tuple[Oid, bytes]:
    """Its length stands before it. Its numbers, and the bytes of a number that goes on in the tail."""
    size = len(told)
    while told[size - 1] & 0x80:  # the length in front is less than that
        size -= 1
    return (_numbers(told[1:size]) if size > 1 else (), told[size:])


def _plain(value: bytes) -> SnmpValue:
    """A value of a usual type, with its type and its length in front."""
    tag, told = value[0], value[2:] if value[1] != 0x81 else value[3:]
    if tag == 0x04:
        return told
    return _value(tag, told, 0)


_SMALL: Mapping[bytes, SnmpValue] = {
    **{bytes((tag, 1, n)): n for tag in (0x41, 0x42, 0x43, 0x46) for n in range(256)},
    **{bytes((0x02, 1, n)): n if n < 128 else n - 256 for n in range(256)},
}
"""Most values of a walk have one byte."""


def _bindings(  # noqa: PLR0912  # one loop that says of each shape what is wrong with it
    raw: bytes, at: int, end: int
) -> tuple[tuple[Oid, SnmpValue], ...]:
    """Bindings of any shape, one by one."""
    found: list[tuple[Oid, SnmpValue]] = []
    add = found.append
    while at < end:
        if raw[at] != 0x30:
            raise Malformed(f"expected a binding at byte {at}")
        if (size := raw[at + 1]) < 128:
            at, stop = at + 2, at + 2 + size
        else:
            at, stop = _span(raw, at, end)
        if stop > end or raw[at] != 0x06:
            raise Malformed(f"a binding without a name before byte {stop}")
        if (size := raw[at + 1]) < 128:
            start, at = at + 2, at + 2 + size
        else:
            start, at = _span(raw, at, stop)
        name = _numbers(raw[start:at])
        tag = raw[at]
        if (size := raw[at + 1]) < 128:
            start, at = at + 2, at + 2 + size
        else:
            start, at = _span(raw, at, stop)
        if at != stop:
            raise Malformed(f"a binding that does not end with its value, before byte {stop}")
        if tag == 0x04:
            add((name, raw[start:at]))
        elif tag in _COUNTS and 0 < size < 10:
            add((name, int.from_bytes(raw[start:at], "big")))
        else:
            add((name, _value(tag, raw[start:at], start)))
    return tuple(found)


def _numbers(body: bytes) -> Oid:
    """The first byte, or bytes, hold two numbers."""
    first, *rest = _arcs(body)
    if len(rest) >= MAX_ARCS - 1:
        raise Malformed(f"an object identifier of more than {MAX_ARCS} numbers")
    return (*_FIRST[first], *rest) if first < 128 else (2, first - 80, *rest)


_ARC = re.compile(rb"[\x80-\xff]*[\x00-\x7f]")


def _arcs(body: bytes) -> Oid:
    if not body or body[-1] & 0x80:
        raise Malformed("an object identifier that does not end")
    if body.isascii():  # every number takes one byte
        return tuple(body)
    return tuple([one[0] if len(one) == 1 else _arc(one) for one in _ARC.findall(body)])


def _arc(told: bytes) -> int:
    if len(told) > _MAX_ARC_BYTES:
        raise Malformed("a number of an object identifier beyond 32 bits")
    value = 0
    for byte in told:
        value = value << 7 | byte & 0x7F
    return value


_FIRST = tuple((min(n // 40, 2), n - 40 * min(n // 40, 2)) for n in range(128))
"""The two numbers that share the first byte."""


def _value(tag: int, body: bytes, at: int) -> SnmpValue:
    if tag in _OCTETS:
        return body
    if tag in _SIGNED:
        return _integer(body, at)
    if tag in _COUNTS:
        return _integer(body, at, signed=False)
    if tag == 0x06:
        return _numbers(body) if body else (0, 0)  # some devices send an empty one for 0.0
    if (missing := _MISSING.get(tag)) is not None:
        return missing
    raise Malformed(f"a value of the unknown type {tag:#x} at byte {at}")


_HEADS = _Learned(_head)
_TAILS = _Learned(_arcs)
_VALUES = _Learned(_plain, _SMALL)
"""The rows of a column share their heads, columns the ends of their rows; of six values five came before."""
