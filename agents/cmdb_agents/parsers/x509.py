"""What a certificate says, read from its DER bytes (RFC 5280): just enough of ASN.1, and bounded. Pure.

A library for it would be a third of the agent's memory. Nothing is verified here; it is an inventory.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cmdb_agents.digest import digest

_PEM = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----(.+?)-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL)
_NAMES = {"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU"}
_KEYS = {"1.2.840.113549.1.1.1": "RSA", "1.2.840.10045.2.1": "EC", "1.3.101.112": "Ed25519", "1.3.101.113": "Ed448"}
_CURVES = {"1.2.840.10045.3.1.7": "P-256", "1.3.132.0.34": "P-384", "1.3.132.0.35": "P-521"}
_SUBJECT_ALT_NAME = "2.5.29.17"


@dataclass(frozen=True, slots=True)
class Parsed:
    """The fields an inventory needs; times are ISO 8601 UTC."""

    fingerprint: str
    subject: str
    issuer: str
    serial: str
    not_before: str
    not_after: str
    names: tuple[str, ...]
    key_type: str


@dataclass(frozen=True, slots=True)
class _Value:
    """One value of ASN.1."""

    tag: int
    body: bytes

    def parts(self) -> list[_Value]:
        return list(_values(self.body))


def first(pem: bytes) -> Parsed | None:
    """The first certificate of a PEM file (a server's own comes before its chain); ValueError when it is broken."""
    try:
        return next((parse(der) for _, der in blocks(pem.decode("ascii", "replace"))), None)
    except (IndexError, binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"no certificate that can be read: {error}") from error


def blocks(text: str) -> Iterator[tuple[str, bytes]]:
    """Each certificate of a PEM file, as it stands there and in DER."""
    for found in _PEM.finditer(text):
        yield found[0], base64.b64decode("".join(found[1].split()), validate=True)


def subject(der: bytes) -> Iterator[list[tuple[bytes, int, bytes]]]:
    """Whose the certificate is, part by part: the kind in DER, and tag and bytes of the value."""
    for part in _body(der)[4].parts():
        yield [(bytes((kind.tag, len(kind.body))) + kind.body, value.tag, value.body)
               for kind, value in (pair.parts()[:2] for pair in part.parts())]  # fmt: skip


def _body(der: bytes) -> list[_Value]:
    """The fields after the version: serial, algorithm, issuer, validity, subject, key and more."""
    body = _one(der).parts()[0].parts()
    return body[1:] if body[0].tag == 0xA0 else body


def parse(der: bytes) -> Parsed:
    """The certificate in DER."""
    body = _body(der)
    serial, _algorithm, issuer, validity, subject, key = body[:6]
    begin, end = validity.parts()
    return Parsed(
        fingerprint=digest(der).hex(),
        subject=_name(subject),
        issuer=_name(issuer),
        serial=serial.body.hex().removeprefix("00") or "00",
        not_before=_time(begin),
        not_after=_time(end),
        names=tuple(sorted(set(_alternatives(body[6:])))),
        key_type=_key(key),
    )


def _values(data: bytes) -> Iterator[_Value]:
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            many = length & 0x7F
            if not 1 <= many <= 4:
                raise ValueError("a length of ASN.1 that is not definite")
            length, at = int.from_bytes(data[at : at + many], "big"), at + many
        if at + length > len(data):
            raise ValueError("a value of ASN.1 is longer than what holds it")
        yield _Value(tag, data[at : at + length])
        at += length


def _one(data: bytes) -> _Value:
    for value in _values(data):
        return value
    raise ValueError("an empty value of ASN.1")


def _oid(value: _Value) -> str:
    numbers, many = [], 0
    for byte in value.body:
        many = many << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(many)
            many = 0
    head = min(numbers[0] // 40, 2)
    return ".".join(map(str, (head, numbers[0] - 40 * head, *numbers[1:])))


def _name(value: _Value) -> str:
    found = []
    for part in (pair for group in value.parts() for pair in group.parts()):
        kind, text = part.parts()[:2]
        if label := _NAMES.get(_oid(kind)):
            coding = "utf-16-be" if text.tag == 0x1E else "utf-8"
            found.append(f"{label}={text.body.decode(coding, 'replace')}")
    return ", ".join(found) or "(no name)"


def _time(value: _Value) -> str:
    text = value.body.decode("ascii")
    if value.tag == 0x17:  # two digits of a year: 50 and later are of the last century
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    if not re.fullmatch(r"\d{14}Z", text):
        raise ValueError("a time that is not in UTC")
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:14]}Z"


def _alternatives(rest: list[_Value]) -> Iterator[str]:
    extensions = next((one for one in rest if one.tag == 0xA3), None)
    for extension in extensions.parts()[0].parts() if extensions else []:
        fields = extension.parts()
        if _oid(fields[0]) == _SUBJECT_ALT_NAME:
            for name in _one(fields[-1].body).parts():
                if name.tag == 0x82:
                    yield name.body.decode("ascii", "replace")
                elif name.tag == 0x87 and len(name.body) in (4, 16):
                    yield str(ipaddress.ip_address(name.body))


def _key(value: _Value) -> str:
    algorithm, key = value.parts()[:2]
    kinds = algorithm.parts()
    kind = _KEYS.get(_oid(kinds[0]), "other")
    if kind == "EC" and len(kinds) > 1:
        return f"EC {_CURVES.get(_oid(kinds[1]), '')}".strip()
    if kind == "RSA":
        modulus = _one(key.body[1:]).parts()[0].body.lstrip(b"\0")
        return f"RSA {len(modulus) * 8}"
    return kind
