"""The server's side of a connection: the bytes of a request in, the bytes of the answer out.

Only the web framework is missing. Who signed, what is unpacked, read, committed and answered is decided by the code
that the real front door calls, in its order.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from simulation.disks import Inline

from cmdb import ingest
from cmdb.errors import EpicentreError, Invalid, NotAuthenticated
from cmdb.inbox import Inbox, Receipt, _receipt
from cmdb.words import Snapshot
from cmdb_agents.signing import COVERED
from cmdb_graphql import body, errors
from cmdb_graphql.signatures import SKEW, Signed

MOST = 20 * 2**20
_SIGNED = re.compile(
    rf'sig1=({re.escape(COVERED)};created=(\d{{1,18}});nonce="(\d{{1,18}})";keyid="([^"]*)";alg="ed25519")'
)


class Heard(NamedTuple):
    """A request that the server let in, and what it said to it."""

    node: str
    counter: int
    receipt: Receipt


class Offered(NamedTuple):
    """A report that came to the inbox in good order, whatever became of it there."""

    node: str
    seq: int
    snapshot: Snapshot


class Asked(NamedTuple):
    """A request that waits for the disk."""

    node: str
    counter: int
    future: Future[Receipt | EpicentreError]


@dataclass(slots=True)
class Door:
    """One server's front door while the server lives; what it heard, and what it was offered (by report id), outlives
    it, as what the world has seen of it."""

    inbox: Inbox
    writer: Inline
    keys: Mapping[str, VerifyKey]
    clock: Callable[[], datetime]
    heard: list[Heard] = field(default_factory=list)
    offered: dict[str, Offered] = field(default_factory=dict)

    def answer(self, *requests: bytes) -> list[bytes]:
        """The answers in HTTP to requests that come at one moment; none (no byte) where it only hangs up."""
        self.writer.together = True
        try:
            begun = [self._begin(request) for request in requests]
        finally:
            self.writer.together = False
        self.writer.flush()
        return [one if isinstance(one, bytes) else self._end(one) for one in begun]

    def _begin(self, request: bytes) -> bytes | Asked:
        line, headers, sent = _request(request)
        if not line:
            return b""
        if line != "POST /snapshots HTTP/1.1":
            return _http(404, {}, b'{"error":{"code":"not_found","message":"there is nothing at this address"}}')
        try:
            return self._take(headers, sent)
        except EpicentreError as error:
            return self._refuse(error)

    def _refuse(self, error: EpicentreError) -> bytes:
        made = errors.answer(error, self.clock)
        return _http(made.status_code, made.headers, bytes(made.body))

    def _end(self, asked: Asked) -> bytes:
        try:
            receipt = _receipt(asked.future.result())
        except EpicentreError as error:
            return self._refuse(error)
        self.heard.append(Heard(asked.node, asked.counter, receipt))
        status = 200 if receipt.status == "known" else 202
        made = errors.json(status, {"report_id": receipt.report_id, "seq": receipt.seq})
        return _http(made.status_code, made.headers, bytes(made.body))

    def _take(self, headers: Mapping[str, str], sent: bytes) -> Asked:
        signed = self._check(headers)
        if headers.get("content-type") != "application/json":
            raise Invalid("send application/json", where="Content-Type")
        signed.check_body(sent)
        plain = body.unpack(sent, headers.get("content-encoding"), MOST)
        snapshot = ingest.parse(plain)
        if snapshot.node != signed.node:
            raise Invalid("an agent reports about itself only", where="$.node")
        self.offered[snapshot.report_id] = Offered(snapshot.node, snapshot.seq, snapshot)
        future = self.inbox._submit(snapshot.node, signed.counter, snapshot, plain)
        return Asked(snapshot.node, signed.counter, future)

    def _check(self, headers: Mapping[str, str]) -> Signed:
        said = _SIGNED.fullmatch(headers.get("signature-input", ""))
        signature = headers.get("signature", "")
        if said is None or not signature.startswith("sig1=:"):
            raise NotAuthenticated("this address takes signed reports only", code="unsigned")
        parameters, created, nonce, key_id = said.groups()
        digest = headers.get("content-digest", "")
        base = "\n".join(
            (
                '"@method": POST',
                f'"@authority": {headers.get("host", "").lower()}',
                '"@path": /snapshots',
                '"@query": ?',
                f'"content-digest": {digest}',
                f'"@signature-params": {parameters}',
            )
        )
        try:
            self.keys[key_id].verify(base.encode("latin-1"), base64.b64decode(signature[6:-1]))
        except (KeyError, ValueError, BadSignatureError) as error:
            raise NotAuthenticated("the signature does not fit this request", code="bad_signature") from error
        if abs(self.clock().timestamp() - int(created)) > SKEW:
            raise NotAuthenticated(f"your clock is off by more than {SKEW} s: use server_time", code="skewed")
        return Signed(key_id, int(nonce), digest)


def _request(raw: bytes) -> tuple[str, dict[str, str], bytes]:
    head, end, sent = raw.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    length = headers.get("content-length", "")
    if not end or not length.isdecimal() or int(length) > len(sent):
        return "", {}, b""  # the rest never comes: who waits for it hangs up
    return line, headers, sent[: int(length)]


def _http(status: int, headers: Mapping[str, str], said: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} .", *(f"{n}: {v}" for n, v in headers.items() if n != "content-length")]
    return ("\r\n".join([*lines, f"content-length: {len(said)}", "", ""])).encode("latin-1") + said
