"""Reading many devices at once, each within its own bounds; one that is slow or broken delays no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cmdb.errors import EpicentreError, Invalid, Misconfigured
from cmdb.words.device import Device
from cmdb_agents.device import make
from cmdb_agents.snmp_look import look
from cmdb_agents.transports.snmp import Target
from cmdb_agents.transports.snmp_kept import again, keep
from cmdb_agents.transports.snmp_walk import Bounds

AT_ONCE = 32
"""Devices: each has four questions out at most."""


@dataclass(frozen=True, slots=True)
class Silent:
    """An address that was not read, and why."""

    address: str
    why: str


def read_kept(folder: Path) -> tuple[Device, ...]:
    """The devices of a folder of kept walks, understood anew; Invalid names a file that is none."""
    files = sorted(folder.glob("*.walk.gz"))
    if not files:
        raise Invalid("no kept walk (*.walk.gz) lies there", where=str(folder))
    return tuple(make(walk, address) for address, walk in map(again, files))


def read_all(
    targets: Iterable[Target], tell: Callable[[int], None], kept: Path | None = None, bounds: Bounds | None = None
) -> tuple[tuple[Device, ...], tuple[Silent, ...]]:
    """Devices and silent addresses, each in the order of the targets; what devices said is kept in a folder."""
    found = asyncio.run(_all(tuple(targets), tell, kept, bounds))
    return tuple(d for d in found if isinstance(d, Device)), tuple(s for s in found if isinstance(s, Silent))


async def _all(
    targets: tuple[Target, ...], tell: Callable[[int], None], kept: Path | None, bounds: Bounds | None
) -> list[Device | Silent]:
    at_once, done = asyncio.Semaphore(AT_ONCE), 0

    async def one(target: Target) -> Device | Silent:
        nonlocal done
        async with at_once:
            try:
                return await _one(target, kept, bounds)
            except Misconfigured:  # this machine's trouble, not the device's
                raise
            except EpicentreError as error:
                return Silent(target.address, error.message)
            except OSError as error:
                return Silent(target.address, f"the network says: {error.strerror or error}")
            except Exception as error:
                # A mistake of ours about one device must not cost all the others.
                return Silent(target.address, f"our mistake: {error!r}"[:300])
            finally:
                done += 1
                tell(done)

    return list(await asyncio.gather(*map(one, targets)))


async def _one(target: Target, kept: Path | None, bounds: Bounds | None) -> Device:
    device, walk = await look(target, bounds)
    if kept is not None:
        keep(walk, target.address, kept)
    return device
