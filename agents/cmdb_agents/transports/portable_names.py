"""What an interface is, by what macOS and Windows call it: psutil tells nothing that is behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAMES: Mapping[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    "Darwin": (
        ("ethernet", re.compile(r"en\d+")),
        ("tunnel", re.compile(r"(?:utun|ipsec|gif|stf|ppp|tun|tap|wg)\d*")),
        ("bridge", re.compile(r"bridge\d+")),
        ("vlan", re.compile(r"vlan\d+")),
        ("bond", re.compile(r"bond\d+")),
        ("virtual", re.compile(r".*")),  # awdl, llw, ap, anpi, vmenet, feth: made by the system, with a MAC of the day
    ),
    "Windows": (
        ("virtual", re.compile(r"vEthernet \(.*|Local Area Connection\* \d+|.*(?:Hyper-V|VMware|VirtualBox).*")),
        ("tunnel", re.compile(r"(?:isatap|Teredo|6TO4|.*(?:VPN|WireGuard|OpenVPN|TAP-)).*", re.IGNORECASE)),
    ),
}  # fmt: skip


def interface_kind(system: str, name: str) -> str:
    """One of ethernet, virtual, tunnel, bridge, vlan and bond; what no name says counts as ethernet."""
    return next((kind for kind, pattern in _NAMES.get(system, ()) if pattern.fullmatch(name)), "ethernet")
