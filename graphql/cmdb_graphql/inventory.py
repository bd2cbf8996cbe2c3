"""POST /inventory: what a GLPI agent reports, let in by its site's token, becomes a report like any other."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cmdb import glpi, ingest
from cmdb.errors import EpicentreError, Forbidden, Invalid, NotAuthenticated, TooLarge
from cmdb.inventories import Device
from cmdb.moments import iso
from cmdb.words import WIRE_SCHEMA, Snapshot, section_hash
from cmdb_graphql import body
from cmdb_graphql.errors import answer, code_of, json
from cmdb_graphql.policy import Policy, policy
from cmdb_graphql.services import Services

PACKED = {"application/x-compress-zlib", "application/x-zlib", "application/x-compress-gzip", "application/x-gzip"}
PLAIN = {"application/json"}
XML = {"application/xml", "text/xml"}
PROLOGUE = re.compile(rb"<QUERY>\s*PROLOG\s*</QUERY>")
"""What an agent asks an address that it does not know yet, in the XML of its forebears."""

SERVES = {"server": "glpi", "version": "10.0.0"}
"""The server and the format that agents know by name; without both they go on asking in XML before each inventory."""

ECHOED = {"glpi-agent-id": re.compile(r"[0-9A-Fa-f-]{36}"), "glpi-request-id": re.compile(r"[0-9A-F]{8}")}
OLD_AGENT = (
    "this is the XML of a FusionInventory, OCS or GLPI agent before 1.0, which is not taken: install GLPI agent 1.0 or"
    " later, which sends JSON"
)
HOURS = 24
"""When the agent should come again, if it asks."""

BUDGET = 64 * 1024 * 1024


def router(services: Services) -> APIRouter:
    """The route by its two names: with the token in a header, or in the address, where agents can keep only that."""
    made = APIRouter()
    desk = Desk(services)

    async def counted(request: Request, token: str) -> Response:
        try:
            said = await desk.take(request, token)
        except EpicentreError as error:
            services.metrics.received(code_of(error))
            said = refusal(error)
        for name, shape in ECHOED.items():  # so that an agent in between knows whose answer it is
            if shape.fullmatch(value := request.headers.get(name, "")):
                said.headers[name] = value
        return said

    @made.post("/inventory")
    @policy(Policy.SITE)
    async def by_header(request: Request) -> Response:
        return await counted(request, bearer(request.headers.get("authorization", "")))

    @made.post("/inventory/{token}")
    @policy(Policy.SITE)
    async def by_address(request: Request, token: str) -> Response:
        return await counted(request, token)

    return made


def bearer(header: str) -> str:
    """The token of an Authorization header: Bearer, or Basic with the token as password, whoever the user is."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def refusal(error: EpicentreError) -> Response:
    """The answer to an error, with the two words by which an agent writes the reason into its own log."""
    plain = answer(error)
    body = {"status": "error", "message": error.message, **orjson.loads(plain.body)}
    if body["error"]["code"] == "internal":
        body["message"] = body["error"]["message"]
    headers = {name: plain.headers[name] for name in ("retry-after",) if name in plain.headers}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Basic realm="inventory"'  # agents keep their password till then
    return json(plain.status_code, body, headers)


