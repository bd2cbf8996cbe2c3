"""What a kind of discovery declares and is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.errors import DeclarationError
from cmdb_agents.discover.kind import Kind, Place, Secret, Sight, Task


def test_a_secret_never_shows() -> None:
    """Whatever prints a secret, or something that holds it, prints stars."""
    secret = Secret("rack", "password", "epicentre", "correct horse")
    task = Task(Place("192.0.2.1", 22), Path(), (secret,))
    assert "***" in repr(secret)
    assert "correct horse" not in f"{secret} {secret!r} {task} {task!r}"


def test_a_place_says_name_and_address() -> None:
    """A place prints as people write it: IPv6 in brackets, the name first."""
    assert str(Place("192.0.2.1", 22)) == "192.0.2.1:22"
    assert str(Place("2001:db8::1", 22, "web1")) == "web1 ([2001:db8::1]:22)"


def test_a_kind_without_secrets_is_refused() -> None:
    """A kind that takes no secret, or names no port, is our mistake and is refused when it is declared."""
    with pytest.raises(DeclarationError, match="'ssh'"):
        Kind("ssh", "Hosts by SSH.", 22, (), lambda _task: (), lambda _task: Sight("", "", ()))
