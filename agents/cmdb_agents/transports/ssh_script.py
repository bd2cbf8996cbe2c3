"""The one script that is run on a host without an agent, and which part of it brings what.

POSIX sh. It only reads, writes nothing, starts nothing that stays. Each part stands in a frame with its exit status;
the frames carry a random word, so that nothing a program of that host prints can be taken for one. A command that is
missing is an answer. Where the host has gzip the answer is packed: a sixth of the bytes, and far fewer packets than
so many small commands make. What the parts bring is what `Reader` reads: a house test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from cmdb_agents.parsers.blocks import FILES
from cmdb_agents.parsers.packages import RPM
from cmdb_agents.transports import ssh_bundles, ssh_masking, ssh_settings
from cmdb_agents.transports.linux.containers import CONTAINERD, PIDS, PODMAN, SOCKETS, STORE
from cmdb_agents.transports.linux.neighbours import LLDPD_SOCKETS
from cmdb_agents.transports.linux.packages import RPM_DATABASES, STATUS
from cmdb_agents.transports.local import COMMAND, DMI

Form = Literal["lines", "strings", "tests", "links", "sockets", "sizes", "output", "file"]
"""How a part's answer is read: `path:line`, the same with NULs for line ends, `letter path` (d folder, e other thing,
! denied), long listings of links, holders of sockets, `size path`, as one text, or as the file that `path` names."""


@dataclass(frozen=True, slots=True)
class Part:
    """One framed part: its commands, how its answer is read, and the sections that are incomplete without it."""

    name: str
    areas: tuple[str, ...]
    form: Form
    shell: str
    command: tuple[str, ...] = ()  # what the reader asks for, where it asks for the output of a command
    path: str = ""  # of the file that the answer is


SYSTEM = ("/proc/sys/kernel/random/boot_id", "/proc/meminfo", "/etc/machine-id", "/var/lib/dbus/machine-id",
          "/etc/os-release", "/usr/lib/os-release", "/etc/hosts", "/etc/passwd", "/run/systemd/container",
          "/proc/sys/net/ipv4/ip_local_port_range", "/proc/self/mountinfo", "/proc/net/if_inet6", "/etc/group",
          "/var/lib/cloud/data/instance-id", "/proc/net/route", "/proc/net/ipv6_route", "/etc/resolv.conf",
          "/run/systemd/resolve/resolv.conf")  # fmt: skip
FIRMWARE = tuple(f"/sys/class/dmi/id/{name}" for name in DMI)
NETWORK = ("address", "addr_assign_type", "bonding_slave/perm_hwaddr", "type", "uevent", "mtu", "speed", "operstate",
           "ifindex", "bonding/mode")  # fmt: skip
CONNTRACK = "/proc/net/nf_conntrack"
MODULES = "/sys/firmware/dmi/entries"
TABLES = ("tcp", "tcp6", "udp", "udp6")
BLOCKING = "nfs|cifs|smb|ceph|gluster|9p|virtiofs|afs|autofs|zfs"

_EACH = " ".join(f"/sys/class/net/*/{name}" for name in NETWORK)
_BLOCK = " ".join(f"/sys/class/block/*/{name}" for name in FILES)
_ISCSI = "/sys/class/iscsi_connection/*"
_DPKG = " ".join(f"-e '^{name}: '" for name in ("Package", "Status", "Version", "Architecture", "Source"))

TOGETHER = 8
"""Parts that are packed together: what one of them delays, the parts of earlier groups do not wait for."""

PARTS = (
    Part("who", ("host",), "output", 'id -u; echo "$$"; uname -n; uname -r; uname -m'),
    Part("system", ("host", "filesystems", "sockets", "accounts"), "lines", f"show {' '.join(SYSTEM)}"),
    # The flags of the first processor say it for all.
    Part(
        "processor", ("host",), "lines",
        "if has awk; then show /proc/cpuinfo | awk '/^[^:]*:flags/ && seen++ { next } { print }'\n"
        "else show /proc/cpuinfo; fi",
    ),
    Part("firmware", ("host",), "lines", f"show {' '.join(FIRMWARE)}"),
    Part("firmware_denied", ("host",), "tests",
         f"denied {' '.join(FIRMWARE)} /proc/1/environ {CONNTRACK} {MODULES}/17-*/raw"),
    Part("modules", ("host",), "tests", f"there {MODULES}/*"),
    Part("module", ("host",), "lines",
         f"for one in {MODULES}/17-*/raw; do\n"
         "  [ ! -r $one ] || echo \"$one:$(od -An -v -tx1 $one | tr -d ' \\n')\"\ndone"),
    Part(
        "around", ("host",), "lines",
        "tr '\\0' '\\n' </proc/1/environ | grep -a '^container=' | sed 's|^|/proc/1/environ:|'",
    ),
    Part("markers", ("host", "services", "containers"), "tests",
         f"there /.dockerenv /run/.containerenv /run/systemd/system {STATUS}"
         f" {CONTAINERD} {CONTAINERD}/* {CONTAINERD}/*/*"
         f" {' '.join(RPM_DATABASES)} {' '.join(LLDPD_SOCKETS)} {CONNTRACK}"
         f" {STORE} {STORE}/*"),
    Part(
        "sizes", ("filesystems",), "sizes",
        "awk '{ for (i = 7; i <= NF && $i != \"-\"; i++); t = $(i + 1); d = $(i + 2) }\n"
        f"  t !~ /^({BLOCKING})/ && (t !~ /^fuse/ || t == \"fuseblk\")"
        " && (d ~ /^\\// || t == \"overlay\" || t == \"btrfs\") { print $5 }' /proc/self/mountinfo |\n"
        "head -n 500 | while IFS= read -r place; do\n"
        "  real=$(printf '%b' \"$place\")\n"
        "  df -P -k \"$real\" | awk -v place=\"$real\" 'NR == 2 { print $(NF - 4), place }'\n"
        "done",
    ),
    Part("interfaces", ("network",), "tests",
         "there /sys/class/net/* /sys/class/net/*/device /sys/class/net/*/tun_flags /sys/class/net/*/lower_*"),
    Part("interface", ("network",), "lines", f"show {_EACH} /proc/net/vlan/*"),
    Part("masters", ("network",), "links", "long -d /sys/class/net/*/master /sys/class/net/*/device/driver"),
    Part("addresses", ("network",), "output", "ip -o addr show"),
    Part("neighbours", ("neighbours",), "output", "ip -o neigh show"),
    Part("tables", ("sockets", "services"), "lines", f"show {' '.join(f'/proc/net/{t}' for t in TABLES)}"),
    Part("processes", ("sockets", "services"), "lines", "show /proc/[0-9]*/stat; show /proc/[0-9]*/cgroup"),
    Part("owners", ("services",), "lines",
         "grep -a -e '^Name:' -e '^Uid:' /dev/null /proc/[0-9]*/status"),
    Part(
        "arguments", ("services",), "strings",
        "has awk || return 127\n"
        "{ if echo | grep -az '' >/dev/null; then\n"
        "grep -az '' /dev/null /proc/[0-9]*/cmdline | tr '\\n\\0' ' \\n'; else\n"
        "for file in /proc/[0-9]*/cmdline; do tr '\\n\\0' ' \\n' <\"$file\" | sed \"s|^|$file:|\"\n"
        "done; fi; } | awk \"$masking\" | tr '\\n' '\\0'",
    ),
    Part("programs", ("services",), "links", "long -d /proc/[0-9]*/exe"),
    Part(
        "holders", ("sockets", "services"), "sockets",
        "long /proc/[0-9]*/fd 2>&1 | awk '\n"
        "/^ls: .*Permission denied/ && match($0, /proc\\/[0-9]+\\/fd.?:/) {\n"
        "  split(substr($0, RSTART), part, \"/\"); print \"!\", part[2] }\n"
        "/^\\/proc\\/[0-9]+\\/fd:$/ { split($0, part, \"/\"); print \"p\", part[3]; other = 0; next }\n"
        "/^l.* -> socket:\\[[0-9]+\\]$/ { print $(NF - 2), substr($NF, 9, length($NF) - 9); next }\n"
        "/^l/ { if (!other++) print \"-\" }'",
    ),
    Part("namespaces", ("sockets", "services"), "links", "long -d /proc/self/ns/net /proc/[0-9]*/ns/net"),
    Part(
        "other_tables", ("sockets", "services"), "lines",
        "for pid in $(long -d /proc/self/ns/net /proc/[0-9]*/ns/net | awk '\n"
        "/\\/proc\\/self\\// { own = $NF; seen[own] = 1 }\n"
        "{ where[NR] = $NF; path[NR] = $(NF - 2) }\n"
        "END { for (i = 1; i <= NR; i++) if (!seen[where[i]]++ && count++ < 100) {\n"
        "  split(path[i], part, \"/\"); print part[3] } }'); do\n"
        f"  show {' '.join(f'/proc/$pid/net/{t}' for t in TABLES)}\n"
        "done",
    ),
    Part("units", ("services",), "output",
         "[ -d /run/systemd/system ] || return 0\nsaid=$(" + " ".join(f"'{word}'" for word in COMMAND) + ") || return\n"
         "printf '%s\\n' \"$said\" | awk -v line=1 \"$masking\"", tuple(COMMAND)),
    Part("start", ("host",), "lines", "grep -a -e '^cpu ' -e '^btime ' /dev/null /proc/stat"),
    Part("devices", ("storage",), "tests", "there /sys/class/block/* /sys/class/block/*/slaves/*"),
    Part("device", ("storage",), "lines",
         f"show {_BLOCK} {_ISCSI}/persistent_address {_ISCSI}/persistent_port"),
    Part("device_paths", ("storage",), "links", "long -d /sys/class/block/*"),
    Part("udev", ("storage",), "lines", "grep -a '^E:' /dev/null /run/udev/data/b*"),
    Part("dpkg", ("packages",), "file", f"[ ! -e {STATUS} ] || grep -a -e '^$' {_DPKG} {STATUS}", path=STATUS),
    Part("rpm", ("packages",), "output", "has rpm || return 127\n" + " ".join(f"'{word}'" for word in RPM),
         command=tuple(RPM)),
    Part("lldp", ("neighbours",), "output",
         "for one in " + " ".join(LLDPD_SOCKETS) + "; do [ ! -S $one ] || { lldpctl -f json0; return; }; done",
         command=("lldpctl", "-f", "json0")),
    Part("translations", ("sockets",), "file", f"[ ! -r {CONNTRACK} ] || head -n 50000 {CONNTRACK}", path=CONNTRACK),
    Part("podman", ("services", "containers"), "lines", f"show {PODMAN}/containers.json {PIDS}/*/userdata/pidfile"),
    Part("bundles", ("services", "containers"), "lines",
         f"has awk || return 127\nset --\nfor one in {CONTAINERD}/*/*/config.json; do"
         f" [ ! -r \"$one\" ] || set -- \"$@\" \"$one\"; done\n"
         f"[ $# = 0 ] || awk '{ssh_bundles.KEEP}' \"$@\""),
    Part(
        "containers", ("services", "containers"), "output",
        "for socket in $(for one in " + " ".join(SOCKETS) + "; do readlink -f \"$one\"; done | sort -u); do\n"
        "  [ -S \"$socket\" ] || continue\n"
        "  printf '%s ' \"$socket\"\n"
        "  if [ ! -w \"$socket\" ]; then echo '!permission denied'\n"
        "  elif ! has curl; then echo '!missing command curl'\n"
        "  else curl -s --max-time 5 --unix-socket \"$socket\" http://localhost/containers/json || echo '!no answer'\n"
        "  echo; fi\n"
        "done; true",
    ),
    Part("settings_denied", ("configuration", "certificates"), "tests",
         f"{ssh_settings.denied()}\n{ssh_settings.clusters()}"),
    Part("settings", ("configuration", "certificates"), "lines", ssh_settings.settings()),
    Part("certificates", ("certificates",), "lines", ssh_settings.certificates()),
    Part("names", ("configuration",), "output", ssh_settings.names()),
)  # fmt: skip

_HEAD = """\
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export LC_ALL PATH
umask 077
exec 2>/dev/null
has() { command -v "$1" >/dev/null; }
show() { grep -a '' /dev/null "$@"; }
denied() { for one in "$@"; do [ -e "$one" ] && [ ! -r "$one" ] && echo "! $one"; done; true; }
there() { for one in "$@"; do if [ -d "$one" ]; then echo "d $one"; elif [ -e "$one" ]; then echo "e $one"; fi; done; }
quiet=; ls -q / >/dev/null && quiet=-q
long() { ls -ln $quiet "$@"; }
if has gzip; then printf '\\n@%s packed\\n' "$word"; pack() { gzip -1c; }; else pack() { cat; }; fi
part() { printf '\\n@%s begin %s\\n' "$word" "$1"; "do_$1"; printf '\\n@%s end %s %s\\n' "$word" "$1" "$?"; }
"""


def script(word: str) -> str:
    """The whole script; `word` is random hexadecimal, new for each run."""
    return f"main() {{\nword={word}\n{_body()}"


@cache
def _body() -> str:
    functions = "\n".join(f"do_{part.name}() {{\n{part.shell}\n}}" for part in PARTS)
    # All of it stands in one function, so that half a script does nothing, and nothing in it can eat the rest.
    groups = [PARTS[at : at + TOGETHER] for at in range(0, len(PARTS), TOGETHER)]
    run = "\n".join(
        f"{{ {'; '.join(f'part {part.name}' for part in group)}; }} | pack" for group in groups
    )  # fmt: skip
    awk = f"{ssh_settings.HELP}masking='{ssh_masking.program()}'\n"
    return f"{_HEAD}{awk}{functions}\n{run}\n}}\nmain </dev/null\n"
