"""Switches, routers and whatever else answers SNMP: its system, ports, addresses, neighbours and whom it hears where.

What is joined to what takes both ends, so the places of a run are reported together.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Literal

from cmdb.errors import EpicentreError, Invalid, NotAuthenticated, Unavailable
from cmdb_agents.discover.kind import Kind, Secret, Sight, Task

if TYPE_CHECKING:
    from cmdb_agents.transports.snmp import Target

MAX_NEIGHBOURS = 4_096
MAX_TRIES = 3
VERSIONS = ("1", "2c")


def look(task: Task) -> Sight:
    """Try the secrets in order, three at most: a wrong community is answered by silence, a wrong key by a word."""
    from cmdb_agents.device_report import sections
    from cmdb_agents.snmp_look import look as look_at
    from cmdb_agents.transports.snmp_walk import Bounds

    if not task.secrets:
        raise NotAuthenticated(f"no credential is bound to {task.place}")
    end = time.monotonic() + task.seconds
    refused: EpicentreError | None = None
    for secret in task.secrets[:MAX_TRIES]:
        left = end - time.monotonic()
        if left <= 0:
            break
        bounds = Bounds(seconds=left, memory=task.max_bytes)
        try:
            device, walk = asyncio.run(look_at(_target(task, secret), bounds))
        except (Unavailable, NotAuthenticated) as error:
            refused = error if refused is None or isinstance(error, NotAuthenticated) else refused
            continue
        except OSError as error:
            raise Unavailable(f"the network says: {error.strerror or error}") from error
        return Sight(
            boot_id="unknown",
            name=device.name,
            sections=sections(device),
            unseen=tuple(f"{one.what}: {one.why}" for one in device.problems),
            neighbours=tuple(sorted({one.address for one in device.resolved}))[:MAX_NEIGHBOURS],
            received=sum(len(v) if isinstance(v, bytes) else 4 for v in walk.values.values()),
            device=device,
        )
    raise refused or Unavailable(f"{task.place} took all the time there was")


def _target(task: Task, secret: Secret) -> Target:
    from cmdb_agents.transports.snmp import Target, User

    address, port = task.place.address, task.place.port
    if secret.kind == "community":
        return Target(address, port, _version(task), secret.secret)
    keys = secret.secret.splitlines()
    if len(keys) not in (1, 2):
        raise Invalid("a user of version 3 has one passphrase, or two on two lines", where=secret.ref)
    said = secret.options
    user = User(secret.user, said.get("auth", "SHA-256"), keys[0], said.get("privacy", "AES-128"), keys[-1])
    return Target(address, port, "3", "", user)


def _version(task: Task) -> Literal["1", "2c"]:
    said = task.options.get("version", "2c")
    if said not in VERSIONS:
        raise Invalid("is 1 or 2c; a credential of the kind usm is used with version 3", where="options.version")
    return "1" if said == "1" else "2c"


def plan(task: Task) -> tuple[str, ...]:
    """What would be done at a place, in order."""
    tries = ", ".join(f"{one.kind} {one.ref}" for one in task.secrets[:MAX_TRIES]) or "no credential is bound to it"
    clear = any(one.kind == "community" for one in task.secrets[:MAX_TRIES])
    return (
        f"ask {task.place} over UDP",
        f"be let in by: {tries}" + (f"; version {_version(task)} sends its community in the clear" if clear else ""),
        "read system, interfaces, addresses, enclosures, neighbours, forwarding and ARP tables, VLANs; change nothing",
        f"stop after {task.seconds:.0f} s or {task.max_bytes // 2**20} MiB",
    )


SNMP = Kind(
    name="snmp",
    sentence="Devices that answer SNMP: what they are, their ports and addresses, and what they are joined to.",
    port=161,
    takes=("usm", "community"),
    plan=plan,
    look=look,
    together=True,
)
