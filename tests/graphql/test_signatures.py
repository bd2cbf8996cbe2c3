"""Signatures: whatever stands in the headers, the answer is the signer or NotAuthenticated."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey
from starlette.requests import Request
from support.front_door import PEPPER, signature_headers

from cmdb.enrolment import PROOF, Enrolment
from cmdb.errors import NotAuthenticated
from cmdb_graphql.signatures import SKEW, Signatures

KEY = SigningKey.generate()
BODY = b'{"a":1}'


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Signatures, str]:
    """A server that knows one agent."""
    folder: Path = tmp_path_factory.mktemp("enrolment")
    enrolment, public = Enrolment(folder / "enrolment.db", PEPPER), bytes(KEY.verify_key)
    token = enrolment.create_token()
    challenge = enrolment.challenge(token, public)
    return Signatures(enrolment), enrolment.enrol(token, public, challenge, KEY.sign(PROOF + challenge).signature)


def request(
    headers: dict[str, str],
    *,
    method: str = "POST",
    path: str = "/snapshots",
    query: bytes = b"",
    host: bytes = b"cmdb.example:8480",
) -> Request:
    """A request as it comes from the server."""
    named = [(b"host", host)] + [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()]
    return Request(
        {
            "type": "http", "method": method, "scheme": "http", "path": path, "raw_path": path.encode(),
            "query_string": query, "headers": named, "server": ("10.0.0.1", 8480),
        }
    )  # fmt: skip


def headers(node: str, *, created: int | None = None, nonce: str = "7", body: bytes = BODY) -> dict[str, str]:
    """Good headers, or with one part changed."""
    return signature_headers(
        KEY, node, "cmdb.example:8480", body, created=int(time.time()) if created is None else created, nonce=nonce
    )


def test_a_good_signature_names_node_number_and_body(known: tuple[Signatures, str]) -> None:
    """And fits that body only."""
    signatures, node = known
    signed = signatures.check(request(headers(node)))
    assert (signed.node, signed.counter) == (node, 7)
    signed.check_body(BODY)
    with pytest.raises(NotAuthenticated):
        signed.check_body(BODY + b" ")


@pytest.mark.parametrize(
    "changed", [{"method": "PUT"}, {"path": "/enrol"}, {"path": "/snapshots/"}, {"query": b"a=1"}], ids=str
)
def test_another_method_path_or_query_does_not_fit(known: tuple[Signatures, str], changed: dict[str, str]) -> None:
    """A signature is for one request."""
    signatures, node = known
    with pytest.raises(NotAuthenticated) as caught:
        signatures.check(request(headers(node), **changed))  # type: ignore[arg-type]  # one of several types
    assert caught.value.code == "bad_signature"


@pytest.mark.parametrize("nonce", ["", "0", "-1", "1.5", "x", "²", "٣", "9" * 19, "1 "])
def test_only_a_positive_whole_number_is_a_nonce(known: tuple[Signatures, str], nonce: str) -> None:
    """Signed or not: it has to be comparable for ever."""
    signatures, node = known
    with pytest.raises(NotAuthenticated):
        signatures.check(request({k: v.encode().decode("latin-1") for k, v in headers(node, nonce=nonce).items()}))


def test_the_clock_may_be_off_by_five_minutes(known: tuple[Signatures, str]) -> None:
    """Within: taken; beyond: skewed."""
    signatures, node = known
    now = int(time.time())
    assert signatures.check(request(headers(node, created=now - SKEW + 5))).node == node
    assert signatures.check(request(headers(node, created=now + SKEW - 5))).node == node
    for created in (now - SKEW - 5, now + SKEW + 5, 1, 2**31):
        with pytest.raises(NotAuthenticated) as caught:
            signatures.check(request(headers(node, created=created)))
        assert caught.value.code == "skewed"


def test_a_second_digest_or_signature_is_not_overlooked(known: tuple[Signatures, str]) -> None:
    """What is added to signed headers breaks the signature, it does not stand beside it."""
    signatures, node = known
    for name in ("Content-Digest", "Signature", "Signature-Input"):
        good = headers(node)
        good[name] = f"{good[name]}, {good[name].replace('sig1', 'sig2')}"
        with pytest.raises(NotAuthenticated):
            signatures.check(request(good))


PIECES = [
    "sig1", "=", "(", ")", '"@method"', '"@path"', ";", "created", "nonce", "keyid", "alg", '"ed25519"', ":", "AAAA",
    "?1", "1", ",", " ", '"', "\\", '"x"', "expires", "tag", '"@query-param"', '"@status"', ";req", ";bs",
]  # fmt: skip


@pytest.mark.parametrize("host", ["", "x/snapshots?", "a@cmdb.example:8480", "cmdb.example:8480#", "[::1", "a b", "é"])
def test_a_host_that_is_none_is_refused(known: tuple[Signatures, str], host: str) -> None:
    """Signed or not, it may not move what is the path."""
    signatures, node = known
    authority = host.partition("/")[0].encode(errors="replace").decode("ascii", "replace")
    signed = signature_headers(KEY, node, authority, BODY, created=int(time.time()), nonce="7")
    with pytest.raises(NotAuthenticated):
        signatures.check(request(signed, host=host.encode("latin-1")))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    st.dictionaries(
        st.sampled_from(["Signature-Input", "Signature", "Content-Digest"]),
        st.lists(st.sampled_from(PIECES) | st.text(st.characters(max_codepoint=255), max_size=5)).map("".join),
    ),
    st.binary(max_size=10),
)
def test_whatever_stands_in_the_headers_nobody_gets_in_and_nothing_breaks(
    known: tuple[Signatures, str], changed: dict[str, str], query: bytes
) -> None:
    """Good headers with any of them replaced by noise: NotAuthenticated, never another exception."""
    signatures, node = known
    noisy = headers(node) | changed
    if noisy == headers(node) and not query:
        return
    with pytest.raises(NotAuthenticated):
        signatures.check(request(noisy, query=query)).check_body(b"")
