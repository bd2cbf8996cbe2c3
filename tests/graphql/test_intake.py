"""The ingest contract over real HTTP: every line of the table, in the order it promises."""

from __future__ import annotations

import gzip
import os
import random
import resource
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from nacl.signing import SigningKey
from support.front_door import Door, Sender, front_door, signature_headers
from support.reports import host, network, report, service, services, sockets, uses, wire

from cmdb_graphql import body

WEB = service("web", 80)
DAMAGED = int(os.environ.get("EPICENTRE_TEST_CASES", "60"))
FIRST = int(os.environ.get("EPICENTRE_TEST_SEED", "0"))


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One server for the tests that leave it as it was; each takes agents of its own."""
    with front_door(tmp_path_factory.mktemp("door")) as opened:
        yield opened


@pytest.fixture
def agent(door: Door) -> Sender:
    """A fresh agent."""
    return door.enrolled()


def good(agent: Sender, seq: int = 1, **attributes: Any) -> dict[str, Any]:
    """A good report of this agent, as JSON."""
    return wire(report(seq, host(**attributes), node=agent.node))


# --- stored, known, gap ------------------------------------------------------------------------------------


def test_stored_is_202_with_id_and_sequence_and_is_on_disk(agent: Sender) -> None:
    """The acknowledged report is in the inbox's file, body and all."""
    before = agent.door.services.inbox.depth()
    answer = agent.report(report(7, host(), node=agent.node))
    assert (answer.status, answer.body) == (202, {"report_id": f"report-{agent.node}-7", "seq": 7})
    assert agent.door.services.inbox.depth() == before + 1


def test_a_report_with_every_section_travels_compressed(agent: Sender) -> None:
    """gzip is taken; the signature covers the bytes as sent."""
    snapshot = report(
        1, host(), network("10.0.0.5"), services(WEB), sockets(uses(WEB, "10.0.0.9:5432")), node=agent.node
    )
    agent.extra = {"Content-Encoding": "gzip"}
    assert agent.send(gzip.compress(orjson.dumps(wire(snapshot)))).status == 202


def test_known_is_200_with_the_same_body(agent: Sender) -> None:
    """Whoever missed our answer asks again and gets it."""
    first, again = (agent.send(orjson.dumps(good(agent))) for _ in range(2))
    assert (first.status, again.status) == (202, 200)
    assert first.body == again.body


def test_an_unchanged_report_is_202_and_queues_nothing(agent: Sender) -> None:
    """Only hashes travelled, and only the time of the scope moves."""
    agent.report(report(1, host(), node=agent.node))
    before = agent.door.services.inbox.depth()
    assert agent.report(report(2, node=agent.node, unchanged=[host()])).status == 202
    assert agent.door.services.inbox.depth() == before


def test_an_unknown_base_is_409_full_needed(agent: Sender) -> None:
    """A delta on what is not known here asks for everything."""
    answer = agent.report(report(2, services(), node=agent.node, unchanged=[host()]))
    assert (answer.status, answer.code) == (409, "full_needed")


def test_another_nodes_report_id_is_422(door: Door, agent: Sender) -> None:
    """An id belongs to who used it first; the other's report is neither taken for known nor lost silently."""
    other = door.enrolled()
    agent.send(orjson.dumps(good(agent)))
    answer = other.send(orjson.dumps({**good(other), "report_id": f"report-{agent.node}-1"}))
    assert (answer.status, answer.body["error"]["where"]) == (422, "$.report_id")


