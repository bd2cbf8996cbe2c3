"""Which keys are fit to tell one machine from another: normalised, or refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

from cmdb.identity.trace import Refusal
from cmdb.words import Value

# Texts that firmware carries where nobody filled the field in. Compared in lower case without punctuation.
_PLACEHOLDERS = frozenset(
    {
        "", "na", "nil", "none", "null", "unknown", "unknow", "unspecified", "undefined", "empty", "blank", "private",
        "default", "defaultstring", "defaultvalue", "notspecified", "notapplicable", "notavailable", "notprovided",
        "notsettable", "notset", "notdefined", "notpresent", "noserial", "noserialnumber", "tbd", "todo", "test",
        "tobefilledbyoem", "tobefilledbyoemo", "tobefilledbyoembymorestring", "tobeset", "filledbyoem",
        "oem", "oemstring", "oemserial", "eval", "sample", "product", "vendor", "manufacturer",
        "systemserialnumber", "systemserial", "systemproductname", "systemmanufacturer", "systemversion",
        "chassisserialnumber", "chassisserial", "baseboardserialnumber", "boardserialnumber", "boardserial",
        "type1productconfigid", "type1family", "type2boardserialnumber", "serialnumber", "serialno", "serial",
        "sn", "ssn", "invalid", "asset", "assettag", "noassettag", "noassetinformation", "noenclosure",
        "xxxxxxxx", "qwerty", "azerty", "password", "hostname",
    }
)  # fmt: skip
_NO_NAMES = frozenset(
    {"", "na", "none", "null", "unknown", "tbd", "notspecified", "notapplicable", "notavailable", "notset"}
)
_RUNS = ("0123456789" * 4, "0123456789abcdef" * 2)
"""Digits that count up, as in 1234567890 or 0123456789ABCDEF: typed by somebody in a hurry."""
_TAGS = re.compile(r"^(?:sys|mb|bss|asset|chassis|board|[bcs]?sn|cs|at)(?=\d)")
"""What makers put before such digits: SYS-1234567890, MB-1234567890, SSN12345678901234567."""
_NO_UUIDS = frozenset(
    {
        "03000200040005000006000700080009",  # American Megatrends' default
        "1234567812345678 90abcddeefaabbcc".replace(" ", ""),  # another default of consumer boards
        "123456781234123412341234567890ab",
        "00112233445566778899aabbccddeeff",
        "4c4c4544000020108020 80c04f202020".replace(" ", ""),  # Dell whose service tag is blanks
        "deadbeefdeadbeefdeadbeefdeadbeef",
        "11111111222233334444555555555555",
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0",
    }
)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
_SHARED_MACS = {
    "00:00:5e:00:01:": "VRRP or CARP", "00:00:5e:00:02:": "VRRP", "00:00:0c:07:ac:": "HSRP",
    "00:00:0c:9f:f": "HSRP", "00:05:73:a0:0": "HSRP", "00:07:b4:00:": "GLBP",
}  # fmt: skip
_MADE_MACS = {
    "00:05:9a:3c:7": "a VPN client", "00:09:0f:aa:00:01": "a VPN client", "00:09:0f:fe:00:01": "a VPN client",
    "00:50:56:c0:00:": "a hypervisor on a desktop", "00:1c:42:00:00:": "a hypervisor on a desktop",
    "50:50:54:50:30:30": "a dial-up driver", "00:53:45:00:00:00": "a dial-up driver",
    "20:41:53:59:4e:ff": "a dial-up driver", "44:45:53:54:": "a dial-up driver", "00:a0:c6:00:00:00": "a modem driver",
    "00:90:4c:11:22:33": "an empty chip", "00:e0:4c:53:44:58": "an empty chip",
    "00:11:22:33:44:55": "an address copied from an example",
    "ac:de:48:00:11:22": "a security chip",
}  # fmt: skip
"""Addresses that look permanent and that a program gives to every machine it is installed on."""
_CONTAINERS = frozenset(
    {
        "container", "container-other", "oci", "docker", "podman", "containerd", "cri-o", "crio", "kubernetes",
        "kubepods", "garden", "runc", "rkt", "pouch", "lxc", "lxc-libvirt", "lxd", "incus", "systemd-nspawn", "openvz",
        "virtuozzo", "proot", "apptainer", "singularity", "bwrap", "flatpak", "snap", "toolbox", "zone", "jail", "wsl",
    }
)  # fmt: skip
"""What a machine without firmware of its own says it runs inside, in the words of runtimes and of detectors."""
_HARDWARE = frozenset({"smbios_uuid", "serial", "vendor"})
_COMPANY = frozenset(
    {
        "inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "llc", "plc", "gmbh",
        "ag", "sa", "bv", "ab", "oy", "kk", "srl", "spa", "pte", "technology", "technologies", "systems", "networks",
        "computer", "computers",
    }
)  # fmt: skip
"""What makers write behind their names, or leave out: Dell Inc., Dell Computer Corporation, Juniper Networks."""
_MAKERS = {
    "hewlettpackard": "hp", "hewlettpackardenterprise": "hp", "hpe": "hp", "dellemc": "dell", "ciscosystems": "cisco",
    "asustek": "asus", "fujitsusiemens": "fujitsu", "fujitsusolutions": "fujitsu", "networkappliance": "netapp",
    "microstarinternational": "msi", "quantacloud": "quanta", "mikrotikls": "mikrotik",
}  # fmt: skip
"""One maker under several names, of which its firmware has one and its invoices another."""
_NO_DOMAINS = frozenset(
    {
        "localdomain", "localdomain4", "localdomain6", "local", "lan", "home", "internal", "intranet", "private",
        "workgroup", "home.arpa", "example", "docker.internal", "fritz.box", "speedport.ip", "mshome.net",
    }
)  # fmt: skip
"""Domains that stand behind names in any house, and those that a router or a program gives to whatever it meets."""
_ADDRESS_NAME = re.compile(r"(?:^|.*[^0-9])(?:\d{1,3}-){3}\d{1,3}(?:[^0-9].*|$)")
"""A name made from an address, as clouds and providers do: ip-10-0-0-5. It is another machine's tomorrow."""


