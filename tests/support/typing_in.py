"""`epicentre` with arguments, in this process: what a start of Python and its imports would cost is spent once."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from subprocess import CompletedProcess
from unittest import mock

from cmdb_processes.cli import main


def typed_in(*arguments: str, stdin: str = "") -> CompletedProcess[str]:
    """What the command printed on each side, and its exit code; it reads the environment as it is now."""
    said, complained = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    words, ended = ["epicentre", *arguments], 0
    with (
        mock.patch.object(sys, "argv", words),
        mock.patch.object(sys, "stdin", given),
        redirect_stdout(said),
        redirect_stderr(complained),
    ):
        try:
            main.main()
        except SystemExit as stop:
            ended = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    out, err = (one.buffer.getvalue().decode() for one in (said, complained))  # type: ignore[attr-defined]  # BytesIO
    return CompletedProcess(words, ended, out, err)
