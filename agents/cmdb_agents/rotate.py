"""Changes this agent's key every thirty days: the new one is made here, and the old one vouches for it.

The new key is on disk before the server hears of it, and the enrolment names the file that counts: wherever it is cut
off, either key still signs for a day, and the next try sends the same new key again.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace

from nacl.signing import SigningKey

from cmdb_agents.front_door import FrontDoor
from cmdb_agents.home import Enrolled, Home
from cmdb_agents.outbox import Outbox
from cmdb_agents.signing import Signer

ROUTE = "/rotate"
PROOF = b"epicentre-rotate\n"
"""Goes before the node in what the new key signs, so that its signature can never stand for anything else."""

EVERY, RETRY = 30 * 86_400, 3_600


def due(enrolled: Enrolled, now: float, tried: float) -> bool:
    """Whether the key is old enough; a try that failed is repeated after an hour."""
    return now - enrolled.key_since >= EVERY and now - tried >= RETRY


def rotate(home: Home, door: FrontDoor, outbox: Outbox, enrolled: Enrolled, now: float) -> Enrolled | None:
    """Offer a new key, signed by the present one; the new enrolment, or None when the server did not take it."""
    file, seed = home.next_key(enrolled)
    key = SigningKey(seed)
    proof = key.sign(PROOF + enrolled.node.encode()).signature
    body = json.dumps({"public_key": _b64(bytes(key.verify_key)), "proof": _b64(proof)}).encode()
    signer = Signer(enrolled.key_id, home.seed(enrolled.key_file))
    signed = signer.headers(
        "POST",
        door.authority,
        door.path(ROUTE),
        body,
        created=int(now + float(outbox.fact("clock_offset", "0"))),
        counter=outbox.next_counter(),
    )
    answer = door.post(ROUTE, body, {"Content-Type": "application/json", **signed})
    key_id = answer.body.get("key_id")
    if answer.status != 200 or not isinstance(key_id, str):
        return None
    made = replace(enrolled, key_id=key_id, key_file=file, key_since=int(now))
    home.switch(made, enrolled.key_file)
    return made


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