@lru_cache(maxsize=1_024)
def uuid_variants(uuid: str) -> tuple[str, ...]:
    """A UUID and its twin with the first three fields byte-swapped (SMBIOS 2.6 changed their byte order), sorted."""
    if not _UUID.fullmatch(uuid):
        return (uuid,)
    a, b, c, d, e = uuid.split("-")
    swapped = "-".join([_swap(a), _swap(b), _swap(c), d, e])
    return tuple(sorted({uuid, swapped}))


def _swap(text: str) -> str:
    return "".join(reversed([text[i : i + 2] for i in range(0, len(text), 2)]))


_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)(.*)", re.DOTALL)


def hygiene(
    attributes: Mapping[str, Value], exact: Collection[str] = ()
) -> tuple[dict[str, Value], tuple[Refusal, ...]]:
    """The attributes fit for identity, normalised, and every key refused with its reason.

    `virtualisation` is no key: it says whether the hardware keys are the machine's own. `exact` keys keep their case.
    """
    clean: dict[str, Value] = {}
    refused: list[Refusal] = []
    inside = str(attributes.get("virtualisation") or "").lower() in _CONTAINERS
    for key, value in attributes.items():
        if key == "virtualisation" or value is None:
            continue
        if inside and key in _HARDWARE:
            refused.append(Refusal(key, str(value), "of the machine around this container, not its own"))
        elif isinstance(value, tuple):
            entries = {entry: _entry(key, entry) for entry in value}
            refused += [Refusal(key, entry, reason) for entry, (_, reason) in entries.items() if reason]
            if kept := tuple(sorted({normal for normal, reason in entries.values() if reason is None})):
                clean[key] = kept
        elif isinstance(value, str):
            normal, reason = _entry(key, value)
            if reason:
                refused.append(Refusal(key, value, reason))
            else:
                clean[key] = " ".join(value.split()) if key in exact else normal
        else:
            clean[key] = value
    return clean, tuple(refused)


def _entry(key: str, value: str) -> tuple[str, str | None]:
    """One text in its normal form, and why it is refused, if it is."""
    normalise, refuse = _KEYS.get(key, (_plain, _refuse_text if "serial" in key else _refuse_name))
    normal = normalise(value)
    return normal, refuse(normal)


def _plain(value: str) -> str:
    return " ".join(value.lower().split())


