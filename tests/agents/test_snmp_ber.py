"""Our SNMP messages against those of pysnmp, and against bytes that are no message."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api, rfc1902, rfc1905

from cmdb_agents.transports import snmp_ber as ber

OIDS = st.tuples(st.integers(0, 2), st.integers(0, 39)).flatmap(
    lambda head: st.lists(st.integers(0, 2**32 - 1), max_size=20).map(lambda tail: (*head, *tail))
)
PROTOCOL = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]

VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda n: (rfc1902.Integer32(n), n)),
    st.integers(0, 2**32 - 1).map(lambda n: (rfc1902.Counter32(n), n)),
    st.integers(0, 2**32 - 1).map(lambda n: (rfc1902.Gauge32(n), n)),
    st.integers(0, 2**32 - 1).map(lambda n: (rfc1902.TimeTicks(n), n)),
    st.integers(0, 2**64 - 1).map(lambda n: (rfc1902.Counter64(n), n)),
    st.binary(max_size=600).map(lambda b: (rfc1902.OctetString(b), b)),
    st.binary(min_size=4, max_size=4).map(lambda b: (rfc1902.IpAddress(b), b)),
    OIDS.map(lambda o: (rfc1902.ObjectIdentifier(o), o)),
    st.just((rfc1905.endOfMibView, ber.Missing(ber.END_OF_VIEW))),
    st.just((rfc1905.noSuchObject, ber.Missing(ber.NO_OBJECT))),
    st.just((rfc1905.noSuchInstance, ber.Missing(ber.NO_INSTANCE))),
)


def their_response(rows: list[tuple[ber.Oid, object]], request_id: int) -> bytes:
    """A reply as pysnmp writes it."""
    pdu = PROTOCOL.ResponsePDU()
    PROTOCOL.apiPDU.set_defaults(pdu)
    PROTOCOL.apiPDU.set_request_id(pdu, request_id)
    PROTOCOL.apiPDU.set_varbinds(pdu, rows)
    message = PROTOCOL.Message()
    PROTOCOL.apiMessage.set_defaults(message)
    PROTOCOL.apiMessage.set_community(message, b"public")
    PROTOCOL.apiMessage.set_pdu(message, pdu)
    raw: bytes = encoder.encode(message)
    return raw


@given(st.lists(st.tuples(OIDS, VALUES), max_size=12), st.integers(1, 2**31 - 1))
def test_what_pysnmp_writes_is_read_as_it_was_meant(
    rows: list[tuple[ber.Oid, tuple[object, object]]], number: int
) -> None:
    """Every type and size of value, name and request id comes out as it went in."""
    read = ber.response(their_response([(name, theirs) for name, (theirs, _) in rows], number))
    assert (read.request_id, read.error, read.index) == (number, 0, 0)
    assert read.values == tuple((name, ours) for name, (_, ours) in rows)


PLAIN = st.one_of(
    st.tuples(st.sampled_from([0x02, 0x41, 0x42, 0x43, 0x46]), st.binary(min_size=1, max_size=9)),
    st.tuples(st.sampled_from([0x04, 0x40, 0x44]), st.binary(max_size=70)),
    st.tuples(st.just(0x06), OIDS.map(ber.oid)),
)


@given(
    st.lists(st.tuples(OIDS, PLAIN), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), max_size=3),
)
def test_the_quick_way_reads_what_the_careful_way_reads(
    rows: list[tuple[ber.Oid, tuple[int, bytes]]], wrong: list[tuple[int, int]]
) -> None:
    """Whatever the bytes: the quick way reads the same names and values, or nothing at all."""
    raw = bytearray(b"".join(ber.tlv(0x30, ber.tlv(6, ber.oid(o)) + ber.tlv(*value)) for o, value in rows))
    for at, byte in wrong:
        raw[at % len(raw)] = byte
    try:
        read = ber._usual(bytes(raw), 0, len(raw))
    except ber.Malformed:
        with pytest.raises((ber.Malformed, IndexError)):
            ber._bindings(bytes(raw), 0, len(raw))
        return
    if read is not None:
        runs, last = read
        together = ber.Response(0, 0, 0, runs).values
        assert together == ber._bindings(bytes(raw), 0, len(raw))
        assert ber._numbers(last) == together[-1][0]


def test_the_usual_rows_are_read_the_quick_way() -> None:
    """Interfaces of a large switch: five-byte indexes, counters, texts, addresses, object identifiers."""
    values = [
        (0x02, b"\x06"),
        (0x41, b"\x00\xff\xff"),
        (0x04, b"Ethernet1/1"),
        (0x40, b"\x0a\0\0\1"),
        (0x06, b"\x2b\6"),
    ]
    rows = [((1, 3, 6, 1, 2, 1, 2, 2, 1, n, 436_207_616 + n, 7), value) for n, value in enumerate(values)]
    raw = b"".join(ber.tlv(0x30, ber.tlv(6, ber.oid(o)) + ber.tlv(*value)) for o, value in rows)
    read = ber._usual(raw, 0, len(raw))
    assert read is not None
    together = ber.Response(0, 0, 0, read[0]).values
    assert ([name for name, _ in together], read[1]) == ([name for name, _ in rows], ber.oid(rows[-1][0]))
    assert [value for _, value in together] == [6, 65_535, b"Ethernet1/1", b"\x0a\0\0\1", (1, 3, 6)]


@given(OIDS, st.integers(1, 2**31 - 1), st.binary(max_size=60), st.integers(0, 2_000))
def test_a_question_asked_again_is_the_question(name: ber.Oid, number: int, community: bytes, rows: int) -> None:
    """Written from the bytes of a name as from its numbers; not at all where a size takes more than a byte."""
    quick = ber.again(1, community, ber.GETBULK, number, ber.oid(name), rows)
    careful = ber.request(1, community, ber.GETBULK, number, [name], rows)
    assert quick == (careful if len(careful) < 130 else b"")


@given(st.lists(OIDS, min_size=1, max_size=8), st.integers(1, 2**31 - 1), st.sampled_from([ber.GET, ber.GETNEXT]))
def test_what_we_ask_is_read_by_pysnmp_as_we_meant_it(oids: list[ber.Oid], number: int, kind: int) -> None:
    """pysnmp finds our version, community, kind, id and names in our bytes."""
    raw = ber.request(1, b"secret", kind, number, oids)
    message, rest = decoder.decode(raw, asn1Spec=PROTOCOL.Message())
    pdu = PROTOCOL.apiMessage.get_pdu(message)
    assert rest == b""
    assert bytes(PROTOCOL.apiMessage.get_community(message)) == b"secret"
    assert type(pdu).__name__ == {ber.GET: "GetRequestPDU", ber.GETNEXT: "GetNextRequestPDU"}[kind]
    assert int(PROTOCOL.apiPDU.get_request_id(pdu)) == number
    assert [tuple(name) for name, _ in PROTOCOL.apiPDU.get_varbinds(pdu)] == oids


def test_a_bulk_request_says_how_many_rows_it_wants() -> None:
    """pysnmp reads our repetitions, and no non-repeaters."""
    raw = ber.request(1, b"public", ber.GETBULK, 7, [(1, 3, 6, 1)], 25)
    message, _ = decoder.decode(raw, asn1Spec=PROTOCOL.Message())
    pdu = PROTOCOL.apiMessage.get_pdu(message)
    assert int(PROTOCOL.apiBulkPDU.get_max_repetitions(pdu)) == 25
    assert int(PROTOCOL.apiBulkPDU.get_non_repeaters(pdu)) == 0


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_a_response_or_malformed(raw: bytes) -> None:
    """Garbage never raises anything else."""
    with contextlib.suppress(ber.Malformed):
        ber.response(raw)


def test_a_damaged_response_is_a_response_or_malformed() -> None:
    """Each of 4,000 real replies with a few bytes changed or cut off is one or the other."""
    dice = random.Random(4)
    good = their_response([((1, 3, 6, 1, 2, 1, 1, n, 70_000), rfc1902.OctetString(b"x" * 90)) for n in range(9)], 9)
    refused = 0
    for _ in range(4_000):
        raw = bytearray(good[: dice.randrange(1, len(good) + 1)])
        for _ in range(dice.randrange(4)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        try:
            ber.response(bytes(raw))
        except ber.Malformed:
            refused += 1
    assert refused > 3_000


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x81", id="a name that does not end"),
        pytest.param(b"\x2b" + b"\xff" * 6 + b"\x01", id="a number beyond 32 bits"),
        pytest.param(b"\x2b" + b"\x01" * 200, id="too many numbers"),
        pytest.param(b"\x2b" + b"\x83\x01" * 128, id="too many numbers, of two bytes each"),
    ],
)
def test_an_impossible_name_is_malformed(body: bytes) -> None:
    """Object identifiers are bounded in numbers and in the size of each."""
    rows = ber.tlv(0x30, ber.tlv(0x06, body) + b"\x05\x00")
    pdu = ber.tlv(ber.RESPONSE, ber.integer(1) + ber.integer(0) * 2 + ber.tlv(0x30, rows))
    with pytest.raises(ber.Malformed):
        ber.response(ber.tlv(0x30, ber.integer(1) + ber.tlv(4, b"public") + pdu))
