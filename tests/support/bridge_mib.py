"""BRIDGE-MIB of a Linux bridge for snmpd's `pass_persist`, read from the kernel: net-snmp has none of its own.

`python bridge_mib.py br0` answers PING, get and getnext on standard input, as snmpd.conf(5) says. `lag` in place of a
bridge is the column of IEEE8023-LAG-MIB that says which port is in which LAG; ports say so by their alias, `in po1`.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

Oid = tuple[int, ...]
ATTACHED: Oid = (1, 2, 840, 10006, 300, 43, 1, 2, 1, 1, 13)
Table = dict[Oid, tuple[str, str]]
ROOT: Oid = (1, 3, 6, 1, 2, 1, 17)
ENTRY = struct.Struct("=6sBBIBBH")
"""Of `brforward`: address, port, whether it is the bridge's own, age, the port's upper half, and padding."""
LEARNED, OWN = 3, 4
HERE = Path("/sys/class/net")


def _index(name: str) -> int:
    return int((HERE / name / "ifindex").read_text())


def _lag(name: str) -> str:
    """The LAG of a port, or the port itself."""
    said, _, lag = (HERE / name / "ifalias").read_text().strip().partition(" ")
    return lag if said == "in" else name


def lags() -> Table:
    """The members of all LAGs."""
    names = [one.name for one in HERE.iterdir() if (one / "ifalias").exists()]
    members = {name: _lag(name) for name in names if _lag(name) != name}
    return {(*ATTACHED, _index(name)): ("integer", str(_index(lag))) for name, lag in members.items()}


def table(bridge: str) -> Table:
    """Every value there is, by its object identifier."""
    ports = {
        int((port / "port_no").read_text(), 16): _index(_lag(port.name)) for port in (HERE / bridge / "brif").iterdir()
    }
    own = (HERE / bridge / "address").read_text().strip().replace(":", " ")
    found: Table = {(*ROOT, 1, 1, 0): ("octet", own), (*ROOT, 1, 2, 0): ("integer", str(len(ports)))}
    found |= {(*ROOT, 1, 4, 1, 2, port): ("integer", str(index)) for port, index in ports.items()}
    for mac, port, local, _, upper, *_ in ENTRY.iter_unpack((HERE / bridge / "brforward").read_bytes()):
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
            said = answer(lags() if bridge == "lag" else table(bridge), asked, following=command == "getnext")
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
