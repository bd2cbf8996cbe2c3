"""From the JSON of a GLPI agent to sections of a report. Pure; what it does not know it leaves out, never guesses.

A full inventory says everything of the categories it has. A partial one adds: of the host it may say a part only, so it
is laid over what was said before, and its lists never take anything away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from cmdb.errors import Invalid
from cmdb.words import Evidence, Item, Link, Ref, Section, Value

HOST_CATEGORIES = ("hardware", "bios", "operatingsystem", "cpus", "memories")
"""What a host's own values come from; kept of each device, so that a partial inventory can be laid over it."""

SELF = Ref("Host", "self")
SEEN = "inventory"
MEBI = 2**20
_MOST_ROWS = 20_000
_NONE = frozenset({"", "none", "n/a", "unknown", "to be filled by o.e.m.", "default string", "not specified"})
_KINDS = {"loopback": "loopback", "bridge": "bridge", "ethernet": "ethernet", "aggregate": "bond", "alias": "virtual"}
_CALLED = {
    "red hat": "rhel",
    "redhat": "rhel",
    "oracle": "ol",
    "suse": "sles",
    "amazon": "amzn",
    "almalinux": "almalinux",
}
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Message:
    """What an agent sent: `action` is contact or inventory, `content` its categories."""

    action: str
    device: str
    partial: bool
    content: Mapping[str, Any]


def message(body: Any) -> Message:
    """Check the outer shape; Invalid names what is wrong."""
    if not isinstance(body, dict):
        raise Invalid("expected an object", where="$")
    if (query := str(body.get("query") or "INVENTORY")[:40]) != "INVENTORY":  # what agents before the word "action" say
        raise Invalid(f"only the query INVENTORY is taken, not {query!r}", where="$.query")
    action, device = body.get("action", "inventory"), body.get("deviceid")
    if action not in ("contact", "inventory"):
        raise Invalid(f"the actions known here are contact and inventory, not {str(action)[:40]!r}", where="$.action")
    if not isinstance(device, str) or not 0 < len(device) <= 200:
        raise Invalid("expected the agent's deviceid, 1 to 200 characters", where="$.deviceid")
    content = body.get("content", {})
    if not isinstance(content, dict) or (action == "inventory" and not content):
        raise Invalid("expected an object of categories", where="$.content")
    if action == "inventory" and (kind := body.get("itemtype", "Computer")) != "Computer":
        raise Invalid(f"only inventories of computers are taken, not of a {str(kind)[:40]!r}", where="$.itemtype")
    return Message(action, device, body.get("partial") is True, content)


def sections(sent: Message, before: Mapping[str, Any]) -> tuple[Section, ...]:
    """The sections a message fills; `before` has the host's categories as this device said them last."""
    made = [_host({**before, **sent.content})] if set(HOST_CATEGORIES) & set(sent.content) else []
    for names, section in _LISTS.items():
        if set(names) & set(sent.content):
            made.append(section({**before, **sent.content}))
    if sent.partial:
        made = [Section(s.name, s.name == "host", s.items, s.links) for s in made]
    return tuple(made)


def boot(content: Mapping[str, Any]) -> str:
    """What tells two starts apart, as far as the agent says."""
    said = _one(content, "operatingsystem").get("boot_time")
    return re.sub(r"[^0-9A-Za-z:.-]", "_", said)[:100] if isinstance(said, str) and said else "unknown"


# --- shapes ------------------------------------------------------------------------------------------------


def _one(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name)
    if isinstance(value, list) and len(value) == 1:  # some agents send a list of one
        value = value[0]
    if value is not None and not isinstance(value, dict):
        raise Invalid("expected an object", where=f"$.content.{name}")
    return value or {}