def welcome(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What an agent hears that makes itself known: to send inventories, and to leave its other tasks."""
    said: dict[str, Any] = {"status": "ok", "expiration": HOURS, "tasks": {"inventory": SERVES}}
    tasks = asked.get("enabled-tasks")
    names = {task[:60] for task in tasks if isinstance(task, str)} if isinstance(tasks, list) else set()
    return {**said, "disabled": sorted(names - {"inventory"})[:20]} if names - {"inventory"} else said


class Desk:
    """Takes inventories: whose token, then the bytes, then what they say, then the disk."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._most = services.settings.report_max_mib * 1024 * 1024
        self._budget = body.Budget(max(BUDGET, 4 * self._most))

    async def take(self, request: Request, token: str) -> Response:
        """What the agent expects to hear; 202 when an inventory is on disk."""
        desk = self._services.inventories
        if desk is None:
            raise NotAuthenticated("this server takes no inventories", code="unknown")
        site = desk.site(token)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        with self._budget.share() as share:
            sent = await body.read(request, self._most, share)
            plain = await run_in_threadpool(unpack, sent, kind, self._most)
            if _is_xml(plain):
                return _first_word(plain, request.headers.get("glpi-agent-id", ""))
            asked, message = await run_in_threadpool(_open, plain)
            if message.action == "contact":
                return json(200, welcome(asked))
            plain, snapshot, device = await run_in_threadpool(self._report, site, message)
            receipt = await self._services.inbox.accept_async(device.node, device.seq, snapshot, plain)
            host = {k: v for k, v in message.content.items() if k in glpi.HOST_CATEGORIES}
            if host:
                await run_in_threadpool(desk.keep, device.node, {**device.said, **host})
        self._services.metrics.received(receipt.status)
        return json(202, {"status": "ok", "expiration": HOURS, "report_id": receipt.report_id})

    def _report(self, site: str, message: glpi.Message) -> tuple[bytes, Snapshot, Device]:
        """The report of the device in our own format; read back as every other report is."""
        desk = self._services.inventories
        assert desk is not None
        # Read first with nothing known, so that what is refused leaves no trace of a device.
        glpi.sections(message, {})
        if not message.content.get("hardware") and not desk.knows(site, message.device):
            # An agent whose first inventory got lost goes on with what has changed, and always says its hardware.
            what = "$.partial" if message.partial else "$.content.hardware"
            raise Invalid("this device is not known yet: its first inventory says what it is", where=what)
        device = desk.device(site, message.device, "nd_" + base64.b32encode(secrets.token_bytes(15)).decode().lower())
        self._services.enrolment.adopt(device.node, site)
        if device.node in self._services.enrolment.revoked():
            raise Forbidden("this device was sent away")
        sections = glpi.sections(message, device.said)
        plain = orjson.dumps(_wire(device, message, sections))
        return plain, ingest.parse(plain), device


def _is_xml(plain: bytes) -> bool:
    return plain[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _first_word(plain: bytes, agent: str) -> Response:
    """The one question taken in XML: an agent that can speak JSON says so by a header, and is answered in JSON."""
    if not PROLOGUE.search(plain[:4096]) or not ECHOED["glpi-agent-id"].fullmatch(agent):
        raise Invalid(OLD_AGENT, where="body", detail="an agent sent XML to /inventory")
    return json(200, welcome({}))


def _open(plain: bytes) -> tuple[Mapping[str, Any], glpi.Message]:
    try:
        asked = orjson.loads(plain)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON: {error.msg} at byte {error.pos}", where="body") from error
    return asked, glpi.message(asked)


def _wire(device: Device, message: glpi.Message, sections: Any) -> dict[str, Any]:
    bodies = {section.name: section.to_wire() for section in sections}
    return {
        "schema": WIRE_SCHEMA,
        "report_id": f"inventory-{device.node}-{device.seq}",
        "node": device.node,
        "boot_id": glpi.boot({**device.said, **message.content}),
        "seq": device.seq,
        "taken_at": iso(datetime.now(UTC)),
        "sections": {name: {"hash": section_hash(one), **one} for name, one in bodies.items()},
    }


def unpack(sent: bytes, kind: str, most: int) -> bytes:
    """The JSON behind its content type, at most `most` bytes."""
    if kind in PLAIN | XML:
        return sent
    if kind not in PACKED:
        raise Invalid(f"send application/json, as it is or packed, not {kind[:60] or 'nothing'}", where="Content-Type")
    unpacker = zlib.decompressobj(wbits=47)  # zlib or gzip, by its header
    try:
        plain = unpacker.decompress(sent, most + 1)
    except zlib.error as error:
        raise Invalid("the packed data is damaged", where="body") from error
    if len(plain) > most:
        raise TooLarge(f"at most {most:,} bytes, before and after decompression", where="body")
    if not unpacker.eof:
        raise Invalid("the packed data ends too early", where="body")
    return plain
