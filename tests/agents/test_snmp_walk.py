"""Walks against devices that are honest, slow, broken and hostile: complete or said to be cut, within bounds."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from support.snmp_replay import Data, Faults, Question, Replay, lines, recordings

from cmdb.errors import Invalid, NotAuthenticated, Unavailable
from cmdb_agents.ber import tlv
from cmdb_agents.transports.snmp import Target, User, read
from cmdb_agents.transports.snmp_ber import Oid, SnmpValue, oid
from cmdb_agents.transports.snmp_kept import again, keep
from cmdb_agents.transports.snmp_walk import Bounds, Cut, Walk, dotted

ALL = ((1, 0), (1, 1), (1, 2), (1, 3))
TABLE = (1, 3, 6, 1, 2, 1, 2, 2, 1)
SYSTEM: dict[Oid, SnmpValue] = {(1, 3, 6, 1, 2, 1, 1, n, 0): b"a switch" for n in (1, 4, 5, 6)}
QUICK = Bounds(seconds=4, wait=0.1)


def table(columns: int = 4, rows: int = 200) -> dict[Oid, SnmpValue]:
    """A device with a table."""
    return SYSTEM | {(*TABLE, c, r): b"%d/%d" % (c, r) for c in range(1, columns + 1) for r in range(1, rows + 1)}


def walk(
    values: dict[Oid, SnmpValue], faults: Faults | None = None, *, roots: Iterable[Oid] = (), version: str = "2c",
    bounds: Bounds = QUICK, cap: int = 1_400,
) -> Walk:  # fmt: skip
    """What is read of one device that holds `values`."""
    with Replay({"public": Data.made(values)}, {"public": faults or Faults()}, cap) as replay:
        target = Target("127.0.0.1", replay.port, version, "public")  # type: ignore[arg-type]  # "1" or "2c"
        wanted = tuple(roots) or tuple((*TABLE, c) for c in range(1, 9))
        return asyncio.run(read(target, lambda _: wanted, bounds))


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("cap", [90, 1_400, 60_000])
def test_an_honest_device_is_read_whole(version: str, cap: int) -> None:
    """Every value of every column, in either version, whatever the device's largest reply; and nothing is cut."""
    values = table()
    read_ = walk(values, version=version, cap=cap)
    assert read_.values == values
    assert read_.cuts == ()


def test_columns_are_read_by_their_index() -> None:
    """What a parser sees of a column is its values by what follows its identifier, in the device's order."""
    read_ = walk(table(rows=12))
    assert list(read_.column((*TABLE, 2)).items()) == [((n,), b"2/%d" % n) for n in range(1, 13)]
    assert read_.column((*TABLE, 9)) == {}
    assert read_.column(TABLE)[(4, 12)] == b"4/12"


def test_empty_columns_cost_no_question_of_their_own() -> None:
    """Of 40 columns that a device does not have, twelve are asked about at a time."""
    read_ = walk(SYSTEM, roots=[(1, 3, 6, 1, 4, 1, 9, n) for n in range(40)])
    assert read_.values == SYSTEM
    assert read_.questions <= 8


def test_at_most_four_columns_are_asked_at_once() -> None:
    """A device that answers slowly never has more than four questions before it, and does have several."""
    open_now, most = 0, 0

    class Counting:
        bulk = True

        async def ask(
            self, kind: int, oids: tuple[Oid, ...], repetitions: int, wait: float, follow: object = None
        ) -> object:
            from cmdb_agents.transports.snmp_ber import Response

            nonlocal open_now, most
            open_now += 1
            most = max(most, open_now)
            await asyncio.sleep(0.002)
            open_now -= 1
            return Response.of(0, 0, 0, tuple(((*one, 1), b"x") if len(one) < 6 else ((2, 0), b"") for one in oids))

    from cmdb_agents.transports.snmp_walk import Walker

    async def run() -> Walker:
        walker = Walker(Counting(), Bounds(), time.monotonic)  # type: ignore[arg-type]  # asks as a Wire does
        await walker.columns([(1, 3, 9, 9, n) for n in range(60)])
        return walker

    assert len(asyncio.run(run()).walk().values) == 60
    assert most == 4


# --- devices that are slow or lose packets -----------------------------------------------------------------


def test_lost_packets_are_asked_for_again() -> None:
    """With each tenth packet lost the walk is complete."""
    values = table(rows=60)
    read_ = walk(values, Faults(drop=0.1), bounds=Bounds(seconds=20, wait=0.1, tries=5))
    assert read_.values == values
    assert read_.cuts == ()


