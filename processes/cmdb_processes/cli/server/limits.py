"""What this process may use of the machine: many connections, and one heap that gives back what it does not need."""

from __future__ import annotations

import ctypes
import platform
import resource

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of glibc's malloc.h, like M_ARENA_MAX."""

_MIB = 1 << 20


def many_connections() -> None:
    """Let this process open as many files as it may: many systems begin with 1,024, and each agent needs one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def one_heap() -> None:
    """Let all threads share one heap, which stays as small as it can; call it before there are threads.

    glibc gives each thread a heap of its own, so that they need not wait for each other. Python's threads take turns
    anyway, and what one of them gives back another could not use: with 4,000 agents at once 275 MiB instead of 192.

    And it keeps twice the size of the largest block that was ever given back: the hash of one password is worked out
    in 19 MiB, which the server would keep for good.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_ARENA_MAX, 1)
        libc.mallopt(_MMAP_THRESHOLD, _MIB)
        libc.mallopt(_TRIM_THRESHOLD, 2 * _MIB)
