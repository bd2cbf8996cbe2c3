"""Which agent sent this: RFC 9421 signatures, checked by a library over the bytes as they came.

The signature covers the digest of the body, not the body: so a stranger is refused before a byte of it is read.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Request
from http_message_signatures import (
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    VerifyResult,
    algorithms,
)

from cmdb.enrolment import Enrolment
from cmdb.errors import NotAuthenticated

COVERED = ("@method", "@authority", "@path", "@query", "content-digest")
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
    """Who signed, and the number of the request, which only rises."""

    node: str
    counter: int
    message: _Message = field(repr=False)
    result: VerifyResult = field(repr=False)


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
        message = _Message(request.method, str(request.url), request.headers)
        try:
            (result,) = self._verifier.verify(message, max_age=None, require_components=COVERED)
        except InvalidSignature as error:
            if isinstance(error.__cause__, NotAuthenticated):
                raise error.__cause__ from error
            raise NotAuthenticated("the signature does not fit this request", code="bad_signature") from error
        return _judge(message, result)

    def check_body(self, signed: Signed, body: bytes) -> None:
        """Whether this is the body that was signed: the bytes as sent."""
        try:
            self._verifier.verify_body(signed.message, [signed.result], body)
        except InvalidSignature as error:
            raise NotAuthenticated("the digest does not fit the body", code="bad_signature") from error


def _judge(message: _Message, result: VerifyResult) -> Signed:
    nonce, created = str(result.parameters.get("nonce", "")), result.parameters["created"]
    if not (nonce.isascii() and nonce.isdecimal()) or len(nonce) > 18 or int(nonce) < 1:
        raise NotAuthenticated("the nonce is not the number of the request", code="bad_signature")
    if abs(time.time() - int(created)) > SKEW:
        raise NotAuthenticated(f"your clock is off by more than {SKEW} s: use server_time", code="skewed")
    return Signed(str(result.parameters["keyid"]), int(nonce), message, result)
