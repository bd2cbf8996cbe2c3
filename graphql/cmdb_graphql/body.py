"""Request bodies: bounded while they arrive, while they are unpacked, and all of them together."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import Request
from starlette.requests import ClientDisconnect

from cmdb.errors import Invalid, Overloaded, TooLarge


class Budget:
    """Bytes that bodies may hold at one time, for one event loop. Who would exceed it is told to come back."""

    def __init__(self, most: int) -> None:
        self._left = most

    @contextmanager
    def share(self) -> Iterator[Share]:
        """What one request takes from the budget; given back on leaving."""
        share = Share(self)
        try:
            yield share
        finally:
            self._left += share.taken

    def take(self, size: int) -> None:
        """Reserve some bytes."""
        if size > self._left:
            raise Overloaded("too many reports at once", retry_after=5.0)
        self._left -= size


class Share:
    """The part of a budget that one request holds."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.taken = 0

    def take(self, size: int) -> None:
        """Hold that many bytes more."""
        self._budget.take(size)
        self.taken += size


async def read(
    request: Request, most: int, share: Share | None = None, *, more: Callable[[], int] | None = None
) -> bytes:
    """The body as sent, at most `most` bytes; more is refused as soon as it is known.

    `more`, asked once when that is not enough, says how many it may have after all, or raises.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > most):
        most, more = _beyond(most, more), None
        if len(declared) > 18 or int(declared) > most:
            raise too_large(most)
    sent = io.BytesIO()  # one growing piece: parts that are put together in the end are there twice
    try:
        async for part in request.stream():
            size = sent.tell() + len(part)
            if size > most:
                most, more = _beyond(most, more), None
                if size > most:
                    raise too_large(most)
            if share is not None:
                share.take(len(part))
            sent.write(part)
    except ClientDisconnect as error:
        raise Invalid("the connection ended before the body did", where="body") from error
    return sent.getvalue()


def _beyond(most: int, more: Callable[[], int] | None) -> int:
    if more is None:
        raise too_large(most)
    return more()


def unpack(body: bytes, encoding: str | None, most: int) -> bytes:
    """The body behind its Content-Encoding (gzip or none), at most `most` bytes: a bomb costs no more than that."""
    if encoding in {None, "", "identity"}:
        return body
    if encoding != "gzip":
        raise Invalid(f"the body comes as it is or as gzip, not {encoding[:40]!r}", where="Content-Encoding")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise Invalid("the gzip data is damaged", where="body") from error
    if len(plain) > most:
        raise too_large(most)
    if not unpacker.eof or unpacker.unused_data:
        raise Invalid("the gzip data ends too early or too late", where="body")
    return plain


def need_json(request: Request) -> None:
    """Only JSON: a form or a plain text could be sent by any web page a person visits."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Invalid(f"send application/json, not {kind[:60] or 'nothing'}", where="Content-Type")


def too_large(most: int) -> TooLarge:
    """What is said of a body that has more bytes than that."""
    return TooLarge(f"at most {most:,} bytes, before and after decompression", where="body")
