"""SHA-256 by the library that also signs: hashlib would load OpenSSL for it, an eighth of the agent's memory."""

from __future__ import annotations

from nacl.encoding import RawEncoder
from nacl.hash import sha256


def digest(data: bytes | bytearray) -> bytes:
    """The 32 bytes."""
    return sha256(bytes(data), encoder=RawEncoder)