def _rows(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = content.get(name) or []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Invalid("expected a list of objects", where=f"$.content.{name}")
    if len(value) > _MOST_ROWS:
        raise Invalid(f"at most {_MOST_ROWS} rows, not {len(value)}", where=f"$.content.{name}")
    return value


def _text(row: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            text = "".join(c for c in str(value) if c.isprintable()).strip()[:500]
            if text.lower() not in _NONE:
                return text
    return ""


def _number(row: Mapping[str, Any], name: str) -> int | None:
    found = re.match(r"\d{1,15}", str(row.get(name, "")).strip())
    return int(found[0]) if found else None


def _item(cls: str, key: str, name: str, **values: Value) -> Item:
    return Item(
        cls, key[:512], (name or key)[:200], {k: v for k, v in sorted(values.items()) if v not in (None, "", ())}
    )


def _unique(items: Iterable[Item]) -> tuple[Item, ...]:
    found = {(item.cls, item.key): item for item in items}
    return tuple(found[key] for key in sorted(found))


# --- categories --------------------------------------------------------------------------------------------


def _host(content: Mapping[str, Any]) -> Section:
    hardware, bios, system = (_one(content, name) for name in ("hardware", "bios", "operatingsystem"))
    cpus, memory = _rows(content, "cpus"), _number(hardware, "memory")
    name = _text(hardware, "name")
    fqdn = _text(system, "fqdn").lower()
    vendor, product, version = _distribution(system), _text(system, "full_name", "name"), _text(system, "version")
    cores = [n for cpu in cpus if (n := _number(cpu, "core"))]
    threads = [n for cpu in cpus if (n := _number(cpu, "thread"))]
    host = _item(
        "Host",
        "self",
        name.partition(".")[0] or "unnamed",
        hostname=name.partition(".")[0],
        fqdn=fqdn if "." in fqdn else "",
        smbios_uuid=_text(hardware, "uuid").lower(),
        serial=_text(bios, "ssn"),
        board_serial=_text(bios, "msn"),
        chassis_serial=_text(bios, "enclosureserial"),
        vendor=_text(bios, "smanufacturer"),
        model=_text(bios, "smodel"),
        bios_version=_text(bios, "bversion"),
        bios_vendor=_text(bios, "bmanufacturer"),
        bios_date=_text(bios, "bdate"),
        chassis_type=_text(hardware, "chassis_type").lower(),
        virtualisation=_text(hardware, "vmsystem").lower().replace("physical", "none"),
        os_id=vendor,
        os_name=product,
        os_version=version,
        kernel=_text(system, "kernel_version"),
        architecture=_text(system, "arch"),
        cpu_model=_text(cpus[0], "name") if cpus else "",
        cpu_sockets=len(cpus) or None,
        cpu_cores=sum(cores) or None,
        cpu_threads=sum(threads) or None,
        memory_bytes=memory * MEBI if memory else None,
        memory_modules=tuple(sorted(_modules(_rows(content, "memories")))),
        dns_servers=tuple(sorted(set(_text(hardware, "dns").replace("/", " ").split()))),
    )
    parts = (vendor, *_release(product, version))
    key = "os:" + "/".join(quote(part, safe=" ") for part in parts)
    runs = (Link("RUNS_SYSTEM", SELF, Ref("OperatingSystem", key), Evidence(SEEN, "as the agent says", 1.0)),)
    return Section("host", True, (host,), runs if all(parts) and len(key) <= 512 else ())


def _distribution(system: Mapping[str, Any]) -> str:
    """What os-release(5) calls the distribution that LSB names, as Debian GNU/Linux or RedHatEnterpriseServer."""
    name = _text(system, "name").lower()
    return next((word for start, word in _CALLED.items() if name.startswith(start)), name.partition(" ")[0])


def _release(product: str, version: str) -> tuple[str, str]:
    """Name and release: Debian GNU/Linux and 12 of `Debian GNU/Linux 12 (bookworm)`, whose version is 12.11."""
    found = re.search(r" (\d[\d.]*)", product)
    if found and f"{version}.".startswith(f"{found[1]}."):
        return product[: found.start()], found[1]
    return (product.partition(f" {version}")[0] if version else product), version


def _modules(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        if size := _number(row, "capacity"):
            slot = _text(row, "caption", "description", "numslots") or "slot"
            yield f"{slot}: {size} MiB {_text(row, 'type')}".strip()


def _storage(content: Mapping[str, Any]) -> Section:
    volumes, laid = _volumes(content)
    told = "storages" in content  # where only volumes are told, no disk is gone
    return Section("storage", told, _unique([*_disks(_rows(content, "storages")), *volumes]), laid)


def _disks(rows: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
    for row in rows:
        size, key = _number(row, "disksize"), _text(row, "serial", "serialnumber", "name")
        if key and _text(row, "type").lower() not in ("cd", "dvd", "floppy"):
            yield _item(
                "Disk", key, _text(row, "name"), serial=_text(row, "serial", "serialnumber"), device=_text(row, "name"),
                vendor=_text(row, "manufacturer"), model=_text(row, "model"), wwn=_text(row, "wwn").lower(),
                firmware=_text(row, "firmware"), size_bytes=size * MEBI if size else None,
            )  # fmt: skip


def _volumes(content: Mapping[str, Any]) -> tuple[list[Item], tuple[Link, ...]]:
    """Logical volumes, named as the kernel names them, and what their group lies on."""
    below: dict[str, list[Item]] = {}
    for row in _rows(content, "physical_volumes"):
        if name := _text(row, "device").removeprefix("/dev/"):
            size = _number(row, "size")
            one = _item("Volume", name, name, size_bytes=size * MEBI if size else None)
            below.setdefault(_text(row, "vg_uuid"), []).append(one)
    made, links = [one for found in below.values() for one in found], {}
    for row in _rows(content, "logical_volumes"):
        group, name, size = _text(row, "vg_name"), _text(row, "lv_name"), _number(row, "size")
        if group and name:
            key = f"{group.replace('-', '--')}-{name.replace('-', '--')}"
            made.append(_item("Volume", key, key, kind="lvm", volume_group=group,
                              size_bytes=size * MEBI if size else None))  # fmt: skip
            for lower in below.get(_text(row, "vg_uuid") or "-", ()):
                proof = Evidence(SEEN, f"physical volume of {group}"[:300], 1.0)
                links[key, lower.key] = Link("STORED_ON", made[-1].ref, lower.ref, proof)
    return made, tuple(links[pair] for pair in sorted(links))


def _filesystems(content: Mapping[str, Any]) -> Section:
    items = []
    for row in _rows(content, "drives"):
        size, place = _number(row, "total"), _text(row, "letter", "type")  # on Windows `type` says the kind
        if place:
            items.append(_item(
                "Filesystem", place, place, mount_point=place, device=_text(row, "volumn"),
                type=_text(row, "filesystem"), size_bytes=size * MEBI if size else None,
            ))  # fmt: skip
    return Section("filesystems", True, _unique(items))


def _network(content: Mapping[str, Any]) -> Section:
    rows = _rows(content, "networks")
    items, links, ports = [], list(_carried(rows)), dict[str, Item]()
    for row in rows:
        if not (name := _text(row, "description")):
            continue
        mac, status = _text(row, "mac", "macaddr").lower(), _text(row, "status").lower()
        device = _item(
            "NetworkInterface", name, name, mac=mac if _MAC.fullmatch(mac) else "", mtu=_number(row, "mtu"),
            kind=_KINDS.get(_text(row, "type").lower(), ""), speed_mbps=_number(row, "speed") or None,
            driver=_text(row, "driver"), state=status if status in ("up", "down") else "",
        )  # fmt: skip
        if before := ports.get(device.key):  # there is a row for each of its addresses
            device = Item(device.cls, device.key, device.name, {**device.attributes, **before.attributes})
        ports[device.key] = device
        for address, length in _addresses(row):
            here = _item("IPAddress", f"{name} {address}", address, address=address, prefix_length=length,
                         family="IPv6" if ":" in address else "IPv4")  # fmt: skip
            items.append(here)
            links.append(Link("ASSIGNED_TO", here.ref, device.ref, Evidence(SEEN, f"address of {name}"[:300], 1.0)))
    edges = {(k.source, k.target): k for k in links if k.target.key in ports}
    return Section("network", True, _unique([*ports.values(), *items]), tuple(edges[key] for key in sorted(edges)))


def _carried(rows: Iterable[Mapping[str, Any]]) -> Iterator[Link]:
    """Bonds and bridges send through their members, an alias through the interface it is of."""
    for row in rows:
        name, members = _text(row, "description"), _text(row, "slaves").split(",")
        for lower in {member.strip() for member in (*members, _text(row, "base"))} - {"", name}:
            proof = Evidence(SEEN, f"{name} sends through {lower}"[:300], 1.0)
            yield Link("CARRIED_BY", Ref("NetworkInterface", name[:512]), Ref("NetworkInterface", lower[:512]), proof)


def _addresses(row: Mapping[str, Any]) -> Iterator[tuple[str, int | None]]:
    for name, mask in (("ipaddress", "ipmask"), ("ipaddress6", "ipmask6")):
        try:
            address = ip_address(_text(row, name).partition("%")[0].partition("/")[0])
        except ValueError:
            continue
        yield str(address), _length(_text(row, mask), address.version)


def _length(mask: str, version: int) -> int | None:
    """The bits of a mask such as 255.255.255.0 or ffff:ffff::; None when it is none."""
    try:
        found = ip_address(mask)
    except ValueError:
        return None
    bits = f"{int(found):0{found.max_prefixlen}b}"
    return None if found.version != version or "01" in bits else bits.count("1")


def _packages(content: Mapping[str, Any]) -> Section:
    links, system = {}, _distribution(_one(content, "operatingsystem"))
    for row in _rows(content, "softwares"):
        name, version, kind = _text(row, "name"), _text(row, "version"), _text(row, "from").lower()
        if name and version and kind:
            arch = f"?arch={quote(arch, safe='')}" if (arch := _text(row, "arch")) else ""
            space = f"/{quote(system, safe='')}" if system and kind in ("deb", "rpm") else ""
            key = f"pkg:{quote(kind, safe='')}{space}/{quote(name, safe='+.~')}@{quote(version, safe='+.:~')}{arch}"
            if len(key) <= 512:
                proof = Evidence("package", f"installed by {kind}"[:300], 1.0)
                links[key] = Link("HAS_SOFTWARE", SELF, Ref("SoftwareVersion", key), proof)
    return Section("packages", True, (), tuple(links[key] for key in sorted(links)))


def _accounts(content: Mapping[str, Any]) -> Section:
    items, groups = [], dict[str, set[str]]()
    for row in _rows(content, "local_groups"):
        members = row.get("members", row.get("member"))
        for member in members if isinstance(members, list) else [members]:
            if isinstance(member, str) and (group := _text(row, "name")):
                groups.setdefault(member, set()).add(group)
    for row in _rows(content, "local_users"):
        if name := _text(row, "login", "name"):  # Windows says the account's name only
            items.append(_item("Account", name, name, uid=_number(row, "id"), home=_text(row, "home"),
                               shell=_text(row, "shell"), groups=tuple(sorted(groups.get(name, ())))))  # fmt: skip
    return Section("accounts", True, _unique(items))


_LISTS: Mapping[tuple[str, ...], Callable[[Mapping[str, Any]], Section]] = {
    ("storages", "physical_volumes", "logical_volumes"): _storage,
    ("drives",): _filesystems,
    ("networks",): _network,
    ("softwares",): _packages,
    ("local_users",): _accounts,
}
"""Which section is made when one of its categories is told."""

TAKEN = frozenset({"versionclient", "local_groups", *HOST_CATEGORIES, *(name for names in _LISTS for name in names)})
LEFT = frozenset(
    {"accesslog", "antivirus", "batteries", "cameras", "cartridges", "consumables", "controllers", "databases_services",
     "envs", "firewalls", "firmwares", "inputs", "licenseinfos", "modems", "monitors", "network_components",
     "network_device", "network_ports", "pagecounters", "ports", "powersupplies", "printers", "processes",
     "remote_mgmt", "sensors", "simcards", "slots", "sounds", "usbdevices", "users", "versionprovider", "videos",
     "virtualmachines", "volume_groups"}
)  # fmt: skip
"""What the format has and is not kept: parts without a class, people, secrets, and what is said of other machines."""
