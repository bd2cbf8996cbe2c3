"""Keys change while reports go on: the real agent, the real server, and those who would abuse it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from nacl.signing import SigningKey
from support.front_door import Door, Reply, Sender, front_door, signature_headers
from support.reports import host, report, wire

from cmdb import enrolment
from cmdb_agents.agent import Agent
from cmdb_agents.deliver import Verdict
from cmdb_agents.home import Enrolled, Home
from cmdb_agents.rotate import EVERY, PROOF
from cmdb_agents.transports.recorded import Recorded

RECORDING = Path(__file__).parents[2] / "agents" / "recordings" / "bare-machine.json"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One server for all; each test takes agents of its own."""
    with front_door(tmp_path_factory.mktemp("door")) as opened:
        yield opened


def settled(door: Door, path: Path, since: int = 0) -> tuple[Home, Sender]:
    """An enrolled agent's home, its key as old as `since` says."""
    sender, home = door.enrolled(), Home(path)
    home.make()
    home.keep(Enrolled(f"http://127.0.0.1:{door.port}", sender.node, sender.node, key_since=since), bytes(sender.key))
    return home, sender


def offer(sender: Sender, key: SigningKey, *, proof: bytes | None = None, nonce: str = "900") -> Reply:
    """POST /rotate by hand, signed with the sender's key."""
    signature = key.sign(PROOF + enrolment.node_of(sender.node).encode()).signature if proof is None else proof
    fields = {"public_key": bytes(key.verify_key), "proof": signature}
    body = orjson.dumps({name: base64.b64encode(raw).decode() for name, raw in fields.items()})
    signed = signature_headers(
        sender.key, sender.node, f"127.0.0.1:{sender.door.port}", body,
        created=int(time.time()), nonce=nonce, path="/rotate",
    )  # fmt: skip
    return sender.door.call("POST", "/rotate", body, {"Content-Type": "application/json", **signed})


def test_an_old_key_is_replaced_and_reports_go_on(door: Door, tmp_path: Path) -> None:
    """After thirty days the next report brings a new key; the one after is signed by it, and the old file is gone."""
    home, sender = settled(door, tmp_path / "home", since=int(time.time()) - EVERY)
    agent = Agent(home, Recorded(RECORDING))
    assert agent.cycle().outcome.verdict is Verdict.ACCEPTED
    enrolled = home.enrolled()
    assert enrolled is not None
    assert (enrolled.key_id, enrolled.key_file) == (f"{sender.node}.2", "key.2")
    assert not (home.path / "key").exists()
    assert agent.cycle().outcome.verdict is Verdict.ACCEPTED
    agent.close()
    again = Agent(home, Recorded(RECORDING))  # after a restart too
    assert again.cycle().outcome.verdict is Verdict.ACCEPTED
    assert home.enrolled() == enrolled  # a young key is left alone
    again.close()


def test_cut_off_before_the_answer_the_same_key_is_offered_again(door: Door, tmp_path: Path) -> None:
    """The server took the key and the agent never heard: the old one still signs, and the next try ends it."""
    home, sender = settled(door, tmp_path / "home")
    enrolled = home.enrolled()
    assert enrolled is not None
    _, seed = home.next_key(enrolled)
    assert offer(sender, SigningKey(seed)).status == 200
    agent = Agent(home, Recorded(RECORDING))
    assert agent.cycle().outcome.verdict is Verdict.ACCEPTED
    assert home.enrolled() == replace(enrolled, key_id=f"{sender.node}.2", key_file="key.2",
                                      key_since=home.enrolled().key_since)  # type: ignore[union-attr]  # it is there  # fmt: skip
    assert agent.cycle().outcome.verdict is Verdict.ACCEPTED
    agent.close()


def test_the_former_key_signs_for_a_day_and_then_no_more(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """During the overlap either key is taken; behind it the former is refused, the present one is not."""
    sender, key = door.enrolled(), SigningKey.generate()
    assert offer(sender, key).body == {"key_id": f"{sender.node}.2"}
    assert sender.report(report(1, host(), node=sender.node)).status == 202
    later = enrolment._now() + timedelta(hours=25)
    monkeypatch.setattr(enrolment, "_now", lambda: later)
    refused = sender.report(report(2, host(), node=sender.node))
    assert (refused.status, refused.code) == (401, "unknown")
    body = orjson.dumps(wire(report(2, host(), node=sender.node)))
    signed = signature_headers(key, f"{sender.node}.2", f"127.0.0.1:{door.port}", body,
                               created=int(time.time()), nonce="1000")  # fmt: skip
    assert door.call("POST", "/snapshots", body, {"Content-Type": "application/json", **signed}).status == 202


def test_a_captured_request_brings_no_earlier_key_back(door: Door) -> None:
    """The first change said again, and a change vouched for by the former key, change nothing."""
    sender, second, third = door.enrolled(), SigningKey.generate(), SigningKey.generate()
    assert offer(sender, second).status == 200
    assert offer(sender, second).body == {"key_id": f"{sender.node}.2"}  # the same words, the same state
    assert offer(sender, third).code == "bad_signature"
    now = replace(sender, node=f"{sender.node}.2", key=second)
    assert offer(now, third).body == {"key_id": f"{sender.node}.3"}
    assert offer(sender, second).status == 401  # its signer is two keys behind
    assert offer(replace(now), second).code in {"bad_signature", "unknown"}


@pytest.mark.parametrize("proof", [b"", b"x" * 64])
def test_nobody_has_a_key_taken_that_they_do_not_hold(door: Door, proof: bytes) -> None:
    """Without the new key's own signature it is refused, and so is one that another node has."""
    sender, other = door.enrolled(), door.enrolled()
    assert offer(sender, SigningKey.generate(), proof=proof).status in {401, 422, 400}
    assert offer(sender, other.key).status == 422
    assert door.services.enrolment.key(sender.node) == bytes(sender.key.verify_key)


def test_a_revoked_agent_changes_no_key(door: Door) -> None:
    """Revocation works on the next request, also on this one, and on every key it had."""
    sender, key = door.enrolled(), SigningKey.generate()
    assert offer(sender, key).status == 200
    door.services.enrolment.revoke(sender.node)
    assert offer(sender, SigningKey.generate()).code == "revoked"
    assert offer(replace(sender, node=f"{sender.node}.2", key=key), SigningKey.generate()).code == "revoked"
