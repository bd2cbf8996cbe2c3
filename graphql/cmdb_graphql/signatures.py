"""Which agent sent this: RFC 9421 signatures, checked by a library over the bytes as they came.

The signature covers the digest of the body, not the body: so a stranger is refused before a byte of it is read.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Request
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    VerifyResult,
    algorithms,
)

from cmdb.enrolment import Enrolment, node_of
from cmdb.errors import NotAuthenticated

COVERED = frozenset({'"@method"', '"@authority"', '"@path"', '"@query"', '"content-digest"'})
"""Components every signature covers, whole and as they are: written as the library names them."""

_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
SKEW = 300
"""Seconds a sender's clock may be off; beyond that it is told our time."""


@dataclass(frozen=True, slots=True)
class _Message:
    """A request as the library wants it."""

    method: str
    url: str
    headers: Any


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed, the number of the request, which only rises, and what was said of the body (RFC 9530)."""

    key_id: str
    counter: int
    digest: str

    @property
    def node(self) -> str:
        """Whose key it is."""
        return node_of(self.key_id)

    def check_body(self, body: bytes) -> None:
        """Whether this is the body that was signed: the bytes as sent."""
        if self.digest != f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:":
            raise NotAuthenticated("the digest does not fit the body", code="bad_signature")


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, enrolment: Enrolment) -> None:
        self._enrolment = enrolment

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self._enrolment.key(key_id))


class _Verifier(HTTPMessageVerifier):
    # Time is judged below, after the signature: a skewed agent must get our time, an invented request nothing.
    max_clock_skew = timedelta(days=36_500)


class Signatures:
    """Checks the signatures of one server's agents."""

    def __init__(self, enrolment: Enrolment) -> None:
        self._verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(enrolment))

    def check(self, request: Request) -> Signed:
        """The signer of this request, or NotAuthenticated: unsigned, unknown, revoked, bad_signature, skewed."""
        if "signature" not in request.headers or "signature-input" not in request.headers:
            raise NotAuthenticated("this address takes signed reports of enrolled agents only", code="unsigned")
        message = _Message(request.method, _url(request), request.headers)
        try:
            (result,) = self._verifier.verify(message, max_age=None)
        except HTTPMessageSignaturesException as error:
            if isinstance(error.__cause__, NotAuthenticated):
                raise error.__cause__ from error
            raise NotAuthenticated("the signature does not fit this request", code="bad_signature") from error
        # Compared here: the library would parse our constant anew for each request, a quarter of all its work.
        if not set(result.covered_components) >= COVERED:
            raise NotAuthenticated("the signature covers too little of this request", code="bad_signature")
        return _judge(result)


def _url(request: Request) -> str:
    """The address as it was asked for, byte by byte. A host that holds more than a host would move what is a path."""
    host, scope = request.headers.get("host", ""), request.scope
    if not _HOST.fullmatch(host):
        raise NotAuthenticated("the Host header is not a host", code="bad_signature")
    query = scope["query_string"].decode("latin-1")
    return f"{scope['scheme']}://{host}{scope['raw_path'].decode('latin-1')}" + (f"?{query}" if query else "")


def _judge(result: VerifyResult) -> Signed:
    nonce, created = str(result.parameters.get("nonce", "")), result.parameters["created"]
    if not (nonce.isascii() and nonce.isdecimal()) or len(nonce) > 18 or int(nonce) < 1:
        raise NotAuthenticated("the nonce is not the number of the request", code="bad_signature")
    if abs(time.time() - int(created)) > SKEW:
        raise NotAuthenticated(f"your clock is off by more than {SKEW} s: use server_time", code="skewed")
    return Signed(str(result.parameters["keyid"]), int(nonce), result.covered_components['"content-digest"'])
