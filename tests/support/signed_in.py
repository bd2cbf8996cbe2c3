"""A data folder whose command line speaks for somebody to a server: what `epicentre` reads, and nothing else."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.front_door import Door, front_door

from cmdb.store import Store
from cmdb.words import Role


def signed_in(home: Path, url: str, token: str) -> None:
    """Make `home` the folder of one who has this token for the server at `url`."""
    (home / "server.json").write_text(json.dumps({"pid": os.getpid(), "url": url}))
    (home / "token").touch(mode=0o600)
    (home / "token").write_text(token)


@contextmanager
def admins_door(home: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """A real server on `store`, which the command line of this process speaks to as its admin."""
    monkeypatch.setenv("EPICENTRE_HOME", str(home))
    with front_door(home, store) as door:
        door.services.accounts.create_user("admin", [Role.ADMIN])
        signed_in(home, f"http://127.0.0.1:{door.port}", door.services.accounts.create_token("admin"))
        yield door