def test_each_question_of_a_column_has_its_own_tries() -> None:
    """Every third answer of a long column is lost, one in a row each time: with two tries nothing is missing."""
    values, count = table(rows=40), 0

    def lose(_: Question, packet: bytes) -> list[bytes]:
        nonlocal count
        count += 1
        return [] if count % 3 == 0 else [packet]

    read_ = walk(values, Faults(garble=lose), bounds=Bounds(seconds=20, wait=0.1, tries=2, parallel=1, repetitions=2))
    assert read_.values == values
    assert read_.cuts == ()


def test_small_rows_fill_a_packet() -> None:
    """A long column of small rows costs fewer questions than 32 rows each would; a smaller bound is kept."""
    values: dict[Oid, SnmpValue] = SYSTEM | {(*TABLE, 1, r): r % 100 for r in range(1, 2_001)}
    full, bounded = (walk(values, roots=[(*TABLE, 1)], bounds=replace(QUICK, repetitions=n)) for n in (96, 32))
    assert full.values == bounded.values == values
    assert full.questions < 0.7 * bounded.questions


def test_after_a_loss_large_answers_are_not_asked_for() -> None:
    """Large answers travel in fragments: where answers of more than 40 rows are lost, smaller ones bring everything."""
    values: dict[Oid, SnmpValue] = SYSTEM | {(*TABLE, 1, r): r % 100 for r in range(1, 601)}
    lost: list[int] = []

    def lose(question: Question, packet: bytes) -> list[bytes]:
        if question.repetitions <= 40:
            return [packet]
        lost.append(question.repetitions)
        return []

    read_ = walk(values, Faults(garble=lose), roots=[(*TABLE, 1)])
    assert (read_.values, read_.cuts) == (values, ())
    assert len(lost) == 1


def test_the_text_of_a_walk_is_short() -> None:
    """Whoever prints a result, as asyncio does of its own accord, does not print 100,000 rows."""
    rows: dict[Oid, SnmpValue] = {(1, 3, n): n for n in range(1_000)}
    assert len(repr(Walk(rows, contexts={"1": Walk(rows)}))) < 200


def test_a_device_that_falls_silent_is_cut_and_keeps_what_it_said() -> None:
    """What was read stays, each column that is missing is named, and time is not spent on all of them."""
    values = table(columns=8)
    start = time.monotonic()
    read_ = walk(values, Faults(silent_after=20))
    assert SYSTEM.items() <= read_.values.items() < values.items()
    missing = {c for c in range(1, 9) if len(read_.column((*TABLE, c))) < 200}
    assert missing <= {c for c in range(1, 9) if read_.was_cut((*TABLE, c))}  # of a few only the end is not proven
    assert time.monotonic() - start < 5


def test_a_device_without_an_answer_is_unavailable() -> None:
    """Nobody there, or another community: a sentence that names the address, soon."""
    start = time.monotonic()
    with (
        Replay({"other": Data.made(SYSTEM)}) as replay,
        pytest.raises(Unavailable, match=r"127\.0\.0\.1 port \d+ does not answer: it is off, filtered, or the commun"),
    ):
        asyncio.run(read(Target("127.0.0.1", replay.port, "2c", "public"), lambda _: (), QUICK))
    assert time.monotonic() - start < 3


def test_a_closed_port_is_told_apart_from_silence() -> None:
    """Where the network says that nothing listens, so do we."""
    with Replay({}) as replay:
        port = replay.port
    with pytest.raises(Unavailable, match="nothing listens there"):
        asyncio.run(read(Target("127.0.0.1", port, "2c", "public"), lambda _: (), QUICK))


def test_a_slow_device_costs_its_time_and_no_more() -> None:
    """Answers at 80 ms each run into the bound: what was not reached is said."""
    start = time.monotonic()
    read_ = walk(table(columns=8), Faults(delay=0.08), bounds=Bounds(seconds=1, wait=0.3), cap=100)
    assert time.monotonic() - start < 2
    assert any("1 seconds for this device were over" in cut.why for cut in read_.cuts)


def test_a_slow_device_never_delays_another() -> None:
    """Beside one that is silent a healthy one is read as quickly as alone."""
    values = table()
    devices = {"good": Data.made(values), "bad": Data.made(values)}

    async def both(port: int) -> float:
        async def one(name: str) -> float:
            start = time.monotonic()
            await read(Target("127.0.0.1", port, "2c", name), lambda _: [(*TABLE, 1)], QUICK)
            return time.monotonic() - start

        slow = asyncio.create_task(one("bad"))
        quick = await one("good")
        assert not slow.done()
        await slow
        return quick

    with Replay(devices, {"bad": Faults(silent_after=2)}) as replay:
        assert asyncio.run(both(replay.port)) < 0.5


