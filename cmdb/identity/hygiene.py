"""Which keys are fit to tell one machine from another: normalised, or refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cmdb.identity.trace import Refusal
from cmdb.words import Value

# Texts that firmware carries where nobody filled the field in. Compared in lower case without punctuation.
_PLACEHOLDERS = frozenset(
    {
        "", "na", "none", "null", "unknown", "empty", "private", "default", "defaultstring", "notspecified",
        "notapplicable", "notavailable", "notprovided", "notsettable", "tobefilledbyoem", "tobefilledbyoemo",
        "oem", "oemstring", "systemserialnumber", "systemproductname", "systemmanufacturer", "systemversion",
        "chassisserialnumber", "baseboardserialnumber", "serialnumber", "serial", "invalid", "asset", "noassettag",
        "xxxxxxxx", "1234567", "12345678", "123456789", "1234567890", "0123456789",
        "03000200040005000006000700080009",
    }
)  # fmt: skip
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_SHARED_MACS = ("00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:", "00:00:0c:9f:f")  # VRRP v4/v6, HSRP v1/v2


def uuid_variants(uuid: str) -> tuple[str, ...]:
    """A UUID and its twin with the first three fields byte-swapped (SMBIOS 2.6 changed their byte order), sorted."""
    if not _UUID.fullmatch(uuid):
        return (uuid,)
    a, b, c, d, e = uuid.split("-")
    swapped = "-".join([_swap(a), _swap(b), _swap(c), d, e])
    return tuple(sorted({uuid, swapped}))


def _swap(text: str) -> str:
    return "".join(reversed([text[i : i + 2] for i in range(0, len(text), 2)]))


def _refuse_text(value: str) -> str | None:
    bare = re.sub(r"[^0-9a-z]", "", value.lower())
    if bare in _PLACEHOLDERS:
        return "a placeholder nobody filled in"
    if len(set(bare)) == 1:
        return "one character repeated"
    return "too short to be unique" if len(bare) < 4 else None


def _refuse_uuid(value: str) -> str | None:
    bare = value.replace("-", "")
    if set(bare) <= {"0"} or set(bare) <= {"f"}:
        return "all zeros or all Fs"
    if bare in _PLACEHOLDERS or re.sub("[^0-9a-f]", "", bare) != bare or len(bare) != 32:
        return "a placeholder nobody filled in"
    return None


def _refuse_mac(value: str) -> str | None:
    if not _MAC.fullmatch(value):
        return "not a MAC address"
    first = int(value[:2], 16)
    if value in {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"} or first & 1:
        return "not the address of one interface"
    if first & 2:
        return "locally administered, so not unique"
    return "shared by a redundancy protocol" if value.startswith(_SHARED_MACS) else None


def hygiene(attributes: Mapping[str, Value]) -> tuple[dict[str, Value], tuple[Refusal, ...]]:
    """The attributes fit for identity, normalised, and every key refused with its reason."""
    clean: dict[str, Value] = {}
    refused: list[Refusal] = []
    for key, value in attributes.items():
        if isinstance(value, tuple):
            macs = [(m.lower(), _refuse_mac(m.lower())) for m in value]
            refused += [Refusal(key, mac, reason) for mac, reason in macs if reason]
            if kept := tuple(sorted(mac for mac, reason in macs if reason is None)):
                clean[key] = kept
        elif isinstance(value, str):
            normal = value.strip().lower()
            check = _refuse_uuid if key == "smbios_uuid" else _refuse_text if key != "fqdn" else _refuse_fqdn
            if reason := check(normal):
                refused.append(Refusal(key, value, reason))
            else:
                clean[key] = normal
        elif value is not None:
            clean[key] = value
    return clean, tuple(refused)


def _refuse_fqdn(value: str) -> str | None:
    host, _, domain = value.rstrip(".").partition(".")
    if not domain or host == "localhost" or domain in {"localdomain", "local", "lan", "home", "internal"}:
        return "no domain of its own"
    return None
