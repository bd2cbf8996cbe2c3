"""Addresses as text in their shortest form, and endpoint keys such as tcp://[::1]:7687. Pure."""

from __future__ import annotations

import socket
import sys
from functools import lru_cache

WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # compared, never bound


@lru_cache(maxsize=512)  # many enough for the addresses that come again and again, few enough to weigh nothing
def raw_from_hex(text: str) -> bytes:
    """The bytes of an address as /proc/net writes it: 32-bit words in hexadecimal, in the machine's byte order."""
    raw = bytes.fromhex(text)
    if sys.byteorder == "little":
        raw = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    return raw


def from_hex(text: str) -> str:
    """An address as /proc/net writes it, as text."""
    return from_bytes(raw_from_hex(text))


@lru_cache(maxsize=512)
def shortest(text: str) -> str:
    """The shortest form; an interface scope is cut off and an IPv4-mapped IPv6 address becomes IPv4."""
    text = text.partition("%")[0]
    try:
        return from_bytes(socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text))
    except OSError:
        return text


@lru_cache(maxsize=512)
def from_bytes(raw: bytes) -> str:
    """An address of 4 or 16 bytes as text."""
    if len(raw) == 16 and raw.startswith(bytes(10) + b"\xff\xff"):
        raw = raw[12:]
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def is_loopback(address: str) -> bool:
    """Whether only programs of the same network namespace can mean it."""
    return address.startswith("127.") or address == "::1"


def is_link_local(address: str) -> bool:
    """Whether it reaches no further than the link (169.254/16, fe80::/10)."""
    return address.startswith("169.254.") or (":" in address and address[:3] in ("fe8", "fe9", "fea", "feb"))


def is_private(address: str) -> bool:
    """Whether it is used inside organisations only (RFC 1918, RFC 6598, RFC 4193)."""
    if ":" in address:
        return address[:2] in ("fc", "fd")
    first, _, rest = address.partition(".")
    second = int(rest.partition(".")[0] or 0)
    return (
        first == "10"
        or (first, second) == ("192", 168)
        or (first == "172" and 16 <= second < 32)
        or (first == "100" and 64 <= second < 128)
    )


@lru_cache(maxsize=4096)
def number(address: str) -> int:
    """An address in its shortest form as a whole number; 0 for what is none."""
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address))
    except OSError:
        return 0


def within(address: str, network: str, prefix_length: int) -> bool:
    """Whether an address lies in the network of another."""
    if (":" in address) != (":" in network):
        return False
    rest = max(0, (128 if ":" in network else 32) - prefix_length)
    return number(address) >> rest == number(network) >> rest


def endpoint(protocol: str, address: str, port: int) -> str:
    """The key of an endpoint; IPv6 addresses stand in brackets."""
    return f"{protocol}://[{address}]:{port}" if ":" in address else f"{protocol}://{address}:{port}"