# --- malformed, wrong, too big -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000], ids=repr
)
def test_malformed_json_is_400(agent: Sender, raw: bytes) -> None:
    """Broken or 100,000 deep: refused, never a 500."""
    answer = agent.send(raw)
    assert (answer.status, answer.code) == (400, "invalid")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"schema": 2}, "$.schema"),
        ({"sections": {"host": {"hash": "0" * 64, "complete": True, "items": [{"class": "Toaster", "key": "a"}]}}},
         "$.sections.host.items[0].class"),
        ({"sections": {"host": {"hash": "0" * 64, "complete": True, "items": [
            {"class": "Host", "key": "self", "name": "a", "attributes": {"colour": "red"}}]}}},
         "$.sections.host.items[0].attributes.colour"),
        ({"sections": {"host": {"hash": "0" * 64, "complete": True, "items": [
            {"class": "Host", "key": "self", "name": "a", "attributes": {"memory_bytes": "many"}}]}}},
         "$.sections.host.items[0].attributes.memory_bytes"),
        ({"sections": {"host": {"hash": "0" * 64, "complete": True, "items": [
            {"class": "Host", "key": "self", "name": "a", "attributes": {}}] * 2}}},
         "$.sections.host.items[1]"),
        ({"sections": {"sockets": {"hash": "0" * 64, "complete": True, "links": [
            {"type": "DEPENDS_ON", "from": {"class": "Service", "key": "ghost"},
             "to": {"class": "Endpoint", "key": "tcp://10.0.0.1:1"},
             "evidence": {"kind": "socket", "detail": "", "confidence": 1}}]}}},
         "$.sections.sockets.links[0].from"),
    ],
    ids=["schema", "class", "attribute", "type", "duplicate", "unknown item"],
)  # fmt: skip
def test_a_wrong_value_is_422_and_names_its_place(agent: Sender, change: dict[str, Any], where: str) -> None:
    """The JSON path is in the answer."""
    answer = agent.send(orjson.dumps({**good(agent), **change}))
    assert (answer.status, answer.body["error"].get("where")) == (422, where)


def test_too_many_items_is_413(agent: Sender) -> None:
    """The bound is on the report, however the items are spread over its sections."""
    items = [{"class": "Filesystem", "key": f"/{n}", "name": "x", "attributes": {}} for n in range(10_001)]
    section = {"hash": "0" * 64, "complete": True, "items": items}
    answer = agent.send(orjson.dumps({**good(agent), "sections": {"a": section, "b": section}}))
    assert (answer.status, answer.code) == (413, "too_large")


def test_oversize_is_413_before_and_after_decompression(tmp_path: Path) -> None:
    """1 MiB limit here: announced, streamed without announcement, and as a bomb."""
    with front_door(tmp_path, report_max_mib=1) as small:
        agent = small.enrolled()
        assert agent.send(b" " * 1_100_000).code == "too_large"
        unannounced = b" " * 1_100_000
        chunked = agent.headers(unannounced)
        answer = small.call("POST", "/snapshots", iter([unannounced]), chunked)  # type: ignore[arg-type]  # chunked
        assert answer.status == 413
        agent.extra = {"Content-Encoding": "gzip"}
        assert agent.send(gzip.compress(b" " * 1_100_000)).status == 413


def test_a_zip_bomb_costs_bounded_memory(agent: Sender) -> None:
    """A quarter of a gigabyte of zeros: refused, and the process grew by no more than a multiple of the limit."""
    bomb = gzip.compress(bytes(1 << 28))
    assert len(bomb) < 1 << 19
    agent.extra = {"Content-Encoding": "gzip"}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert agent.send(bomb).status == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json; charset=utf-8"}, 202),
        ({"Content-Encoding": "br"}, 415),
        ({"Content-Encoding": "gzip"}, 400),
    ],
    ids=str,
)
def test_only_json_plain_or_gzipped(agent: Sender, extra: dict[str, str], status: int) -> None:
    """Other types are 415; what says gzip and is not, is 400."""
    agent.extra = extra
    assert agent.send(orjson.dumps(good(agent))).status == status


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b + b"x", lambda b: b[:20] + b"\0\0\0" + b[23:]])
def test_damaged_gzip_is_400(agent: Sender, damage: Any) -> None:
    """Cut short, with something behind it, or broken inside."""
    agent.extra = {"Content-Encoding": "gzip"}
    assert agent.send(damage(gzip.compress(orjson.dumps(good(agent))))).status == 400


