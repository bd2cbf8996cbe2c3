"""The data folder, its secrets, and where the graph is; light, because it is needed before anything else."""

from __future__ import annotations

import os
from pathlib import Path

from cmdb.config import Settings
from cmdb.engine import Bolt
from cmdb.errors import Misconfigured

LOCAL_ADMIN = "admin"
"""The account that the first start makes, and whose token the command line uses on the server's own machine."""


UNFINISHED = "first-load.unfinished"
"""Lies in the data folder while its graph is half of a first load."""


def need_whole(home: Path) -> None:
    """Refuse a graph that a first load has left half made: it would look whole and lack values."""
    if (home / UNFINISHED).exists():
        raise Misconfigured(
            f"the first load of {home} was interrupted and its graph is not whole: run it again"
            f" (`epicentre import FILE --first-load`), or remove {home / 'neo4j' / 'data'} and {home / UNFINISHED}"
        )


def private_folder(path: Path) -> Path:
    """The data folder, made 0700; one sentence when it cannot be written."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = path / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Misconfigured(
            f"the data folder {path} cannot be written ({error.strerror}): choose another with EPICENTRE_HOME"
        ) from error
    return path


def external_bolt(settings: Settings) -> Bolt:
    """The connection to a Neo4j the person runs."""
    assert settings.neo4j_uri is not None
    if settings.neo4j_password_file is None:
        raise Misconfigured("EPICENTRE_NEO4J_URI is set, so EPICENTRE_NEO4J_PASSWORD_FILE must name a file")
    try:
        password = settings.neo4j_password_file.read_text().strip()
    except OSError as error:
        raise Misconfigured(f"EPICENTRE_NEO4J_PASSWORD_FILE cannot be read: {error}") from error
    return Bolt(settings.neo4j_uri, settings.neo4j_user, password)
