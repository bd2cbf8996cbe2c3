"""Bodies beyond the usual limit: only of who may give a command with many rows, and one at a time.

Whether somebody may is decided when the headers are here, so that nothing of a body is read that would be refused.
"""

from __future__ import annotations

import asyncio
import threading

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from cmdb.errors import Invalid, Overloaded
from cmdb_graphql import body, limits


class TooSlow(Invalid):
    """Not all of a body came in its time; the connection ends with the answer."""


class Slot:
    """The one place of a server for a large body. It is left by whichever thread is the last to need what was sent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def claim(self, *, allowed: bool) -> Claim:
        """What a request may come to need, and mostly does not."""
        return Claim(self._lock, allowed=allowed)


class Claim:
    """A request's claim to the place; `taken` is whether it stands in it."""

    def __init__(self, lock: threading.Lock, *, allowed: bool) -> None:
        self._lock, self._allowed, self.taken = lock, allowed, False

    def more(self) -> int:
        """Bytes that the body may have after all; an error says why not."""
        if not self._allowed:
            raise body.too_large(limits.BODY)
        self._take()
        return limits.LARGE_BODY

    def packed(self) -> int:
        """Bytes that a compressed body may have, before and after: how large it will be, it does not say."""
        if not self._allowed:
            raise Invalid("the body comes as it is; compressed only with many rows to write", where="Content-Encoding")
        self._take()
        return limits.LARGE_BODY

    def moved(self) -> Claim:
        """The same claim in other hands; who had it has none any more."""
        other = Claim(self._lock, allowed=self._allowed)
        other.taken, self.taken = self.taken, False
        return other

    def leave(self) -> None:
        """What was sent is needed no longer."""
        if self.taken:
            self.taken = False
            self._lock.release()

    def _take(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise Overloaded("one large body at a time: another is being worked on", retry_after=10.0)
        self.taken = True


async def read(request: Request, claim: Claim) -> bytes:
    """The body, unpacked; who has the place of a large one must send all of it soon."""
    encoding = request.headers.get("content-encoding")
    try:
        async with asyncio.timeout(None) as patience:
            if encoding != "gzip":
                sent = await body.read(request, limits.BODY, more=lambda: _soon(patience, claim.more()))
                return body.unpack(sent, encoding, limits.LARGE_BODY)
            sent = await body.read(request, _soon(patience, claim.packed()))
    except TimeoutError as error:
        wait = f"{limits.LARGE_BODY_PATIENCE:.0f} s"
        raise TooSlow(f"a large or compressed body must be here within {wait}", where="body") from error
    return await run_in_threadpool(body.unpack, sent, encoding, limits.LARGE_BODY)


def _soon(patience: asyncio.Timeout, most: int) -> int:
    patience.reschedule(asyncio.get_running_loop().time() + limits.LARGE_BODY_PATIENCE)
    return most
