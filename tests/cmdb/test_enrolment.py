"""Agents: one token, one node; a key that can be taken away."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from cmdb.enrolment import PROOF, Enrolment
from cmdb.errors import Invalid, NotAuthenticated, UnknownName


@pytest.fixture
def enrolment(tmp_path: Path) -> Iterator[Enrolment]:
    """A fresh enrolment file."""
    opened = Enrolment(tmp_path / "enrolment.db", b"pepper")
    yield opened
    opened.close()


def enrol(enrolment: Enrolment, token: str, key: SigningKey) -> str:
    """Both steps, as an agent takes them."""
    challenge = enrolment.challenge(token, bytes(key.verify_key))
    return enrolment.enrol(token, bytes(key.verify_key), challenge, key.sign(PROOF + challenge).signature)


def test_a_token_makes_one_node_with_its_key(enrolment: Enrolment) -> None:
    """The key that signed the challenge is the node's key."""
    key = SigningKey.generate()
    node = enrol(enrolment, enrolment.create_token("berlin", "ops"), key)
    assert enrolment.key(node) == bytes(key.verify_key)
    (agent,) = enrolment.agents()
    assert (agent.node, agent.site, agent.owner, agent.revoked_at) == (node, "berlin", "ops", None)


def test_a_token_is_good_once(enrolment: Enrolment) -> None:
    """A used, invented or empty token is refused with the same words."""
    token = enrolment.create_token()
    enrol(enrolment, token, SigningKey.generate())
    words = set()
    for bad in (token, "epe_invented", ""):
        with pytest.raises(NotAuthenticated) as caught:
            enrol(enrolment, bad, SigningKey.generate())
        words.add(caught.value.message)
    assert len(words) == 1


def test_an_expired_token_is_refused(enrolment: Enrolment) -> None:
    """After its hour a token is worth nothing."""
    token = enrolment.create_token()
    enrolment._db.execute("UPDATE token SET expires = '2020-01-01T00:00:00+00:00'")
    with pytest.raises(NotAuthenticated):
        enrolment.challenge(token, bytes(SigningKey.generate().verify_key))


def test_of_many_at_once_exactly_one_gets_the_token(enrolment: Enrolment) -> None:
    """Twenty agents with one token: one node."""
    token, made, refused = enrolment.create_token(), [], []

    def one() -> None:
        try:
            made.append(enrol(enrolment, token, SigningKey.generate()))
        except NotAuthenticated:
            refused.append(1)

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(made), len(refused), len(enrolment.agents())) == (1, 19, 1)


def test_a_challenge_is_bound_to_key_and_token_and_must_be_signed(enrolment: Enrolment) -> None:
    """Another key, another token, another signature or an invented challenge: refused."""
    token, other = enrolment.create_token(), enrolment.create_token()
    key, thief = SigningKey.generate(), SigningKey.generate()
    challenge = enrolment.challenge(token, bytes(key.verify_key))
    good = key.sign(PROOF + challenge).signature
    for args in (
        (token, bytes(thief.verify_key), challenge, thief.sign(PROOF + challenge).signature),
        (other, bytes(key.verify_key), challenge, good),
        (token, bytes(key.verify_key), challenge, thief.sign(PROOF + challenge).signature),
        (token, bytes(key.verify_key), challenge, key.sign(challenge).signature),
        (token, bytes(key.verify_key), bytes(32), key.sign(PROOF + bytes(32)).signature),
    ):
        with pytest.raises(NotAuthenticated):
            enrolment.enrol(*args)
    assert enrolment.enrol(token, bytes(key.verify_key), challenge, good).startswith("nd_")


def test_one_key_is_one_node(enrolment: Enrolment) -> None:
    """A key cannot be enrolled twice, and a short key is no key."""
    key = SigningKey.generate()
    enrol(enrolment, enrolment.create_token(), key)
    with pytest.raises(Invalid, match="belongs to a node already"):
        enrol(enrolment, enrolment.create_token(), key)
    with pytest.raises(Invalid, match="32 bytes"):
        enrolment.challenge(enrolment.create_token(), b"short")


def test_a_revoked_node_has_no_key_any_more(enrolment: Enrolment) -> None:
    """Revocation holds at once, and says so."""
    node = enrol(enrolment, enrolment.create_token(), SigningKey.generate())
    enrolment.revoke(node)
    with pytest.raises(NotAuthenticated) as caught:
        enrolment.key(node)
    assert caught.value.code == "revoked"
    assert set(enrolment.revoked()) == {node}
    with pytest.raises(UnknownName):
        enrolment.revoke("nd_nobody")


def test_no_token_is_on_the_disk(tmp_path: Path) -> None:
    """The database holds digests only: the token's text is nowhere in its files."""
    enrolment = Enrolment(tmp_path / "enrolment.db", b"pepper")
    token = enrolment.create_token()
    enrolment.close()
    assert all(token.encode() not in file.read_bytes() for file in tmp_path.iterdir())
