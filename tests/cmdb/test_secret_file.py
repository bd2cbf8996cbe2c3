"""Secrets in files of their own: whole or not there, and the same ever after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cmdb.errors import Misconfigured
from cmdb.secret_file import secret_file

CUT_SHORT = """
import os, pathlib, signal, sys
from cmdb.secret_file import secret_file

def killed_while_writing():
    os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
    return b"half of it"

secret_file(pathlib.Path(sys.argv[1]), killed_while_writing)
"""


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """Whoever asks again is given the first one; nobody else can read it, and nothing lies beside it."""
    path = tmp_path / "pepper"
    assert secret_file(path, lambda: b"first") == secret_file(path, lambda: b"second") == b"first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["pepper"]


def test_killed_while_it_was_written_it_is_made_anew(tmp_path: Path) -> None:
    """kill -9 before the secret is on disk: the next start neither takes half a secret nor stumbles over it."""
    path = tmp_path / "pepper"
    done = subprocess.run([sys.executable, "-c", CUT_SHORT, str(path)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    assert secret_file(path, lambda: b"whole") == b"whole"


def test_an_empty_secret_is_refused(tmp_path: Path) -> None:
    """What a disk or a hand has emptied would sign with nothing: it is said, and left as it is."""
    path = tmp_path / "pepper"
    path.touch()
    with pytest.raises(Misconfigured, match="is empty and held a secret"):
        secret_file(path, lambda: os.urandom(32))
    assert path.read_bytes() == b""