def _uuid(value: str) -> str:
    bare = re.sub(r"[^0-9a-z]", "", value.lower().replace("urn:uuid:", ""))
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}" if len(bare) == 32 else _plain(value)


def _mac(value: str) -> str:
    bare = re.sub(r"[-:.\s]", "", value.lower())
    return ":".join(bare[i : i + 2] for i in range(0, 12, 2)) if len(bare) == 12 else _plain(value)


def _vendor(value: str) -> str:
    """What distinguishes a maker: without its legal form, its trade and its punctuation, and by one of its names."""
    words = re.findall(r"\w+", value.lower().replace("_", " "))
    bare = "".join(word for word in words if word not in _COMPANY) or "".join(words)
    return _MAKERS.get(bare, bare)


def _fqdn(value: str) -> str:
    return _plain(value).rstrip(".")


def _url(value: str) -> str:
    """Scheme and host are the same in any case, what stands behind them is not."""
    parts = _URL.fullmatch(value.strip())
    return value.strip() if parts is None else f"{parts[1].lower()}{parts[2]}"


def _refuse_text(value: str) -> str | None:
    bare = re.sub(r"[^0-9a-z]", "", value)
    if bare in _PLACEHOLDERS:
        return "a placeholder nobody filled in"
    if len(set(bare)) == 1:
        return "one character repeated"
    if len(bare) > 3 and any(_TAGS.sub("", bare) in run for run in _RUNS):
        return "digits that only count up"
    return "too short to be unique" if len(bare) < 4 else None


def _refuse_name(value: str) -> str | None:
    """Names that people give may be short, and in any script."""
    said = re.sub(r"[\s\W_]", "", value)
    return "a placeholder nobody filled in" if said in _NO_NAMES else None


def _refuse_vendor(value: str) -> str | None:
    """A vendor never tells machines apart by itself, so HP is long enough; what nobody filled in still says nothing."""
    return "a placeholder nobody filled in" if re.sub(r"[^0-9a-z]", "", value) in _PLACEHOLDERS else None


def _refuse_machine_id(value: str) -> str | None:
    if value == "uninitialized":
        return "a placeholder of an image that was never started"
    return _refuse_text(value)


def _refuse_uuid(value: str) -> str | None:
    if not _UUID.fullmatch(value):
        return "a placeholder nobody filled in" if value in _PLACEHOLDERS else "not a UUID"
    if set(value.replace("-", "")) in ({"0"}, {"f"}):
        return "all zeros or all Fs"
    for variant in uuid_variants(value):
        bare = variant.replace("-", "")
        if bare in _NO_UUIDS:
            return "a placeholder nobody filled in"
        if len({bare[i : i + 2] for i in range(0, 32, 2)}) == 1:
            return "one byte repeated"
    return None


def _refuse_mac(value: str) -> str | None:
    if not _MAC.fullmatch(value):
        return "not a MAC address"
    first = int(value[:2], 16)
    if value in {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"} or first & 1:
        return "not the address of one interface"
    if first & 2:
        return "locally administered, so not unique"
    if protocol := next((name for start, name in _SHARED_MACS.items() if value.startswith(start)), None):
        return f"shared by a redundancy protocol ({protocol})"
    maker = next((name for start, name in _MADE_MACS.items() if value.startswith(start)), None)
    return f"the same on every machine with {maker}" if maker else None


def _refuse_fqdn(value: str) -> str | None:
    host, _, domain = value.partition(".")
    if not domain or host == "localhost" or domain in _NO_DOMAINS or value.endswith((".local", ".localdomain")):
        return "no domain of its own"
    return "an address, not a name" if re.fullmatch(r"[0-9.]+", value) or _ADDRESS_NAME.fullmatch(host) else None


_KEYS: dict[str, tuple[Callable[[str], str], Callable[[str], str | None]]] = {
    "smbios_uuid": (_uuid, _refuse_uuid),
    "macs": (_mac, _refuse_mac),
    "fqdn": (_fqdn, _refuse_fqdn),
    "url": (_url, _refuse_name),
    "virtual_host": (_plain, lambda _: None),  # a broker's own is called /, which is no placeholder
    "machine_id": (_plain, _refuse_machine_id),
    "vendor": (_vendor, _refuse_vendor),
}
"""How each key is brought to its normal form and refused; other serials come from firmware, other names from people."""