# --- devices that are broken or hostile --------------------------------------------------------------------


def rows_of(question: Question, data: Data, kind: int, body: bytes, only: int) -> list[bytes] | None:
    """An honest answer, but with `kind` and `body` as the value of the table's rows number `only`."""
    if question.oids[0][:9] != TABLE or len(question.oids) > 1:
        return None
    at = data.after(question.oids[0])
    names = data.names[at : at + max(1, question.repetitions)]
    return [
        data.bindings[at + n] if name[-1] != only else tlv(0x30, tlv(6, oid_bytes(name)) + tlv(kind, body))
        for n, name in enumerate(names)
    ] or None


def oid_bytes(name: Oid) -> bytes:
    from cmdb_agents.transports.snmp_ber import oid as encoded

    return encoded(name)


@pytest.mark.parametrize("tag", [0x05, 0x80, 0x81])
def test_a_null_in_a_table_is_said_and_the_walk_goes_on(tag: int) -> None:
    """The one value is missing and named; everything behind it is read."""
    read_ = walk(table(), Faults(twist=lambda q, d: rows_of(q, d, tag, b"", 7)))
    assert set(table()) - set(read_.values) == {(*TABLE, c, 7) for c in range(1, 5)}
    assert {cut.where for cut in read_.cuts} == {dotted((*TABLE, c)) for c in range(1, 5)}
    assert all(f".{cut.where[-1]}.7" in cut.why for cut in read_.cuts)


def test_a_value_of_12_kilobytes_is_read() -> None:
    """Port lists of large switches are that long."""
    values = SYSTEM | {(*TABLE, 1, 1): b"\xff" * 12_000, (*TABLE, 1, 2): b"\x00" * 12_000}
    assert walk(values, cap=60_000).values == values


def test_names_that_do_not_rise_end_the_column_and_are_said() -> None:
    """An unsorted table cannot be told from a circle: what was read is kept, and the cut names the place."""

    def unsorted(question: Question, data: Data) -> list[bytes] | None:
        at = data.after(question.oids[0])
        names = data.names[at : at + max(1, question.repetitions)]
        return list(reversed(data.bindings[at : at + len(names)])) if names[-1:] > [(*TABLE, 1, 90)] else None

    read_ = walk(table(columns=1), Faults(twist=unsorted), roots=[(*TABLE, 1)])
    assert 30 < len(read_.column((*TABLE, 1))) < 200
    assert any("do not rise" in cut.why for cut in read_.cuts)


def test_a_device_that_repeats_itself_is_left_at_once() -> None:
    """The same row for ever costs a handful of questions."""
    data = Data.made({(*TABLE, 1, 1): b"again"})
    read_ = walk(table(), Faults(twist=lambda q, _: data.bindings * 3 if q.oids[0][:9] == TABLE else None))
    assert read_.questions < 30
    assert any("do not rise" in cut.why for cut in read_.cuts)


