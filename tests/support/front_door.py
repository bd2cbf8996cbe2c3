"""A real server on a free loopback port, and a sender that signs as RFC 9421 says, without our own signer."""

from __future__ import annotations

import base64
import hashlib
import http.client
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from nacl.signing import SigningKey
from support.reports import wire

from cmdb.accounts import Accounts
from cmdb.applier import Agents, Applier
from cmdb.config import load
from cmdb.discoveries import Discoveries
from cmdb.enrolment import PROOF, Enrolment
from cmdb.inbox import Inbox
from cmdb.inventories import Inventories
from cmdb.store import Store
from cmdb.webhooks import Courier, Hooks
from cmdb.words import Process, Snapshot
from cmdb_graphql.app import create_app
from cmdb_graphql.serve import Server, bind
from cmdb_graphql.services import Services

PEPPER = b"pepper of the tests, 32 bytes ok"
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """Its JSON."""
        return orjson.loads(self.raw)

    @property
    def code(self) -> str:
        """The error's code."""
        return str(self.body["error"]["code"])


@dataclass
class Door:
    """A served set of parts."""

    services: Services
    port: int

    def call(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def ask(self, path: str, fields: Any, headers: dict[str, str] | None = None) -> Reply:
        """POST of a JSON body."""
        return self.call("POST", path, orjson.dumps(fields), {"Content-Type": "application/json", **(headers or {})})

    def enrolled(self, collector: bool = False) -> Sender:
        """A new agent, or collector."""
        key = SigningKey.generate()
        public, enrolment = bytes(key.verify_key), self.services.enrolment
        token = enrolment.create_token(collector=collector)
        challenge = enrolment.challenge(token, public)
        node = enrolment.enrol(token, public, challenge, key.sign(PROOF + challenge).signature)
        return Sender(self, node, key)


def signature_headers(
    key: SigningKey, node: str, authority: str, body: bytes, *, created: int, nonce: str, path: str = "/snapshots"
) -> dict[str, str]:
    """RFC 9421 by hand: the three headers."""
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    covered = '("@method" "@authority" "@path" "@query" "content-digest")'
    parameters = f'{covered};created={created};nonce="{nonce}";keyid="{node}";alg="ed25519"'
    base = (
        f'"@method": POST\n"@authority": {authority}\n"@path": {path}\n"@query": ?\n'
        f'"content-digest": {digest}\n"@signature-params": {parameters}'
    )
    signature = base64.b64encode(key.sign(base.encode()).signature).decode()
    return {"Content-Digest": digest, "Signature-Input": f"sig1={parameters}", "Signature": f"sig1=:{signature}:"}


@dataclass
class Sender:
    """An enrolled agent, as far as the wire can tell."""

    door: Door
    node: str
    key: SigningKey
    counter: int = 0
    offset: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    def headers(self, body: bytes) -> dict[str, str]:
        """Headers of the next request."""
        self.counter += 1
        signed = signature_headers(
            self.key, self.node, f"127.0.0.1:{self.door.port}", body,
            created=int(time.time()) + self.offset, nonce=str(self.counter),
        )  # fmt: skip
        return {"Content-Type": "application/json", **signed, **self.extra}

    def send(self, body: bytes) -> Reply:
        """Signed and sent."""
        return self.door.call("POST", "/snapshots", body, self.headers(body))

    def report(self, snapshot: Snapshot) -> Reply:
        """A whole report."""
        return self.send(orjson.dumps(wire(snapshot)))


def closed_port() -> int:
    """A loopback port where nobody listens."""
    with bind("127.0.0.1", 0) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def front_door(
    home: Path,
    store: Store | None = None,
    *,
    max_queued: int = 1000,
    processes: Iterable[Process] = (),
    **overrides: Any,
) -> Iterator[Door]:
    """Everything but the applier's thread, served; without a store given, one whose Neo4j is down."""
    home.mkdir(parents=True, exist_ok=True)
    settings = load(home=home, **overrides)
    mine = store or Store(f"bolt://127.0.0.1:{closed_port()}", "neo4j", "none", patience=0.2)
    inbox = Inbox(home / "inbox.db", max_queued=max_queued)
    enrolment, accounts = Enrolment(home / "enrolment.db", PEPPER), Accounts(home / "accounts.db", PEPPER)
    applier = Applier(inbox, mine, Agents(enrolment.revoked, enrolment.revoke))
    hooks = Hooks(home / "webhooks.db", PEPPER)
    courier = Courier(hooks, mine)
    discoveries = Discoveries(home / "discoveries.db")
    inventories = Inventories(home / "inventory.db", settings.inventory_tokens_file)
    services = Services(
        settings, mine, inbox, enrolment, accounts, applier, courier, {process.name: process for process in processes},
        discoveries=discoveries, inventories=inventories,
    )  # fmt: skip
    server = Server(create_app(services), "127.0.0.1", 0)
    server.start()
    try:
        yield Door(services, server.port)
    finally:
        server.stop()
        discoveries.close()
        hooks.close()
        inventories.close()
        inbox.close()
        enrolment.close()
        accounts.close()
        if store is None:
            mine.close()
