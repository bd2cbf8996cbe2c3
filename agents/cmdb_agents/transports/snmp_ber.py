"""SNMP messages of versions 1 and 2c as bytes, and back. Pure; whatever the bytes are, the answer is that or Malformed.

Only what a reader of a device needs: GET, GETNEXT and GETBULK out, one response in. Object identifiers are tuples of
numbers, so that they compare as the devices sort them. Sizes are checked before anything is built from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

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


@dataclass(frozen=True, slots=True)
class Response:
    """One reply of a device: `error` and `index` as SNMP numbers them, 0 for none."""

    request_id: int
    error: int
    index: int
    values: tuple[tuple[Oid, SnmpValue], ...]


# --- out ---------------------------------------------------------------------------------------------------


def _length(size: int) -> bytes:
    if size < 128:
        return bytes((size,))
    raw = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(raw),)) + raw


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, body."""
    return bytes((tag,)) + _length(len(body)) + body


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


# --- in ----------------------------------------------------------------------------------------------------


def response(raw: bytes) -> Response:
    """Read a reply of version 1 or 2c; Malformed says why it is none."""
    try:
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
        return Response(request_id, error, index, _bindings(raw, start, end))
    except IndexError as cut:
        raise Malformed("the packet ends early") from cut


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


def _bindings(  # noqa: PLR0912  # one loop without calls: it is most of what a walk costs
    raw: bytes, at: int, end: int
) -> tuple[tuple[Oid, SnmpValue], ...]:
    """The heart of a walk, so the usual shapes (short lengths, plain values) are read without a call."""
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
        name = _oid(raw[start:at])
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


def _oid(body: bytes) -> Oid:
    """The rows of a column share their heads, and columns the ends of their rows: both are mostly known already."""
    cut = len(body) - _TAIL
    if not 2 < cut <= _LONG or body[cut - 1] & 0x80:
        return _numbers(body)
    first, last = body[:cut], body[cut:]
    head = _HEADS.get(first)
    if head is None:
        if len(_HEADS) >= _KEPT:
            _HEADS.clear()
        head = _HEADS[first] = _numbers(first)
    if last.isascii():  # every number takes one byte
        return head + tuple(last)
    tail = _TAILS.get(last)
    if tail is None:
        if len(_TAILS) >= _KEPT:
            _TAILS.clear()
        tail = _TAILS[last] = _numbers(first + last)[len(head) :]
    return head + tail


_TAIL, _LONG, _KEPT = 5, 64, 8_192
_HEADS: dict[bytes, Oid] = {}
_TAILS: dict[bytes, Oid] = {}
"""Numbers by the bytes they were read from; bounded, and right for every device since nothing else decides them."""


def _numbers(body: bytes) -> Oid:
    if not body or body[-1] & 0x80:
        raise Malformed("an object identifier that does not end")
    if body.isascii():  # every number takes one byte
        if len(body) >= MAX_ARCS:
            raise Malformed(f"an object identifier of more than {MAX_ARCS} numbers")
        return (*_FIRST[body[0]], *body[1:])
    numbers: list[int] = []
    value = size = 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        size += 1
        if byte < 0x80:
            numbers.append(value)
            value = size = 0
        elif size >= _MAX_ARC_BYTES:
            raise Malformed("a number of an object identifier beyond 32 bits")
    if len(numbers) >= MAX_ARCS:
        raise Malformed(f"an object identifier of more than {MAX_ARCS} numbers")
    head = min(numbers[0] // 40, 2)
    return (head, numbers[0] - 40 * head, *numbers[1:])


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
        return _oid(body) if body else (0, 0)  # some devices send an empty one for 0.0
    if (missing := _MISSING.get(tag)) is not None:
        return missing
    raise Malformed(f"a value of the unknown type {tag:#x} at byte {at}")
