"""Makes this machine known: one-off token → key pair → signed challenge → node id. The private key never leaves."""

from __future__ import annotations

import base64
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from cmdb.errors import EpicentreError, Forbidden, Invalid, Misconfigured, NotAuthenticated, Unavailable
from cmdb_agents.front_door import Answer, FrontDoor
from cmdb_agents.home import Enrolled

PREFIX = b"epicentre-enrol\n"
"""Goes before the challenge, so that the signature can never stand for anything else."""


def read_token(source: str) -> str:
    """The token from a file, or from standard input for "-"; never from the arguments, which every user can read."""
    try:
        text = sys.stdin.read(1024) if source == "-" else Path(source).read_text(encoding="utf-8")[:1024]
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is no text"
        raise Misconfigured(f"the token cannot be read from {source}: {why}") from error
    token = text.strip()
    if not re.fullmatch(r"epe_[A-Za-z0-9_-]{20,100}", token):
        where = "standard input" if source == "-" else source
        raise Invalid("that is no enrolment token (epe_… from `epicentre agents token`)", where=where)
    return token


def enrol(door: FrontDoor, token: str, *, allow_plain_http: bool = False) -> tuple[Enrolled, bytes]:
    """Both steps; returns the enrolment and the seed to keep. Raises by what the caller can do about it."""
    key = SigningKey.generate()
    claim = {"token": token, "public_key": _b64(bytes(key.verify_key))}
    challenge = _field(_ask(door, claim, 200), "challenge")
    try:
        signature = key.sign(PREFIX + base64.b64decode(challenge, validate=True)).signature
    except ValueError as error:
        raise Unavailable(f"{door.url} sent a challenge that is no base64") from error
    made = _ask(door, {**claim, "challenge": challenge, "signature": _b64(signature)}, 201)
    enrolled = Enrolled(
        door.url, _field(made, "node"), _field(made, "key_id"), allow_plain_http, key_since=int(time.time())
    )
    return enrolled, bytes(key)


def _ask(door: FrontDoor, body: dict[str, str], wanted: int) -> dict[str, Any]:
    answer = door.post("/enrol", json.dumps(body).encode(), {"Content-Type": "application/json"})
    if answer.status == wanted:
        return answer.body
    raise _error(door, answer)


def _error(door: FrontDoor, answer: Answer) -> EpicentreError:
    match answer.status:
        case 401:
            return NotAuthenticated(f"the server does not take this token: {answer.message}")
        case 403:
            return Forbidden(f"the server does not take this token: {answer.message}")
        case 400 | 409 | 413 | 422:
            return Invalid(f"the server refuses the enrolment: {answer.message}")
        case 404 | 405:
            return Misconfigured(f"{door.url} is no Epicentre server: it answered {answer.status}")
        case _:
            return Unavailable(f"{door.url} cannot enrol now: {answer.message}")


def _field(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 512:
        raise Unavailable(f"the server's answer has no {name}")
    return value


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
