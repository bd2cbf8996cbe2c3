"""The small signer against an independent implementation of RFC 9421."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature, algorithms
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from cmdb_agents.signing import Signer

SEED = hashlib.sha256(b"a fixed test key").digest()


class Keys(HTTPSignatureKeyResolver):  # type: ignore[misc]  # the library ships no types
    """Knows one node."""

    def resolve_public_key(self, key_id: str) -> Any:
        assert key_id == "nd_1"
        return Ed25519PublicKey.from_public_bytes(bytes(SigningKey(SEED).verify_key))


def verify(url: str, body: bytes, headers: dict[str, str]) -> Any:
    """What the library makes of a request; raises InvalidSignature."""
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    message = SimpleNamespace(method="POST", url=url, headers=dict(headers), body=body)
    return verifier.verify(message, max_age=timedelta(days=36500))


@given(st.binary(max_size=2000), st.integers(1, 2**40))
def test_library_accepts(body: bytes, counter: int) -> None:
    """Any body and counter: the library verifies the signature and finds exactly what was meant to be covered."""
    headers = Signer("nd_1", SEED).headers(
        "POST", "cmdb.example:8480", "/snapshots", body, created=1_700_000_000, counter=counter
    )
    (result,) = verify("http://cmdb.example:8480/snapshots", body, headers)
    assert {'"@method"', '"@authority"', '"@path"', '"@query"', '"content-digest"'} <= set(result.covered_components)
    assert (str(counter), "nd_1", "ed25519") == tuple(result.parameters[k] for k in ("nonce", "keyid", "alg"))
    expected = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert f"sha-256=:{expected}:" == headers["Content-Digest"]


@pytest.mark.parametrize(
    ("url", "digest"),
    [
        ("http://other.example/snapshots", None),
        ("http://cmdb.example/else", None),
        ("http://cmdb.example/snapshots?x=1", None),
        ("http://cmdb.example/snapshots", "sha-256=:AAAA:"),
    ],
)
def test_nothing_can_be_changed(url: str, digest: str | None) -> None:
    """Another server, path, query or body digest does not pass with the same signature."""
    headers = Signer("nd_1", SEED).headers(
        "POST", "cmdb.example", "/snapshots", b"{}", created=1_700_000_000, counter=1
    )
    if digest:
        headers["Content-Digest"] = digest
    with pytest.raises(InvalidSignature):
        verify(url, b"{}", headers)
