"""Enrolment over HTTP: two steps, one node, and nothing for a thief of the token."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator

import pytest
from nacl.signing import SigningKey
from support.front_door import Door, Reply, Sender, front_door
from support.reports import host, report

from cmdb.enrolment import PROOF


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One server."""
    with front_door(tmp_path_factory.mktemp("door")) as opened:
        yield opened


def b64(raw: bytes) -> str:
    """Base64 as text."""
    return base64.b64encode(raw).decode()


def enrol(door: Door, token: str, key: SigningKey) -> Reply:
    """Both steps; the first answer that is not a challenge, or the last."""
    claim = {"token": token, "public_key": b64(bytes(key.verify_key))}
    first = door.ask("/enrol", claim)
    if first.status != 200:
        return first
    challenge = base64.b64decode(first.body["challenge"])
    assert len(challenge) == 32
    proof = {"challenge": b64(challenge), "signature": b64(key.sign(PROOF + challenge).signature)}
    return door.ask("/enrol", {**claim, **proof})


def test_an_enrolled_agent_may_report(door: Door) -> None:
    """Token, key, challenge, node; then its first report is taken."""
    key = SigningKey.generate()
    answer = enrol(door, door.services.enrolment.create_token(), key)
    assert answer.status == 201
    node = answer.body["node"]
    assert answer.body == {"node": node, "key_id": node}
    assert Sender(door, node, key).report(report(1, host(), node=node)).status == 202


def test_a_token_is_good_for_one_node_even_for_two_at_once(door: Door) -> None:
    """Ten agents with one token: one 201, nine 401, one node more."""
    token, before = door.services.enrolment.create_token(), len(door.services.enrolment.agents())
    answers: list[Reply] = []
    threads = [
        threading.Thread(target=lambda: answers.append(enrol(door, token, SigningKey.generate()))) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(a.status for a in answers) == [201] + [401] * 9
    assert len(door.services.enrolment.agents()) == before + 1
    assert enrol(door, token, SigningKey.generate()).status == 401


def test_a_wrong_proof_is_401_and_does_not_use_up_the_token(door: Door) -> None:
    """Somebody else's signature enrols nobody; the rightful agent still can."""
    token, key = door.services.enrolment.create_token(), SigningKey.generate()
    claim = {"token": token, "public_key": b64(bytes(key.verify_key))}
    challenge = door.ask("/enrol", claim).body["challenge"]
    wrong = b64(SigningKey.generate().sign(PROOF + base64.b64decode(challenge)).signature)
    answer = door.ask("/enrol", {**claim, "challenge": challenge, "signature": wrong})
    assert (answer.status, answer.code) == (401, "bad_signature")
    assert enrol(door, token, key).status == 201


@pytest.mark.parametrize(
    "fields",
    [{}, [], {"token": "epe_x"}, {"token": "epe_x", "public_key": "!"}, {"token": "epe_x", "public_key": "AA=="}],
)
def test_half_an_enrolment_is_422(door: Door, fields: object) -> None:
    """What is missing or misshapen is named."""
    assert door.ask("/enrol", fields).status == 422


def test_an_invented_token_is_401_and_an_endless_body_413(door: Door) -> None:
    """Strangers get short answers."""
    key = {"public_key": b64(bytes(SigningKey.generate().verify_key))}
    assert door.ask("/enrol", {"token": "epe_invented", **key}).status == 401
    assert door.ask("/enrol", {"token": "x" * 10_000, **key}).status == 413
