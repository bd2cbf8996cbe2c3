"""Version 3 against a real snmpd: read as in 2c, and a wrong name or key is a refusal, soon and once."""

from __future__ import annotations

import asyncio
import base64
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from support.snmpd import AUTH_KEY, PRIVACY_KEY, USER, snmpd

from cmdb.errors import NotAuthenticated, Unavailable
from cmdb_agents.transports.snmp import Target, User, read
from cmdb_agents.transports.snmp_walk import Bounds, Walk

TABLE = (1, 3, 6, 1, 2, 1, 2, 2, 1, 2)
GOOD = User(USER, "SHA-256", AUTH_KEY, "AES-128", PRIVACY_KEY)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an snmpd."""
    with snmpd(tmp_path_factory.mktemp("snmpd")) as found:
        yield found


def look(port: int, user: User | None) -> Walk:
    """The system group and the names of the interfaces."""
    target = Target("127.0.0.1", port, "3" if user else "2c", "" if user else "a-community", user)
    return asyncio.run(read(target, lambda _: [TABLE], Bounds(seconds=10)))


def test_version_3_reads_what_2c_reads(port: int) -> None:
    """Names are the same, and values but for what counts the time."""
    secure, plain = look(port, GOOD), look(port, None)
    assert secure.values[(1, 3, 6, 1, 2, 1, 1, 5, 0)] == b"lab-host"
    assert secure.column(TABLE) == plain.column(TABLE) != {}
    assert secure.values.keys() == plain.values.keys()
    assert secure.cuts == plain.cuts == ()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (replace(GOOD, name="nobody"), "user"),
        (replace(GOOD, auth_key="another-passphrase"), "digest"),
    ],
)
def test_who_is_not_let_in_hears_why(port: int, wrong: User, why: str) -> None:
    """A refusal names the reason, is not tried again, and shows no key."""
    start = time.monotonic()
    with pytest.raises(NotAuthenticated, match=f"(?i)does not let us in: .*{why}") as refused:
        look(port, wrong)
    assert time.monotonic() - start < 5
    assert wrong.auth_key not in str(refused.value)


def test_a_wrong_privacy_key_reads_nothing(port: int) -> None:
    """snmpd drops what it cannot decipher; we wait no longer than for any other silence."""
    from cmdb.errors import EpicentreError

    with pytest.raises(EpicentreError):
        look(port, replace(GOOD, privacy_key="another-passphrase"))


@contextmanager
def rogue(answer: bytes | None) -> Iterator[tuple[int, list[bytes]]]:
    """A port that answers whatever it hears with these bytes (None: with what it heard), and what it has heard."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(0.1)
        stop = threading.Event()

        def reply() -> None:
            while not stop.is_set():
                try:
                    raw, peer = link.recvfrom(65_535)
                except TimeoutError:
                    continue
                heard.append(raw)
                link.sendto(answer or raw, peer)

        thread = threading.Thread(target=reply)
        thread.start()
        try:
            yield link.getsockname()[1], heard
        finally:
            stop.set()
            thread.join()


@pytest.mark.parametrize(
    "answer", [b"\x30", bytes(1_400), b"\x30\x84\xff\xff\xff\xff", None], ids=["1", "0", "long", "echo"]
)
def test_garbage_in_version_3_costs_the_time_of_silence(answer: bytes | None) -> None:
    """A device that answers nonsense, or sends our own packet back, is unavailable; nothing else breaks."""
    start = time.monotonic()
    with rogue(answer) as (port, _):
        target = Target("127.0.0.1", port, "3", "", GOOD)
        with pytest.raises((Unavailable, NotAuthenticated)):
            asyncio.run(read(target, lambda _: [TABLE], Bounds(seconds=5, wait=0.3)))
    assert time.monotonic() - start < 6


def test_a_rogue_device_hears_no_passphrase() -> None:
    """Who answers in place of a device never hears a passphrase: not as it is, nor encoded."""
    with rogue(None) as (place, heard):
        with pytest.raises((Unavailable, NotAuthenticated)):
            asyncio.run(read(Target("127.0.0.1", place, "3", "", GOOD), lambda _: [TABLE], Bounds(seconds=5, wait=0.3)))
        said = b"".join(heard)
    assert heard
    for key in (AUTH_KEY.encode(), PRIVACY_KEY.encode()):
        assert not [form for form in (key, key.hex().encode(), base64.b64encode(key)) if form in said]


def test_no_mib_compiler_is_loaded(port: int) -> None:
    """A look in version 3 carries pysnmp alone: no compiler of MIBs, and 2c carries neither."""
    program = (
        "import asyncio, sys\n"
        "from cmdb_agents.snmp_look import look\n"
        "from cmdb_agents.transports.snmp import Target, User\n"
        f"plain = Target('127.0.0.1', {port}, '2c', 'a-community')\n"
        "print(asyncio.run(look(plain))[0].name, 'pysnmp' in sys.modules, 'pysmi' in sys.modules)\n"
        f"user = User({USER!r}, auth_key={AUTH_KEY!r}, privacy_key={PRIVACY_KEY!r})\n"
        f"secure = Target('127.0.0.1', {port}, '3', '', user)\n"
        "print(asyncio.run(look(secure))[0].name, 'pysnmp' in sys.modules, 'pysmi' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=False)
    assert done.stdout.splitlines() == ["lab-host False False", "lab-host True False"], done.stderr
