"""A real HTTP server on loopback that keeps the ingest contract, and answers otherwise when a test scripts it."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

from cryptography.exceptions import InvalidSignature as BadProof
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from nacl.signing import SigningKey

from cmdb.words import section_hash
from cmdb_agents.home import Enrolled, Home

SEED = hashlib.sha256(b"the key of the scripted agent").digest()
TOKEN = "epe_" + "a" * 43

Reply = tuple[int, dict[str, Any], dict[str, str]]
Act = Callable[["ScriptedDoor", dict[str, Any]], Reply | None]


def error(status: int, code: str, **headers: str) -> Act:
    """An act that refuses with this status and code, whatever was sent."""
    return lambda _door, _report: (status, {"error": {"code": code, "message": f"scripted {code}"}}, headers)


def drop(_door: ScriptedDoor, _report: dict[str, Any]) -> Reply | None:
    """Hang up without an answer."""
    return None


def store_then_drop(door: ScriptedDoor, report: dict[str, Any]) -> Reply | None:
    """Take the report and hang up before the answer: the case that makes agents send twice."""
    door.take(report)
    return None


def hang(seconds: float) -> Act:
    """Stay silent for a while, then hang up."""

    def act(_door: ScriptedDoor, _report: dict[str, Any]) -> Reply | None:
        time.sleep(seconds)
        return None

    return act


class _Keys(HTTPSignatureKeyResolver):  # type: ignore[misc]  # the library ships no types
    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    def resolve_public_key(self, key_id: str) -> Any:
        return self._key if key_id == "nd_test" else None


@dataclass
class ScriptedDoor:
    """`script` is used up first, one act per report; then the contract is kept. `clock_ahead` shifts its clock."""

    key: Ed25519PublicKey
    script: list[Act] = field(default_factory=list)
    clock_ahead: float = 0.0
    url: str = ""
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)  # taken, by report id, in order
    bodies: list[bytes] = field(default_factory=list)  # of every request that carried a good signature
    counters: list[int] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    enrolments: int = 0  # questions of who wants to enrol
    complaints: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, url: str, headers: dict[str, str], body: bytes) -> Reply | None:
        """One request to /snapshots."""
        with self.guard:
            refused = self._judge(url, headers, body)
            if refused:
                return refused
            self.bodies.append(body)
            act = self.script.pop(0) if self.script else None
            report = json.loads(zlib.decompress(body, 31) if headers.get("Content-Encoding") == "gzip" else body)
        if act is not None:
            return act(self, report)
        return self.take(report)

    def _judge(self, url: str, headers: dict[str, str], body: bytes) -> Reply | None:
        verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(self.key))
        verifier.max_clock_skew = timedelta(days=36_500)
        message = SimpleNamespace(method="POST", url=url, headers=headers, body=body)
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        try:
            (found,) = verifier.verify(message, max_age=timedelta(days=36_500))
        except HTTPMessageSignaturesException:
            return error(401, "bad_signature")(self, {})
        if headers.get("Content-Digest") != f"sha-256=:{digest}:":
            return error(401, "bad_signature")(self, {})
        now = time.time() + self.clock_ahead
        if abs(found.parameters["created"] - now) > 300:
            status, said, more = error(401, "skewed")(self, {}) or (0, {}, {})
            return status, {**said, "server_time": datetime.fromtimestamp(now, UTC).isoformat()}, more
        counter = int(found.parameters["nonce"])
        if self.counters and counter <= self.counters[-1]:
            return error(401, "replayed")(self, {})
        self.counters.append(counter)
        return None

    def take(self, report: dict[str, Any]) -> Reply:
        """What the contract says to a good report; what an agent may never do is noted in `complaints`."""
        with self.guard:
            known = self.reports.get(report["report_id"])
            body = {"report_id": report["report_id"], "seq": report["seq"]}
            if known is not None:
                if known != report:
                    self.complaints.append(f"{report['report_id']} came with two bodies")
                return 200, body, {}
            for name, section in report["sections"].items():
                if len(section) == 1 and self.hashes.get(name) != section["hash"]:
                    return 409, {"error": {"code": "full_needed", "message": "unknown base"}}, {}
            last = max((r["seq"] for r in self.reports.values()), default=0)
            if report["seq"] <= last:
                self.complaints.append(f"seq {report['seq']} after {last}")
            for name, section in report["sections"].items():
                whole = {k: v for k, v in section.items() if k != "hash"}
                if whole and section_hash(whole) != section["hash"]:
                    self.complaints.append(f"{name} has another hash")
                self.hashes[name] = section["hash"]
            self.reports[report["report_id"]] = report
            return 202, body, {}

    def enrol(self, fields: dict[str, str]) -> Reply:
        """Both steps of the enrolment."""
        self.enrolments += 1
        if fields["token"] != TOKEN:
            return 401, {"error": {"code": "unknown_token", "message": "no such token"}}, {}
        challenge = base64.b64encode(b"c" * 32).decode()
        if "signature" not in fields:
            return 200, {"challenge": challenge}, {}
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(fields["public_key"]))
        try:
            key.verify(base64.b64decode(fields["signature"]), b"epicentre-enrol\n" + b"c" * 32)
        except BadProof:
            return 401, {"error": {"code": "bad_signature", "message": "no proof"}}, {}
        self.key = key
        return 201, {"node": "nd_test", "key_id": "nd_test"}, {}


def _handler(door: ScriptedDoor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 20

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("/enrol"):
                reply: Reply | None = door.enrol(json.loads(body))
            else:
                reply = door.answer(f"http://{self.headers['Host']}{self.path}", dict(self.headers.items()), body)
            self.close_connection = True
            if reply is None:
                return
            status, fields, headers = reply
            raw = json.dumps(fields).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(raw)), "Connection": "close"}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            return

    return Handler


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        return  # agents are killed in the middle of requests here; that is the point


@contextmanager
def scripted_door(*script: Act, tls: ssl.SSLContext | None = None, **settings: Any) -> Iterator[ScriptedDoor]:
    """Served on a free port until the block ends, secured where a context is given."""
    public = Ed25519PublicKey.from_public_bytes(bytes(SigningKey(SEED).verify_key))
    door = ScriptedDoor(public, list(script), **settings)
    server = _Quiet(("127.0.0.1", 0), _handler(door))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    door.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def enrolled_home(path: Any, url: str) -> Home:
    """A home as `enrol` would leave it."""
    home = Home(path)
    home.make()
    home.keep(Enrolled(url, "nd_test", "nd_test", key_since=10**11), SEED)  # never due to change
    return home
