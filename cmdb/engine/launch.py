"""Run a command that dies with its parent: `python launch.py PARENT_PID NICENESS COMMAND ARGUMENT…`.

A file of its own, run by path and without site packages, so that the detour costs 20 ms. Not a preexec_fn: between
fork and exec in a threaded process only async-signal-safe calls are allowed, and Python is none.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    """Ask the kernel for SIGTERM at the parent's end, then become the command."""
    parent, niceness, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the call above could notice
        sys.exit(1)
    os.nice(niceness)
    os.execv(command[0], command)  # noqa: S606  # a list from our own code, no shell


if __name__ == "__main__":
    main()
