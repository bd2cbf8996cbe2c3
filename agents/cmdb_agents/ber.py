"""Writing ASN.1 by the basic rules (ITU-T X.690): SNMP speaks it, and certificates are made of it."""

from __future__ import annotations


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, body."""
    return bytes((tag,)) + _length(len(body)) + body


def _length(size: int) -> bytes:
    if size < 128:
        return bytes((size,))
    raw = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(raw),)) + raw
