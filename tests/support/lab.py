"""A network in namespaces: hosts with real SSH servers behind real bridges, and programs from a declared list.

    sw1 ══ sw2 ── web1, app1, sw5, ap1
     │└═══ sw3 ── db1, mon1, sw4        mon1 is on sw2 too, by a second interface
     └──── collector

sw1 routes. Each switch has an LLDP and an SNMP daemon, where these are installed. Two cables lead to sw2, of which one
is blocked, and two to sw3, which are one LAG. sw4 speaks LLDP and does not listen; sw4 and sw5 look alike, and are both
called `spare`. ap1 speaks LLDP and answers no question. sw1 has a second address.

Each host and switch is a network namespace of its own with its own machine id; nothing is added to the namespace that
the tests run in. `python tests/support/lab.py` builds it and waits, to be looked at by hand.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from support import namespaces
from support.namespaces import PATH, Spaces
from support.ssh_server import CONFIG, SSHD, Server, new_key, shown

from cmdb_agents.discover.kind import Place, Secret

SWITCHES = {"sw1": (), "sw2": ("sw1",), "sw3": ("sw1",), "sw4": ("sw3",), "sw5": ("sw2",), "ap1": ("sw2",)}
HOSTS = {"web1": ("sw2", "10.77.0.11"), "app1": ("sw2", "10.77.0.12"), "db1": ("sw3", "10.77.0.13"),
         "mon1": ("sw3", "10.77.0.14"), "collector": ("sw1", "10.77.0.9")}  # fmt: skip
LOOKED_AT = ("web1", "app1", "db1", "mon1")
MANAGED = {"sw1": "10.77.0.1", "sw2": "10.77.0.2", "sw3": "10.77.0.3", "sw4": "10.77.0.4", "sw5": "10.77.0.5"}
SILENT = "ap1"
"""Tells its neighbours who it is, and nobody else anything."""
ALSO = {"sw1": "10.77.0.101"}
"""Switches with a second address."""
CALLED = {"sw4": "spare", "sw5": "spare"}
DEAF = "sw4"
PARALLEL = {("sw1", "sw2"): "", ("sw1", "sw3"): "po1"}
"""Switches with a second cable between them, and the LAG that both are then in."""
SECOND = {"mon1": "sw2"}
"""Hosts with a second interface, and the switch it is on."""


def _end(name: str, port: str) -> tuple[str, str | None]:
    """What a switch calls itself, and its port; of one that answers nobody no port is known."""
    return CALLED.get(name, name), None if name == SILENT else port


PAIRS = [(a, b, "") for a, uplinks in SWITCHES.items() for b in uplinks] + [(a, b, "b") for a, b in PARALLEL]
CABLES = {
    frozenset({_end(a, f"to-{b}{n}"), _end(b, f"to-{a}{n}")}): "one" if {DEAF, SILENT} & {a, b} else "both"
    for a, b, n in PAIRS
}
"""Between switches: both ends with their ports, and who says that it is there."""
ATTACHED = {(name, switch) for name, (switch, _) in HOSTS.items() if name in LOOKED_AT} | {*SECOND.items()}
COMMUNITY = "lab-community"
SPEAK = """
import socket, sys
for name in sys.argv[1:]:
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind((name, 0))
    link.send(b"\\xff" * 6 + link.getsockname()[4] + b"\\x88\\xb5" + bytes(46))
"""
"""One frame out of each interface, to nobody: who has been silent for long is in no forwarding table."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A connection that the lab has: a program on a host, to a port of another; how it behaves."""

    host: str
    program: str
    to: str
    port: int
    how: str = "steady"  # steady, short (a connection every moment, each closed at once) or loopback


SERVERS = {"web1": (80,), "app1": (8080, 9000), "db1": (5432, 6379), "mon1": (9090,)}
CONNECTIONS = (
    Declared("web1", "front", "app1", 8080),
    Declared("app1", "shop", "db1", 5432),
    Declared("app1", "cart", "db1", 6379),
    Declared("mon1", "scrape", "web1", 80),
    Declared("mon1", "scrape", "db1", 5432),
    Declared("web1", "session", "db1", 6379, "short"),
    Declared("app1", "worker", "app1", 9000, "loopback"),
)
SERVER = """
import socket, sys, threading
def serve(link):
    while link.recv(1024): link.sendall(b"ok")
    link.close()
listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
CLIENT = """
import socket, sys, time
own = socket.create_server(("0.0.0.0", int(sys.argv[1])))
def connect(address, port):
    for _ in range(200):
        try: return socket.create_connection((address, int(port)), timeout=5)
        except OSError: time.sleep(0.05)
steady = [connect(*one.rsplit(":", 1)) for one in sys.argv[2:] if not one.startswith("short=")]
while True:
    for link in steady: link.sendall(b"?"); link.recv(1024)
    for one in sys.argv[2:]:
        if one.startswith("short="):
            link = connect(*one[6:].rsplit(":", 1)); link.sendall(b"?"); link.recv(1024); link.close()
    time.sleep(0.2)
