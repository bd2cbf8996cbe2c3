"""BRIDGE-MIB of a Linux bridge for snmpd's `pass_persist`, read from the kernel: net-snmp has none of its own.

`python bridge_mib.py br0` answers PING, get and getnext on standard input, as snmpd.conf(5) says.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

Oid = tuple[int, ...]
Table = dict[Oid, tuple[str, str]]
ROOT: Oid = (1, 3, 6, 1, 2, 1, 17)
ENTRY = struct.Struct("=6sBBIBBH")
"""Of `brforward`: address, port, whether it is the bridge's own, age, the port's upper half, and padding."""
LEARNED, OWN = 3, 4


def table(bridge: str) -> Table:
    """Every value there is, by its object identifier."""
    here = Path("/sys/class/net")
    ports = {
        int((port / "port_no").read_text(), 16): int((here / port.name / "ifindex").read_text())
        for port in (here / bridge / "brif").iterdir()
    }
    own = (here / bridge / "address").read_text().strip().replace(":", " ")
    found: Table = {(*ROOT, 1, 1, 0): ("octet", own), (*ROOT, 1, 2, 0): ("integer", str(len(ports)))}
    found |= {(*ROOT, 1, 4, 1, 2, port): ("integer", str(index)) for port, index in ports.items()}
    for mac, port, local, _, upper, *_ in ENTRY.iter_unpack((here / bridge / "brforward").read_bytes()):
        state = OWN if local else LEARNED
        columns = (("octet", mac.hex(" ")), ("integer", str(port + 256 * upper)), ("integer", str(state)))
        found |= {(*ROOT, 4, 3, 1, n, *mac): value for n, value in enumerate(columns, 1)}
    return found


def answer(found: Table, asked: Oid, *, following: bool) -> str:
    """Three lines, or NONE."""
    oid = min((one for one in found if one > asked), default=None) if following else asked
    if oid is None or oid not in found:
        return "NONE"
    kind, value = found[oid]
    return f".{'.'.join(map(str, oid))}\n{kind}\n{value}"


def main(bridge: str) -> None:
    """Until standard input ends."""
    while command := sys.stdin.readline().strip():
        if command == "PING":
            said = "PONG"
        else:
            asked = tuple(int(part) for part in sys.stdin.readline().strip().strip(".").split("."))
            said = answer(table(bridge), asked, following=command == "getnext")
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