def endless(size: int) -> Faults:
    """A table whose rows rise for ever, each of `size` bytes."""

    def rows(question: Question, data: Data) -> list[bytes] | None:
        last = question.oids[0]
        if last[:9] != TABLE or len(question.oids) > 1:
            return None
        first = (last[10] if len(last) > 10 else 0) + 1
        return [
            tlv(0x30, tlv(6, oid_bytes((*TABLE, last[9], first + n))) + tlv(4, b"x" * size))
            for n in range(max(1, min(question.repetitions, 12_000 // size)))
        ]

    return Faults(twist=rows)


def test_an_endless_table_costs_the_memory_agreed() -> None:
    """A device that never ends is cut at its share of memory, measured, not at ours."""
    bounds = Bounds(seconds=20, memory=4 * 2**20, wait=0.5)
    tracemalloc.start()
    try:
        read_ = walk(table(), endless(1_000), bounds=bounds, roots=[(*TABLE, 1)])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert any("4 MiB for this device were full" in cut.why for cut in read_.cuts)
    assert peak < 3 * bounds.memory


def test_an_endless_table_of_small_rows_costs_the_time_agreed() -> None:
    """Time ends what memory does not."""
    start = time.monotonic()
    read_ = walk(table(), endless(10), bounds=replace(QUICK, seconds=1.0), roots=[(*TABLE, 1)])
    assert time.monotonic() - start < 10  # it would go on for ever; a busy machine takes its time to end it
    assert read_.was_cut((*TABLE, 1))


@pytest.mark.parametrize(
    "garble",
    [
        pytest.param(lambda q, packet: [b"\x30"], id="one byte"),
        pytest.param(lambda q, packet: [b""], id="no byte"),
        pytest.param(lambda q, packet: [bytes(1_400)], id="zeros"),
        pytest.param(lambda q, packet: [packet[: len(packet) // 2]], id="half a packet"),
        pytest.param(lambda q, packet: [packet.replace(q.number, bytes(len(q.number)))], id="another number"),
    ],
)
def test_a_device_that_sends_no_answers_is_unavailable(garble: object) -> None:
    """Garbage is no answer: it is ignored, and said."""
    with pytest.raises(Unavailable, match="packets that are no answers"):
        walk(table(), Faults(garble=garble))  # type: ignore[arg-type]  # a lambda


def test_garbage_beside_the_answers_does_no_harm() -> None:
    """Strays, duplicates and answers to nothing are ignored while the true answer counts."""
    values = table()
    odd = Faults(
        garble=lambda q, packet: [b"\x30\x84\xff\xff\xff\xff", packet.replace(q.number, b"\2\1\0"), packet, packet]
    )
    read_ = walk(values, odd)
    assert read_.values == values
    assert read_.cuts == ()


def test_a_bulk_that_ends_too_early_is_not_believed() -> None:
    """Devices that cut bulk replies short and call it the end are read on by single steps: nothing is lost."""

    def short(question: Question, data: Data) -> list[bytes] | None:
        if question.repetitions == 0 or question.oids[0][:9] != TABLE:
            return None
        at = data.after(question.oids[0])
        end = tlv(0x30, tlv(6, oid_bytes((1, 3, 6, 1, 6))) + b"\x82\x00")
        return [*data.bindings[at : at + 3], end]

    values = table(rows=30)
    assert walk(values, Faults(twist=short)).values == values


def test_a_device_that_cannot_do_bulk_is_read_by_steps() -> None:
    """tooBig and genErr to bulks make us ask for less, then for one; everything is read."""
    values = table(rows=20)
    for error in (1, 5):
        read_ = walk(values, Faults(error=lambda q, e=error: e if q.repetitions > 1 else 0))
        assert read_.values == values
        assert read_.cuts == ()


def test_an_error_that_stays_is_said() -> None:
    """genErr in the middle of a column cuts it there, and the next column is read."""
    at = (*TABLE, 2, 50)
    read_ = walk(
        table(), Faults(error=lambda q: 5 if any((*TABLE, 2) <= o < (*TABLE, 3) and o >= at for o in q.oids) else 0)
    )
    assert [cut.where for cut in read_.cuts] == [dotted((*TABLE, 2))]
    assert "genErr" in read_.cuts[0].why
    assert len(read_.column((*TABLE, 3))) == 200


def test_a_forwarding_table_in_a_vlans_context_is_asked_for_by_community() -> None:
    """Where a device names its VLANs and has no common table, each VLAN's own is read; a silent one ends the search."""
    from cmdb_agents.snmp_look import look

    vtp, bridge = (1, 3, 6, 1, 4, 1, 9, 9, 46, 1, 3, 1, 1), (1, 3, 6, 1, 2, 1, 17)
    values = SYSTEM | {(1, 3, 6, 1, 2, 1, 2, 2, 1, 2, 1): b"Gi0/1", (*vtp, 2, 1, 10): 1, (*vtp, 2, 1, 20): 1}
    heard: dict[Oid, SnmpValue] = {(*bridge, 1, 4, 1, 2, 5): 1, (*bridge, 4, 3, 1, 2, 0, 80, 86, 1, 2, 3): 5}
    devices = {"public": Data.made(values), "public@10": Data.made(SYSTEM | heard)}
    with Replay(devices) as replay:
        device, _ = asyncio.run(look(Target("127.0.0.1", replay.port, "2c", "public"), QUICK))
    assert [(one.mac, one.port, one.vlan) for one in device.learned] == [("00:50:56:01:02:03", "Gi0/1", 10)]
    assert [p.why for p in device.problems] == ["no answer in the context of VLAN 20"]


# --- recorded devices, and pysnmp as the oracle ------------------------------------------------------------

SMALL = ("network/switch/cisco-c3560", "network/firewall/paloalto-pa-5000", "os/linux/slackware", "UPS/apc-7902b")


@pytest.mark.parametrize("name", SMALL)
def test_a_recorded_device_is_read_whole(name: str) -> None:
    """Every row of the recording, by one walk of everything."""
    data = Data.of(lines(recordings()[name]))
    with Replay({"public": data}) as replay:
        target = Target("127.0.0.1", replay.port, "2c", "public")
        read_ = asyncio.run(read(target, lambda _: ALL, Bounds(wait=0.5)))
    assert sorted(read_.values) == data.names
    assert read_.cuts == ()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pysnmp calls pysmi by its old names
def test_pysnmp_reads_the_same_of_a_recorded_device() -> None:
    """The same names and values, as the reference implementation decodes them."""
    from pysnmp.hlapi.v3arch import asyncio as hlapi

    name = "network/firewall/paloalto-pa-5000"
    with Replay({"public": Data.of(lines(recordings()[name]))}) as replay:
        target = Target("127.0.0.1", replay.port, "2c", "public")
        ours = asyncio.run(read(target, lambda _: ALL, Bounds(wait=0.5))).values

        async def theirs() -> dict[Oid, bytes]:
            engine = hlapi.SnmpEngine()
            where = await hlapi.UdpTransportTarget.create(("127.0.0.1", replay.port))
            found = {}
            async for trouble, _, _, rows in hlapi.bulk_walk_cmd(
                engine, hlapi.CommunityData("public"), where, hlapi.ContextData(), 0, 25,
                hlapi.ObjectType(hlapi.ObjectIdentity("1.0")), lookupMib=False,
            ):  # fmt: skip
                assert trouble is None
                found |= {tuple(one): value for one, value in rows}
            engine.close_dispatcher()
            return found

        from cmdb_agents.transports.snmp_v3 import _value

        assert {one: _value(value) for one, value in asyncio.run(theirs()).items()} == ours


# --- kept walks --------------------------------------------------------------------------------------------


def test_a_kept_walk_comes_back_as_it_was(tmp_path: Path) -> None:
    """Values of every kind, cuts and contexts."""
    values: dict[Oid, SnmpValue] = {
        (1, 3, 1): -5,
        (1, 3, 2): b"\x00|\n#",
        (1, 3, 3): (1, 3, 6),
        (1, 3, 4): b"",
        (1, 3, 5): 2**64 - 1,
    }
    whole = Walk(
        values, (Cut("1.3.9", "no answer | to this"),), contexts={"12": Walk({(1, 3): b"x"}, (Cut("1", "y"),))}
    )
    address, read_ = again(keep(whole, "2001:db8::1", tmp_path))
    assert (address, read_.values, read_.cuts) == ("2001:db8::1", values, whole.cuts)
    assert {name: (w.values, w.cuts) for name, w in read_.contexts.items()} == {
        "12": ({(1, 3): b"x"}, (Cut("1", "y"),))
    }


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"no gzip", gzip.compress(b""), gzip.compress(b"something\n"),
        gzip.compress(b"# epicentre walk 1 10.0.0.1\n1.3.6|2|x\n"),
        gzip.compress(b"# epicentre walk 1 10.0.0.1\n" * 3)[:-9],
        gzip.compress(b"# epicentre walk 1 10.0.0.1\n1.3|4x|" + b"0" * 400_000 + b"\n"),
        gzip.compress(b"# epicentre walk 1 10.0.0.1\n" + b"1.3.6|2|1\n" * 500_001),
        gzip.compress(b"# epicentre walk 1 10.0.0.1\n1.3.6|9|1\n"),
    ],
    ids=["empty", "no gzip", "nothing", "another", "no number", "cut", "long line", "too many", "no type"],
)  # fmt: skip
def test_a_file_that_is_no_kept_walk_is_refused_by_name(tmp_path: Path, raw: bytes) -> None:
    """Whatever somebody sends on."""
    file = tmp_path / "10.0.0.1.walk.gz"
    file.write_bytes(raw)
    with pytest.raises(Invalid, match=r"10\.0\.0\.1\.walk\.gz"):
        again(file)


# --- targets -----------------------------------------------------------------------------------------------


def test_a_target_says_what_is_wrong_with_it() -> None:
    """A port out of range, a version without its key, a passphrase too short: each by name."""
    for wrong, word in (
        (lambda: Target("10.0.0.1", 0), "port"),
        (lambda: Target("10.0.0.1", version="3"), "user"),
        (lambda: User("me", auth_key="long enough", privacy_key="short"), "privacy_key"),
        (lambda: User("me", auth="ROT13", auth_key="long enough", privacy_key="long enough"), "ROT13"),
    ):
        with pytest.raises(Invalid, match=word):
            wrong()


def test_secrets_are_never_shown() -> None:
    """Neither the community nor a passphrase is in the text of a target."""
    user = User("me", auth_key="canary-auth-key", privacy_key="canary-priv-key")
    assert "canary" not in repr(Target("10.0.0.1", community="canary-community"))
    assert "canary" not in repr(Target("10.0.0.1", version="3", user=user))
    assert NotAuthenticated is not Unavailable
    assert oid((1, 3, 6)) == b"\x2b\x06"
