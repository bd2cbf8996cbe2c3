"""Which addresses a target means. A name is resolved once and stays what it was; some addresses are never asked."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Iterator

from cmdb.errors import Invalid, Unavailable
from cmdb.words.address import Address, unwrapped

MOST = 1_024
"""Addresses of one call."""


def addresses(targets: Iterable[str], *, local: bool = False) -> tuple[str, ...]:
    """Every address once, in order; Invalid names the target that is wrong or not to be asked."""
    found: dict[str, None] = {}
    for target in targets:
        for address in _of(target):
            _allowed(address, target, local=local)
            found[str(address)] = None
            if len(found) > MOST:
                raise Invalid(f"at most {MOST} addresses at a time: name smaller networks", where=target)
    return tuple(found)


def _of(target: str) -> Iterator[Address]:
    if "/" in target:
        try:
            network = ipaddress.ip_network(target, strict=False)
        except ValueError as error:
            raise Invalid(f"no network: {error}", where=target) from error
        if network.num_addresses > MOST + 2:
            raise Invalid(f"the network has more than {MOST} addresses: name smaller ones", where=target)
        yield from network.hosts()
        return
    try:
        yield ipaddress.ip_address(target)
    except ValueError:
        yield _resolved(target)


def _resolved(name: str) -> Address:
    try:
        told = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"the name {name} cannot be resolved: name an address instead") from error
    return ipaddress.ip_address(str(told[0][4][0]).partition("%")[0])


def _allowed(address: Address, target: str, *, local: bool) -> None:
    """A name or a network must not lead to this machine, to a cloud's metadata service, or to everybody."""
    inner = unwrapped(address)
    if inner.is_multicast or inner.is_unspecified or inner.is_reserved or str(inner) == "255.255.255.255":
        raise Invalid(f"{address} is no device's address", where=target)
    if inner.is_link_local:
        raise Invalid(f"{address} is link-local and never asked", where=target)
    if inner.is_loopback and not local:
        raise Invalid(f"{address} is this machine: with --allow-loopback it is asked", where=target)