"""


def permitted() -> bool:
    """Whether network namespaces can be made here, and SSH servers in them."""
    return SSHD is not None and namespaces.permitted()


def managed() -> bool:
    """Whether the switches have their daemons here."""
    return all(shutil.which(program, path=PATH) for program in ("snmpd", "lldpd", "lldpcli"))


@dataclass
class Lab(Spaces):
    """The lab while it stands."""

    secret: Secret = field(default_factory=lambda: Secret("lab", "key", "root", ""))
    servers: dict[str, Server] = field(default_factory=dict)

    def sockets(self, name: str) -> Path:
        """Where a switch's daemons meet."""
        return Path("/run") / self.space(name)

    def acquaint(self) -> None:
        """Have every switch know its neighbours, and every host that is on two switches say a word on both."""
        for name in SWITCHES:
            self.run(name, "lldpcli", "-u", f"{self.sockets(name)}/lldpd", "update")
        for name in SECOND:
            self.run(name, sys.executable, "-c", SPEAK, "eth0", "eth1")
        until = time.monotonic() + 20
        for name in SWITCHES:
            cables = sum(name in (a, b) for a, b, _ in PAIRS) if name != DEAF else 0
            show = ["lldpcli", "-u", f"{self.sockets(name)}/lldpd", "-f", "keyvalue", "show", "neighbors"]
            while (
                subprocess.run(show, capture_output=True, text=True, check=True).stdout.count("chassis.name=") < cables
            ):
                assert time.monotonic() < until, f"{name} does not hear its neighbours"
                time.sleep(0.2)


@contextmanager
def lab(folder: Path) -> Iterator[Lab]:
    """The lab, standing and talking; gone with the block: first its processes, then its namespaces."""
    folder.mkdir(parents=True, exist_ok=True)
    user = new_key(folder / "user")
    assert user is not None
    made = Lab(folder, secret=Secret("lab", "key", "root", (folder / "user").read_text()))
    with made.ending():
        _wire(made)
        for name in LOOKED_AT:
            _sshd(made, name)
        if managed():
            for name in MANAGED:
                _snmpd(made, name)
            _lldpd(made, SILENT)
        _programs(made)
        time.sleep(2)  # until every client has its connection
        try:
            yield made
        finally:
            for name in SWITCHES:
                shutil.rmtree(made.sockets(name), ignore_errors=True)


def _wire(made: Lab) -> None:
    for name in (*SWITCHES, *HOSTS):
        made.make(name, MANAGED.get(name) or HOSTS.get(name, ("", "127.0.0.1"))[1], CALLED.get(name, name))
    for name in SWITCHES:
        made.run(name, "ip", "link", "add", "br0", "type", "bridge")
        made.run(name, "ip", "link", "set", "br0", "up")
        for address in (MANAGED.get(name), ALSO.get(name)):
            if address:
                made.run(name, "ip", "addr", "add", f"{address}/24", "dev", "br0")
        # Said of each: a namespace may take over what its machine does.
        made.run(name, "sh", "-c", f"echo {int(name == 'sw1')} > /proc/sys/net/ipv4/ip_forward")
    for a, b, n in PAIRS:
        # Of parallel cables one carries all, as the spanning tree or the LAG would have it.
        _cable(made, a, f"to-{b}{n}", b, f"to-{a}{n}", bridged=not n)
    for (a, b), lag in PARALLEL.items():
        for here, there in ((a, b), (b, a)) if lag else ():
            made.run(here, "ip", "link", "add", lag, "type", "bridge")  # a bond needs a module that few kernels have
            for port in (f"to-{there}", f"to-{there}b"):
                made.run(here, "ip", "link", "set", port, "alias", f"in {lag}")
    for name, (switch, address) in HOSTS.items():
        _cable(made, name, "eth0", switch, f"to-{name}")
        made.run(name, "ip", "addr", "add", f"{address}/24", "dev", "eth0")
    for name, switch in SECOND.items():
        _cable(made, name, "eth1", switch, f"to-{name}")


def _cable(made: Lab, here: str, port: str, there: str, other: str, *, bridged: bool = True) -> None:
    """A cable between two of them; its end at a switch is a port of the switch's bridge."""
    made.run(here, "ip", "link", "add", port, "type", "veth", "peer", "name", other, "netns", made.space(there))
    for name, end in ((here, port), (there, other)):
        if name in SWITCHES and bridged:
            made.run(name, "ip", "link", "set", end, "master", "br0")
        made.run(name, "ip", "link", "set", end, "up")


def _sshd(made: Lab, name: str) -> None:
    own = made.folder / name
    own.mkdir()
    Path("/run/sshd").mkdir(exist_ok=True)
    host = new_key(own / "host")
    (own / "authorized").write_text((made.folder / "user.pub").read_text())
    address = HOSTS[name][1]
    text = CONFIG.format(port=22, folder=own, more="").replace("ListenAddress 127.0.0.1", f"ListenAddress {address}")
    (own / "config").write_text(text)
    made.start(name, str(SSHD), "-D", "-f", str(own / "config"), "-E", str(own / "log"))
    made.servers[name] = Server(Place(address, 22, name), made.secret, shown(host), own / "log")


