"""Secrets we only need to recognise are kept as HMAC with a numbered pepper that lives outside the database."""

from __future__ import annotations

import hashlib
import hmac
import secrets


class Pepper:
    """The key of all token digests. Its number is stored with each, so that a new pepper can follow an old one."""

    def __init__(self, key: bytes, number: int = 1) -> None:
        self._key = key
        self.number = number

    def __repr__(self) -> str:
        return "Pepper(***)"

    def digest(self, secret: str) -> str:
        """The stored form of a secret: number and HMAC-SHA256 in hexadecimal."""
        return f"{self.number}:{hmac.new(self._key, secret.encode(), hashlib.sha256).hexdigest()}"

    def recognises(self, secret: str, stored: str) -> bool:
        """Whether `stored` is of this secret, in constant time."""
        return hmac.compare_digest(self.digest(secret), stored)

    def sign(self, data: bytes) -> bytes:
        """A MAC over data that leaves us and comes back."""
        return hmac.new(self._key, b"sign\n" + data, hashlib.sha256).digest()


def token(prefix: str) -> str:
    """A new secret of 256 bits, with a prefix that tells what it is for."""
    return prefix + secrets.token_urlsafe(32)
