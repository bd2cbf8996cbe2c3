"""The credential store: never shown, never sent elsewhere, never readable without the master key."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path

import pytest

from cmdb.errors import Forbidden, Invalid, Misconfigured, UnknownName
from cmdb_agents.discover.credentials import Credentials, master_key
from cmdb_agents.discover.kind import Place

CANARY = "canary-7f3a9c-swordfish"
HERE, THERE = Place("192.0.2.5", 22), Place("198.51.100.5", 22)
AT = "2026-11-01T00:00:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Credentials:
    """A store with the canary bound to one network."""
    made = Credentials(tmp_path / "credentials.db", master_key(tmp_path / "master.key"))
    made.put("rack", "password", "probe", CANARY, ["192.0.2.0/24", "web1.example"], {"port": "22"}, AT)
    return made


def test_a_secret_opens_for_its_places_only(store: Credentials) -> None:
    """Inside the bound networks and names it opens, elsewhere it is refused and nothing is decrypted."""
    assert store.open("rack", HERE).secret == CANARY
    assert store.open("rack", Place("203.0.113.1", 22, "WEB1.example.")).secret == CANARY
    with pytest.raises(Forbidden, match=r"bound to 192.0.2.0/24, web1.example, not to 198.51.100.5:22"):
        store.open("rack", THERE)
    with pytest.raises(UnknownName):
        store.open("nobody", HERE)


def test_the_files_do_not_hold_the_secret(store: Credentials, tmp_path: Path) -> None:
    """A stolen disk has no secret: not as it is, nor as base64 or hex; nor after it was replaced."""
    store.put("rack", "password", "probe", "another", ["192.0.2.0/24"], {}, AT)
    store.close()
    raw = CANARY.encode()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(form in held for form in (raw, base64.b64encode(raw)[:-4], raw.hex().encode()))


def test_nothing_shows_the_secret(store: Credentials) -> None:
    """Neither the list nor a secret's own text holds it."""
    assert CANARY not in repr(store.listed()) + repr(store.open("rack", HERE))
    assert store.listed()[0].bound == ("192.0.2.0/24", "web1.example")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE credential SET bound = '[\"0.0.0.0/0\"]'",
        "UPDATE credential SET version = 7",
        "UPDATE credential SET kind = 'key'",
        "UPDATE credential SET sealed = zeroblob(60)",
    ],
)
def test_a_row_that_was_changed_does_not_open(store: Credentials, tmp_path: Path, change: str) -> None:
    """Who can write the file cannot widen what a secret is bound to, nor pass one for another."""
    with sqlite3.connect(tmp_path / "credentials.db") as db:
        db.execute(change)
    db.close()
    with pytest.raises(Misconfigured, match="tampered"):
        store.open("rack", HERE)


def test_another_master_key_opens_nothing(store: Credentials, tmp_path: Path) -> None:
    """The file without its key is worth nothing."""
    store.close()
    other = Credentials(tmp_path / "credentials.db", master_key(tmp_path / "other.key"))
    with pytest.raises(Misconfigured, match="does not open"):
        other.open("rack", HERE)


def test_a_master_key_that_others_read_is_refused(tmp_path: Path) -> None:
    """The key's file is its owner's alone."""
    path = tmp_path / "master.key"
    assert len(master_key(path)) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(Misconfigured, match="read by others"):
        master_key(path)


def test_an_unbound_secret_is_refused(store: Credentials) -> None:
    """A secret for everywhere is not kept, nor one without a name or text."""
    for ref, secret, bound in (("a", "x", []), ("A B", "x", ["192.0.2.0/24"]), ("a", "", ["192.0.2.0/24"])):
        with pytest.raises(Invalid):
            store.put(ref, "password", "u", secret, bound, {}, AT)
