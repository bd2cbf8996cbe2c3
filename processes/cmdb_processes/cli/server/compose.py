"""The composition root: from settings to a running server's parts, each opened once and closed in reverse order."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cmdb.accounts import Accounts
from cmdb.applier import Agents, Applier
from cmdb.config import Settings
from cmdb.engine import Bolt
from cmdb.enrolment import Enrolment
from cmdb.errors import Misconfigured
from cmdb.inbox import Inbox
from cmdb.store import Store
from cmdb.words import Process
from cmdb_graphql.metrics import Metrics
from cmdb_graphql.services import Services

LOCAL_ADMIN = "admin"
"""The account that the first start makes, and whose token the command line uses on the server's own machine."""


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


def secret_file(path: Path, make: bytes) -> bytes:
    """The content of a file only its owner can read, made with `make` the first time."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(make)
        os.fsync(file.fileno())
    return make


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


@contextmanager
def services(settings: Settings, bolt: Bolt, processes: Mapping[str, Process]) -> Iterator[Services]:
    """Everything the server serves, running; on leaving, the report in hand is finished and all files are closed."""
    pepper = secret_file(settings.home / "pepper", secrets.token_bytes(32))
    store = Store(bolt.uri, bolt.user, bolt.password, settings.neo4j_database)
    inbox = Inbox(settings.home / "inbox.db")
    enrolment = Enrolment(settings.home / "enrolment.db", pepper)
    accounts = Accounts(settings.home / "accounts.db", pepper)
    metrics = Metrics()
    applier = Applier(inbox, store, Agents(enrolment.revoked, enrolment.revoke), metrics.applied)
    try:
        store.migrate()
        applier.start()
        yield Services(settings, store, inbox, enrolment, accounts, applier, processes, metrics)
    finally:
        applier.stop()
        inbox.close()
        enrolment.close()
        accounts.close()
        store.close()
