"""What this process may use of the machine: many connections, and one heap."""

from __future__ import annotations

import ctypes
import platform
import resource

_ARENA_MAX = -8
"""M_ARENA_MAX of glibc's malloc.h."""


def many_connections() -> None:
    """Let this process open as many files as it may: many systems begin with 1,024, and each agent needs one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def one_heap() -> None:
    """Let all threads share one heap; call it before there are threads.

    glibc gives each thread a heap of its own, so that they need not wait for each other. Python's threads take turns
    anyway, and what one of them gives back another could not use: with 4,000 agents at once 275 MiB instead of 192.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
