"""Bodies of many rows: taken from who may write them, one at a time and soon; of others nothing more is read."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.front_door import Door, Reply, front_door
from support.server_process import until

from cmdb.errors import Overloaded
from cmdb.store import Store
from cmdb.words import Role
from cmdb_graphql import large, limits

MIB = 1024 * 1024
BULK = (
    'mutation B($rows: String!) { bulkUpsert(rows: $rows, source: "assets", dryRun: true) { counts { count } left } }'
)
ROW = json.dumps({"class": "Site", "name": "s", "ref": "s", "attributes": {"code": "s", "address": "x" * 600}})


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server whose Neo4j is down: what comes as far as the store is answered 503."""
    with front_door(tmp_path_factory.mktemp("large")) as opened:
        opened.services.accounts.create_user("vera", [Role.VIEWER])
        opened.services.accounts.create_user("emil", [Role.ENGINEER])
        opened.services.accounts.create_user("ada", [Role.ADMIN])
        yield opened


@pytest.fixture(scope="module")
def tokens(door: Door) -> dict[str, str]:
    """An API token of each."""
    return {name: door.services.accounts.create_token(name) for name in ("vera", "emil", "ada")}


def many(size: int = 2 * MIB, document: str = BULK) -> bytes:
    """A command with rows, as JSON of about that many bytes."""
    rows = "\n".join([ROW] * (size // (len(json.dumps(ROW)) - 1)))
    return json.dumps({"query": document, "variables": {"rows": rows}}).encode()


def post(door: Door, token: str, body: bytes, **headers: str) -> Reply:
    """A body as it is."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return door.call(
        "POST", "/graphql", body, {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **said}
    )


@contextmanager
def sending(door: Door, token: str, *headers: str) -> Iterator[socket.socket]:
    """A connection that has sent its headers and nothing of its body."""
    head = ["POST /graphql HTTP/1.1", "Host: x", "Content-Type: application/json", *headers]
    head += [f"Authorization: Bearer {token}"] if token else []
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as raw:
        raw.sendall("\r\n".join([*head, "", ""]).encode())
        yield raw


def status(raw: socket.socket) -> int:
    """What is answered."""
    return int(raw.recv(4096).split()[1])


def test_who_writes_many_rows_may_send_many_bytes(door: Door, tokens: dict[str, str]) -> None:
    """As they are, in pieces and compressed: it comes as far as the store. The limit holds after unpacking too."""
    body = many()
    assert post(door, tokens["emil"], body).status == 503
    assert post(door, tokens["ada"], gzip.compress(body), Content_Encoding="gzip").status == 503
    with sending(door, tokens["emil"], "Transfer-Encoding: chunked") as raw:
        raw.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        assert status(raw) == 503
    for packed in (b" " * (8 * MIB + 1), gzip.compress(b" " * (64 * MIB))):
        encoding = {"Content_Encoding": "gzip"} if packed[:1] != b" " else {}
        reply = post(door, tokens["emil"], packed, **encoding)
        assert (reply.status, reply.code) == (413, "too_large") and "8,388,608" in reply.raw.decode()


def test_from_others_nothing_of_it_is_read(door: Door, tokens: dict[str, str]) -> None:
    """Refused by their headers: strangers, viewers, and who says no length as soon as it is too much."""
    eight = f"Content-Length: {8 * MIB}"
    for token, *headers, expected in (
        ("", eight, 401),
        ("epi_nonsense", eight, 401),
        (tokens["vera"], eight, 413),
        (tokens["vera"], "Content-Length: 100", "Content-Encoding: gzip", 415),
        (tokens["emil"], f"Content-Length: {8 * MIB + 1}", 413),
    ):
        with sending(door, token, *headers) as raw:
            assert status(raw) == expected, (token, headers)
    with sending(door, tokens["vera"], "Transfer-Encoding: chunked") as raw:
        raw.sendall(b"%x\r\n%s\r\n" % (MIB + 1, b" " * (MIB + 1)))
        assert status(raw) == 413
    assert post(door, tokens["vera"], b'{"query": "{me{name}}"}').status == 200


def test_only_a_command_with_many_rows_may_be_large(door: Door, tokens: dict[str, str]) -> None:
    """Whoever asks: a question, another command, one beside it, and a text of its own that is too long."""
    spaces = " " * 15_000
    for document in (
        "query Q($rows: String!) { search(text: $rows) { nodes { id } } }",
        'mutation M($rows: String!) { withdraw(source: $rows, ids: ["a"]) { left } }',
        BULK[:-1] + ' withdraw(source: "a", ids: ["a"]) { left } }',
        BULK + spaces,
    ):
        reply = post(door, tokens["ada"], many(document=document))
        assert (reply.status in {400, 413}, reply.code) == (True, "too_large"), reply.raw[:300]


def test_one_at_a_time_and_the_place_is_given_back(door: Door, tokens: dict[str, str]) -> None:
    """A second is told to come back, usual bodies go on meanwhile; who hangs up has no place any more."""
    with sending(door, tokens["emil"], f"Content-Length: {2 * MIB}") as raw:
        raw.sendall(b" " * 1000)
        until(lambda: post(door, tokens["ada"], many()).status == 429, 5)
        reply = post(door, tokens["ada"], many())
        assert reply.code == "overloaded" and int(reply.headers["retry-after"]) >= 8
        packed = post(door, tokens["ada"], gzip.compress(many()), Content_Encoding="gzip")
        assert packed.status == 429
        assert post(door, tokens["ada"], b'{"query": "{me{name}}"}').status == 200
    until(lambda: post(door, tokens["ada"], many()).status == 503, 5)
    assert post(door, tokens["ada"], many()).status == 503


def test_who_sends_slowly_is_hung_up_on(door: Door, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a large body must come within its time, however evenly it trickles; then the place is free."""
    monkeypatch.setattr(limits, "LARGE_BODY_PATIENCE", 0.3)
    with sending(door, tokens["emil"], f"Content-Length: {2 * MIB}") as raw:
        raw.sendall(b" " * 2000)
        said = b""
        while piece := raw.recv(4096):
            said += piece
        assert said.startswith(b"HTTP/1.1 400") and b"must be here within" in said
    assert post(door, tokens["emil"], many()).status == 503


def test_the_place_is_left_by_who_needs_it_last() -> None:
    """A command that nobody waits for any more keeps it until it is done."""
    slot = large.Slot()
    first = slot.claim(allowed=True)
    assert first.more() == 8 * MIB
    mine = first.moved()
    first.leave()
    with pytest.raises(Overloaded):
        slot.claim(allowed=True).more()
    mine.leave()
    assert slot.claim(allowed=True).packed() == 8 * MIB


@pytest.mark.neo4j
def test_rows_beyond_a_mebibyte_are_all_carried_out(tmp_path: Path, store: Store) -> None:
    """Each row has its outcome, in a rehearsal and in earnest."""
    document = BULK.replace("dryRun: true", "dryRun: $dry").replace("$rows: String!", "$rows: String!, $dry: Boolean!")
    rows = [
        {"class": "Site", "name": f"site {n}", "attributes": {"code": f"S{n:04}", "address": "é" * 400}}
        for n in range(1_500)
    ]
    with front_door(tmp_path, store) as opened:
        opened.services.accounts.create_user("emil", [Role.ENGINEER])
        token, text = opened.services.accounts.create_token("emil"), "\n".join(map(json.dumps, rows))
        for dry in (True, False):
            body = json.dumps({"query": document, "variables": {"rows": text, "dry": dry}}).encode()
            assert len(body) > MIB
            done: Any = post(opened, token, body).body["data"]["bulkUpsert"]
            assert done == {"counts": [{"count": 1_500}], "left": []}
            assert store.counts() == ({} if dry else {"Site": 1_500})
