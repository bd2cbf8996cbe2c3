"""Request bodies: bounded while they arrive and while they are unpacked."""

from __future__ import annotations

import zlib

from fastapi import Request

from cmdb.errors import Invalid, TooLarge


async def read(request: Request, most: int) -> bytes:
    """The body as sent, at most `most` bytes; more is refused as soon as it is known."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    return b"".join(parts)


def unpack(body: bytes, encoding: str | None, most: int) -> bytes:
    """The body behind its Content-Encoding (gzip or none), at most `most` bytes: a bomb costs no more than that."""
    if encoding in {None, "", "identity"}:
        return body
    if encoding != "gzip":
        raise Invalid(f"Content-Encoding is gzip or absent, not {encoding[:40]!r}", where="body")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise Invalid("the gzip data is damaged", where="body") from error
    if len(plain) > most:
        raise _too_large(most)
    if not unpacker.eof:
        raise Invalid("the gzip data ends too early", where="body")
    return plain


def need_json(request: Request) -> None:
    """Only JSON: a form or a plain text could be sent by any web page a person visits."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Invalid(f"send application/json, not {kind[:60] or 'nothing'}", where="Content-Type")


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"at most {most:,} bytes, before and after decompression", where="body")
