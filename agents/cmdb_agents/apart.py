"""Runs something in a child process, so that what it loads and touches leaves this one's memory as it was.

The child is a fork: it shares this process's pages and begins at once, where another Python would take longer to start
than the work takes. It has no other file of this process than those named, and no lock: a fork shares those, too.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NoReturn

POSSIBLE = sys.platform == "linux"
"""Windows has no fork, and libraries of macOS do not survive one."""


class NoChild(OSError):
    """A child could not be started, or ended without its answer: something of this machine, not of whom it spoke to."""


def in_child(work: Callable[[], bytes], until: float, files: Iterable[int] = ()) -> bytes:
    """What `work` returns in a child that has these open files; NoChild or, after that time (monotonic), TimeoutError.

    The child has ended when this returns, and what it used counts as this process's children's.
    """
    reading, writing = os.pipe()
    try:
        child = os.fork()
    except OSError as error:
        os.close(reading)
        os.close(writing)
        raise NoChild(None, f"no child could be started: {error.strerror}") from error
    if child == 0:
        _work(work, writing, files)
    os.close(writing)
    try:
        said = _all(reading, until)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(reading)
    _, status = os.waitpid(child, 0)
    if status:
        raise NoChild(None, f"a child ended early ({os.waitstatus_to_exitcode(status)})")
    return said


def _work(work: Callable[[], bytes], writing: int, files: Iterable[int]) -> NoReturn:
    """The child's whole life. Nothing of the parent is cleaned up here: it is all the parent's still."""
    code = 1
    try:
        gc.disable()  # it would touch every object, and so copy the pages both share
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        _close_all_but({0, 1, 2, writing, *files})
        left = memoryview(work())
        while left:
            left = left[os.write(writing, left) :]
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
    finally:
        os._exit(code)


def _close_all_but(kept: set[int]) -> None:
    for number in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208  # pathlib would make an object of each
        if number not in kept:
            with suppress(OSError):  # the folder's own is closed by now
                os.close(number)


def _all(reading: int, until: float) -> bytes:
    """Everything up to the end, which comes when the child ends."""
    waiting = select.poll()
    waiting.register(reading, select.POLLIN)
    parts: list[bytes] = []
    while waiting.poll(max(0.0, until - time.monotonic()) * 1000):
        if not (part := os.read(reading, 2**16)):
            return b"".join(parts)
        parts.append(part)
    raise TimeoutError