# --- who ---------------------------------------------------------------------------------------------------


def test_unsigned_is_401_before_the_body_is_looked_at(door: Door) -> None:
    """Even broken JSON of the wrong type: the first question is who."""
    answer = door.call("POST", "/snapshots", b"{", {"Content-Type": "text/plain"})
    assert (answer.status, answer.code) == (401, "unsigned")
    assert "server_time" in answer.body


def test_a_stranger_is_refused_before_the_body_is_read(door: Door) -> None:
    """The answer comes though only the headers were sent; no memory is spent on what strangers say."""
    head = "POST /snapshots HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\nContent-Type: application/json\r\n\r\n"
    with socket.create_connection(("127.0.0.1", door.port), timeout=5) as raw:
        raw.sendall(head.encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 401")


def test_a_body_other_than_the_signed_one_is_401(agent: Sender) -> None:
    """One changed byte, or a signature of another key, path, host or method."""
    body_, tampered = orjson.dumps(good(agent)), orjson.dumps(good(agent, hostname="else"))
    assert agent.door.call("POST", "/snapshots", tampered, agent.headers(body_)).code == "bad_signature"
    now, authority = int(time.time()), f"127.0.0.1:{agent.door.port}"
    forged = [
        signature_headers(SigningKey.generate(), agent.node, authority, body_, created=now, nonce="99"),
        signature_headers(agent.key, agent.node, authority, body_, created=now, nonce="99", path="/enrol"),
        signature_headers(agent.key, agent.node, "elsewhere:1", body_, created=now, nonce="99"),
        signature_headers(agent.key, agent.node, authority, body_, created=now, nonce="x"),
        signature_headers(agent.key, agent.node, authority, body_, created=now, nonce="99")
        | {"Signature": "sig1=:AA==:"},
        signature_headers(agent.key, agent.node, authority, body_, created=now, nonce="99") | {"Signature-Input": "("},
    ]
    for headers in forged:
        answer = agent.door.call("POST", "/snapshots", body_, {"Content-Type": "application/json", **headers})
        assert (answer.status, answer.code) == (401, "bad_signature")
    assert agent.send(body_).status == 202


def test_a_flipped_bit_or_a_cut_is_never_another_report(door: Door, agent: Sender) -> None:
    """On the way it is 401 and nothing of it is kept; before it was signed, one of the contract's answers."""
    dice, raw = random.Random(FIRST), orjson.dumps(good(agent))
    queued = door.services.inbox.counts()["queued"]
    statuses = set()
    for n in range(DAMAGED):
        cut = raw[: dice.randrange(len(raw))]
        for damaged in (flipped(dice, raw), cut):
            reply = door.call("POST", "/snapshots", damaged, agent.headers(raw))
            assert reply.status == 401, (FIRST, n, damaged, reply.body)
        assert agent.send(cut).status == 400, (FIRST, n, cut)
    assert door.services.inbox.counts()["queued"] == queued
    for _ in range(DAMAGED):
        statuses.add(agent.send(flipped(dice, raw)).status)
    assert statuses <= {200, 202, 400, 403, 409, 422}, (FIRST, statuses)


def flipped(dice: random.Random, raw: bytes) -> bytes:
    """The bytes with one bit turned."""
    bit, made = dice.randrange(len(raw) * 8), bytearray(raw)
    made[bit // 8] ^= 1 << bit % 8
    return bytes(made)


def test_a_signature_that_covers_less_is_401(agent: Sender) -> None:
    """Leaving the digest out of the signature would leave the body open."""
    import base64

    raw = orjson.dumps(good(agent))
    headers = agent.headers(raw)
    parameters = f'("@method" "@path");created={int(time.time())};nonce="77";keyid="{agent.node}";alg="ed25519"'
    base = f'"@method": POST\n"@path": /snapshots\n"@signature-params": {parameters}'
    headers["Signature-Input"] = f"sig1={parameters}"
    headers["Signature"] = f"sig1=:{base64.b64encode(agent.key.sign(base.encode()).signature).decode()}:"
    assert agent.door.call("POST", "/snapshots", raw, headers).code == "bad_signature"


def test_an_unknown_or_revoked_agent_is_401_on_its_next_request(agent: Sender) -> None:
    """Revocation does not wait."""
    assert agent.send(orjson.dumps(good(agent, 1))).status == 202
    agent.door.services.enrolment.revoke(agent.node)
    answer = agent.send(orjson.dumps(good(agent, 2)))
    assert (answer.status, answer.code) == (401, "revoked")
    assert replace(agent, node="nd_nobody").send(b"{}").code == "unknown"


@pytest.mark.parametrize("offset", [-100_000_000, -301, 301, 100_000_000, 10**13])
def test_a_skewed_clock_is_401_with_our_time_and_goes_on_with_the_offset(agent: Sender, offset: int) -> None:
    """An agent years off still reports: it signs with the difference."""
    agent.offset = offset
    answer = agent.send(orjson.dumps(good(agent)))
    assert answer.status == 401
    if offset < 10**13:  # a time no calendar has is no time
        assert answer.code == "skewed"
    assert answer.body["server_time"].endswith("Z")
    agent.offset = 0
    assert agent.send(orjson.dumps(good(agent))).status == 202


def test_of_a_thousand_captured_requests_none_is_accepted(tmp_path: Path) -> None:
    """Replays are refused for ever, also after a restart and whatever happened to the original."""
    with front_door(tmp_path) as opened:
        agent = opened.enrolled()
        captured = []
        for seq in range(1, 501):
            body_ = orjson.dumps(good(agent, seq))
            captured.append((body_, agent.headers(body_)))
        refused = orjson.dumps(wire(report(900, node=agent.node, unchanged=[services()])))
        captured += [(refused, agent.headers(refused))]
        originals = [opened.call("POST", "/snapshots", *one).status for one in captured]
        assert originals == [202] * 500 + [409]
        depth = opened.services.inbox.depth()
        again = [opened.call("POST", "/snapshots", *one) for one in captured[:500]]
        assert {(a.status, a.code) for a in again} == {(401, "replayed")}
        port = opened.port
    with front_door(tmp_path) as restarted:
        # The captured signatures name the old port; only that is put right for the second half.
        headers = [h | {"Host": f"127.0.0.1:{port}"} for _, h in captured]
        again = [restarted.call("POST", "/snapshots", b, h) for (b, _), h in zip(captured, headers, strict=True)]
        assert {(a.status, a.code) for a in again} == {(401, "replayed")}
        assert restarted.services.inbox.depth() == depth


def test_a_node_reports_about_itself_only(door: Door, agent: Sender) -> None:
    """A report in another's name is 403, whoever signed it."""
    other = door.enrolled()
    answer = agent.send(orjson.dumps(good(other)))
    assert (answer.status, answer.code) == (403, "forbidden")


# --- overload, disk ----------------------------------------------------------------------------------------


def test_a_full_queue_is_429_with_a_jittered_time_to_come_back(tmp_path: Path) -> None:
    """Refusals are spread out, and unchanged reports still go through."""
    with front_door(tmp_path, max_queued=1) as small:
        agent = small.enrolled()
        assert agent.report(report(1, host(), node=agent.node)).status == 202
        answers = [agent.report(report(n, host("other"), node=agent.node)) for n in range(2, 12)]
        assert {(a.status, a.code) for a in answers} == {(429, "overloaded")}
        assert len({a.headers["retry-after"] for a in answers}) > 1
        assert agent.report(report(20, node=agent.node, unchanged=[host()])).status == 202


def test_too_many_bytes_in_memory_at_once_are_429(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While unfinished bodies hold the budget, a further one is sent away; when they are gone it is taken."""
    monkeypatch.setattr("cmdb_graphql.intake.BUDGET", 5 << 20)
    with front_door(tmp_path, report_max_mib=1) as small:
        slow, quick = small.enrolled(), small.enrolled()
        held = []
        for _ in range(6):
            body_ = b" " * 1_000_000
            head = "".join(f"{k}: {v}\r\n" for k, v in slow.headers(body_).items())
            raw = socket.create_connection(("127.0.0.1", small.port), timeout=5)
            raw.sendall(
                f"POST /snapshots HTTP/1.1\r\nHost: 127.0.0.1:{small.port}\r\n{head}"
                f"Content-Length: {len(body_)}\r\n\r\n".encode()
                + body_[:-1]
            )
            held.append(raw)
        time.sleep(0.5)
        big = gzip.compress(orjson.dumps(good(quick)) + os.urandom(300_000).hex().encode())
        quick.extra = {"Content-Encoding": "gzip"}
        answer = quick.send(big)
        assert (answer.status, answer.code) == (429, "overloaded")
        for raw in held:
            raw.close()
        time.sleep(0.5)
        assert quick.send(gzip.compress(orjson.dumps(good(quick)))).status == 202


def test_the_budget_is_given_back_whatever_happens() -> None:
    """Also after a refusal in the middle."""
    budget = body.Budget(10)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), budget.share() as share:
            share.take(10)
            raise ZeroDivisionError
    with budget.share() as share:
        share.take(10)


def test_a_full_disk_is_507_and_recovers_by_itself(tmp_path: Path) -> None:
    """No room: said so, with a time to come back; room again: taken, nothing lost, nothing restarted."""
    with front_door(tmp_path) as opened:
        agent = opened.enrolled()
        assert agent.send(orjson.dumps(good(agent, 1))).status == 202
        db = opened.services.inbox._db
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        big = orjson.dumps(wire(report(2, services(*[service(f"s{n}", n + 1) for n in range(500)]), node=agent.node)))
        answer = agent.send(big)
        assert (answer.status, answer.code) == (507, "disk_full")
        assert int(answer.headers["retry-after"]) >= 1
        db.execute("PRAGMA max_page_count = 1000000")
        assert agent.send(big).status == 202
        assert opened.services.inbox.depth() == 2


def test_many_agents_at_once_are_all_stored(door: Door) -> None:
    """A hundred agents in the same moment: each gets its own 202, each report is there."""
    agents = [door.enrolled() for _ in range(100)]
    before, answers = door.services.inbox.depth(), []

    def send(agent: Sender) -> None:
        answers.append(agent.send(orjson.dumps(good(agent))).status)

    threads = [threading.Thread(target=send, args=(a,)) for a in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == [202] * 100
    assert door.services.inbox.depth() == before + 100


# --- collectors --------------------------------------------------------------------------------------------


def test_only_a_collector_reports_about_ids_below_its_own(door: Door, agent: Sender) -> None:
    """An agent cannot speak for an id below its own, nor a collector for one below another's."""
    assert agent.report(report(1, host(), node=f"{agent.node}:rack7")).status == 403
    collector = door.enrolled(collector=True)
    about = f"{collector.node}:rack7"
    assert collector.report(report(1, host(), node=about)).status == 202
    assert collector.report(report(1, host(), node=f"{agent.node}:rack7")).status == 403
    assert collector.report(report(1, host(), node=agent.node)).status == 403
    door.services.enrolment.revoke(collector.node)
    assert collector.report(report(2, host(), node=about)).code == "revoked"


def test_a_report_about_a_place_is_taken_once(door: Door) -> None:
    """A captured request of a collector is refused for ever, though its places count apart."""
    collector = door.enrolled(collector=True)
    body = orjson.dumps(wire(report(1, host(), node=f"{collector.node}:a")))
    headers = collector.headers(body)
    assert door.call("POST", "/snapshots", body, headers).status == 202
    assert collector.report(report(1, host(), node=f"{collector.node}:b")).status == 202
    assert door.call("POST", "/snapshots", body, headers).code == "replayed"
