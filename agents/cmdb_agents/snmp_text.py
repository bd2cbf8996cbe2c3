"""What devices send as text, numbers and addresses, made into what can be compared. Pure.

Nothing from a device is trusted: raw bytes in names, NULs behind them, addresses written five ways, placeholders where
a serial number should be.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable

from cmdb_agents.collector import clean
from cmdb_agents.transports.snmp_ber import SnmpValue

_HEX = re.compile(r"[0-9a-fA-F]{12}")
_NO_SERIALS = frozenset({
    "", "private", "empty", "none", "null", "na", "unknown", "notavailable", "notapplicable", "notspecified", "notset",
    "unspecified", "undefined", "default", "defaultstring", "tobefilledbyoem", "serialnumber", "serial", "noserial",
    "nosn", "invalid", "systemserialnumber", "0123456789", "123456789", "1234567890", "12345678", "notpresent",
    "notsupported", "nosuchobject", "nosuchinstance", "todo", "tbd", "test", "virtual",
})  # fmt: skip
_NO_MACS = frozenset({"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"})


def text(value: SnmpValue | None, limit: int = 500) -> str:
    """As people may read it: UTF-8, else Latin-1; no control characters, one blank at a time, bounded."""
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, bytes):
        return ""
    raw = value[: 4 * limit].split(b"\0", 1)[0] if value[:1] != b"\0" else value[: 4 * limit].strip(b"\0")
    try:
        decoded = raw.decode()
    except UnicodeDecodeError:
        decoded = raw.decode("latin1")
    return clean(" ".join(decoded.split()), limit)


def number(value: SnmpValue | None) -> int:
    """A whole number, also one sent as text; 0 for everything else."""
    if isinstance(value, int):
        return value
    if isinstance(value, bytes) and len(value) < 20 and value.strip().isdigit():
        return int(value)
    return 0


def mac(value: SnmpValue | str | None) -> str:
    """A hardware address in lower case with colons, from six bytes or any usual way to write them; else empty."""
    if isinstance(value, bytes) and len(value) == 6:
        found = value.hex(":")
    else:
        said = value if isinstance(value, str) else text(value)
        said = said[2:] if said.lower().startswith("0x") else said
        digits = re.sub(r"[\s:.\-]", "", said)
        if not _HEX.fullmatch(digits):
            parts = re.split(r"[:\-]", said.strip())
            if len(parts) != 6 or not all(re.fullmatch(r"[0-9a-fA-F]{1,2}", p) for p in parts):
                return ""
            digits = "".join(p.rjust(2, "0") for p in parts)
        found = bytes.fromhex(digits).hex(":")
    return "" if found in _NO_MACS else found


def id_text(value: SnmpValue | None, limit: int = 200) -> str:
    """An id that may be words or a hardware address, as bytes or as text: six letters are a word, six bytes are not."""
    if isinstance(value, bytes) and len(value) == 6 and not all(0x20 <= byte < 0x7F for byte in value):
        return mac(value)
    said = text(value, limit)
    return mac(said) or said


def unicast(address: str) -> bool:
    """Whether one machine alone can have the hardware address."""
    return bool(address) and not int(address[:2], 16) & 1


def ip(raw: bytes | Iterable[int] | None) -> str:
    """The address of 4 or 16 bytes (or 8 and 20, with a zone behind); empty for what is none or nobody's."""
    try:
        body = bytes(raw or b"")
    except ValueError:
        return ""
    body = body[:-4] if len(body) in (8, 20) else body
    if len(body) not in (4, 16) or not any(body):
        return ""
    return socket.inet_ntop(socket.AF_INET if len(body) == 4 else socket.AF_INET6, body)


def real(value: SnmpValue | str | None) -> str:
    """A serial number or model, unless it is a placeholder: a known word, or one character over and over."""
    said = value if isinstance(value, str) else text(value, 100)
    said = said.strip().strip("\"'")
    letters = re.sub(r"[^0-9a-z]", "", said.lower())
    return "" if letters in _NO_SERIALS or len(set(letters)) <= 1 else said


def first(*values: str) -> str:
    """The first that is not empty."""
    return next((value for value in values if value), "")


def bits(value: SnmpValue | None) -> list[int]:
    """The ports of a PortList: bit by bit from 1, the highest bit of each byte first."""
    if not isinstance(value, bytes):
        return []
    return [8 * n + k + 1 for n, byte in enumerate(value) if byte for k in range(8) if byte & (0x80 >> k)]