def _snmpd(made: Lab, name: str) -> None:
    """A switch's LLDP daemon behind its SNMP daemon, which has the bridge's tables from `bridge_mib`."""
    own = made.sockets(name)  # lldpd goes on without root: not in the folder of the tests, which is root's alone
    own.mkdir()
    Path("/run/lldpd").mkdir(exist_ok=True)
    mib = Path(__file__).with_name("bridge_mib.py")
    (own / "snmpd.conf").write_text(
        f"rocommunity {COMMUNITY}\nmaster agentx\nagentXSocket {own}/agentx\nsysObjectID 1.3.6.1.4.1.40310\n"
        f"sysServices 2\npass_persist .1.3.6.1.2.1.17 {sys.executable} {mib} br0\n"
        f"pass_persist .1.2.840.10006.300.43 {sys.executable} {mib} lag\n"
    )
    snmpd = shutil.which("snmpd", path=PATH) or "snmpd"
    made.start(
        name, "env", f"SNMP_PERSISTENT_DIR={own}/state", "MIBS=", snmpd, "-f", "-LE", "4", "-C", "-c",
        f"{own}/snmpd.conf", "-I", "-smux", *(f"udp:{one[name]}:161" for one in (MANAGED, ALSO) if name in one),
    )  # fmt: skip
    until = time.monotonic() + 10
    while not (own / "agentx").exists():  # who comes before it asks again after 15 seconds only
        assert time.monotonic() < until, (made.folder / f"{name}.log").read_text()
        time.sleep(0.05)
    _lldpd(made, name, "-x", "-X", f"{own}/agentx")


def _lldpd(made: Lab, name: str, *more: str) -> None:
    own = made.sockets(name)
    own.mkdir(exist_ok=True)
    (own / "lldpd.conf").write_text("configure lldp status tx-only\n" if name == DEAF else "")  # read before it starts
    more = (*more, "-O", f"{own}/lldpd.conf", "-I", "to-*")
    made.start(name, shutil.which("lldpd", path=PATH) or "lldpd", "-d", "-u", f"{own}/lldpd", *more)


def _programs(made: Lab) -> None:
    for name, ports in SERVERS.items():
        for port in ports:
            path = made.folder / name / f"server{port}.py"
            path.write_text(SERVER)
            made.start(name, sys.executable, str(path), str(port))
    programs: dict[tuple[str, str], list[str]] = {}
    for one in CONNECTIONS:
        address = "127.0.0.1" if one.how == "loopback" else HOSTS[one.to][1]
        mark = "short=" if one.how == "short" else ""
        programs.setdefault((one.host, one.program), []).append(f"{mark}{address}:{one.port}")
    for n, ((host, program), targets) in enumerate(sorted(programs.items())):
        path = made.folder / host / f"{program}.py"
        path.write_text(CLIENT)
        made.start(host, sys.executable, str(path), str(7_000 + n), *targets)


def declared(*how: str) -> set[tuple[str, str, str]]:
    """(host, program, endpoint) of every connection that behaves so."""
    return {
        (c.host, c.program, f"tcp://{'127.0.0.1' if c.how == 'loopback' else HOSTS[c.to][1]}:{c.port}")
        for c in CONNECTIONS
        if c.how in how
    }


def seen(made: Lab, hosts: Sequence[str], keys: Path) -> dict[str, object]:
    """What a collector inside the lab sees of hosts: name → {complete sections, links, addresses}, read as JSON."""
    program = (
        "import json, sys, time\nfrom pathlib import Path\n"
        "from cmdb_agents.discover.kind import Place, Secret, Task\nfrom cmdb_agents.discover.kinds.ssh import SSH\n"
        "secret = Secret('lab', 'key', 'root', Path(sys.argv[1]).read_text())\nout = {}\n"
        "for name, address in json.loads(sys.argv[3]).items():\n"
        "    sight = SSH.look(Task(Place(address, 22, name), Path(sys.argv[2]), (secret,), now=int(time.time())))\n"
        "    out[name] = {'name': sight.name, 'unseen': sight.unseen, 'neighbours': sight.neighbours,\n"
        "        'links': [[k.source.key, k.type, k.target.key] for s in sight.sections for k in s.links],\n"
        "        'items': [[i.cls, i.key, i.name] for s in sight.sections for i in s.items]}\nprint(json.dumps(out))\n"
    )
    places = json.dumps({name: HOSTS[name][1] for name in hosts})
    done = subprocess.run(
        made.inside("collector", sys.executable, "-c", program, str(made.folder / "user"), str(keys), places),
        capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    found: dict[str, object] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place, lab(Path(place)) as standing:
        print(f"the lab stands; enter it with: ip netns exec {standing.space('collector')} sh")
        print(f"its key: {standing.folder / 'user'}; hosts: {', '.join(f'{n} {HOSTS[n][1]}' for n in LOOKED_AT)}")
        input("Enter ends it ")
