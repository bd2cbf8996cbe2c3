"""Where a webhook may be sent: the public internet over TLS, and networks a person has named.

A server that posts to addresses others choose is a way into the network it stands in. So the address is resolved
once, every answer is judged, and the connection goes to the judged address itself: a name that points elsewhere a
moment later (DNS rebinding) gains nothing. Redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from cmdb.errors import Invalid, Misconfigured
from cmdb.words.address import unwrapped

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: connect to `address`, say `host`."""

    tls: bool
    host: str
    port: int
    path: str
    address: str


def networks(text: str) -> tuple[Network, ...]:
    """The networks of EPICENTRE_WEBHOOK_NETWORKS, separated by commas."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise Misconfigured(f"EPICENTRE_WEBHOOK_NETWORKS={text!r} is not usable: {error}") from error


def check_url(url: str) -> str:
    """The URL, if it is one a webhook can have."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid(f"a webhook's URL is up to {LONGEST:,} printable ASCII characters without blanks", where="url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid(f"this is no URL: {error}", where="url") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise Invalid("a webhook's URL is https://host/path (or http:// inside a named network)", where="url")
    if parts.username is not None or parts.fragment:
        raise Invalid("a webhook's URL holds no user, no password and no fragment: it is signed instead", where="url")
    return url


def resolve(url: str, allowed: Sequence[Network]) -> Target:
    """Look the host up and judge every address it has; Invalid names the one that is not allowed."""
    parts = urlsplit(check_url(url))
    tls, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (443 if tls else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Invalid(f"{host} has no address: {error}", where="url") from error
    addresses = [str(row[4][0]).partition("%")[0] for row in found]
    for address in addresses:
        judge(address, allowed, tls=tls)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls, host, port, path, addresses[0])


def judge(address: str, allowed: Sequence[Network], *, tls: bool) -> None:
    """Refuse an address that is neither public (and spoken to over TLS) nor in a named network."""
    real = unwrapped(ipaddress.ip_address(address))
    if any(real in network for network in allowed if network.version == real.version):
        return
    if not real.is_global or real.is_multicast or real.is_reserved:
        raise Invalid(
            f"{real} is no public address: name its network in EPICENTRE_WEBHOOK_NETWORKS to send there", where="url"
        )
    if not tls:
        raise Invalid("outside networks named in EPICENTRE_WEBHOOK_NETWORKS only https:// is used", where="url")
