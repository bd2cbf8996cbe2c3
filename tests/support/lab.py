"""A network in namespaces: hosts with real SSH servers behind real bridges, and programs from a declared list.

    sw1 ── sw2 ── web1, app1
     │└─── sw3 ── db1, mon1        mon1 is on sw2 too, by a second interface
     └──── collector

sw1 routes. Each switch has an LLDP and an SNMP daemon, where these are installed.

Each host and switch is a network namespace of its own with its own machine id; nothing is added to the namespace that
the tests run in. `python tests/support/lab.py` builds it and waits, to be looked at by hand.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from support.ssh_server import CONFIG, SSHD, Server, new_key, shown

from cmdb_agents.discover.kind import Place, Secret

T = TypeVar("T")
CLONE_NEWNET = 0x40000000
"""Of setns(2): a network namespace."""
SWITCHES = {"sw1": (), "sw2": ("sw1",), "sw3": ("sw1",)}
HOSTS = {"web1": ("sw2", "10.77.0.11"), "app1": ("sw2", "10.77.0.12"), "db1": ("sw3", "10.77.0.13"),
         "mon1": ("sw3", "10.77.0.14"), "collector": ("sw1", "10.77.0.9")}  # fmt: skip
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
LOOKED_AT = ("web1", "app1", "db1", "mon1")
MANAGED = {"sw1": "10.77.0.1", "sw2": "10.77.0.2", "sw3": "10.77.0.3"}
SECOND = {"mon1": "sw2"}
"""Hosts with a second interface, and the switch it is on."""
CABLES = {frozenset({(a, f"to-{b}"), (b, f"to-{a}")}) for a, uplinks in SWITCHES.items() for b in uplinks}
"""Between switches: both ends with their ports."""
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
    """Whether network namespaces can be made here."""
    if os.geteuid() != 0 or SSHD is None or shutil.which("ip") is None:
        return False
    name = f"epi{os.getpid()}t"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return False
    subprocess.run(["ip", "netns", "del", name], check=True)
    return True


def managed() -> bool:
    """Whether the switches have their daemons here."""
    return all(shutil.which(program, path=PATH) for program in ("snmpd", "lldpd", "lldpcli"))


@dataclass
class Lab:
    """The lab while it stands."""

    folder: Path
    prefix: str
    secret: Secret
    servers: dict[str, Server] = field(default_factory=dict)
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def space(self, name: str) -> str:
        """The namespace of a host or switch."""
        return f"{self.prefix}{name}"

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
            cables = sum(name in {switch for switch, _ in cable} for cable in CABLES)
            show = ["lldpcli", "-u", f"{self.sockets(name)}/lldpd", "-f", "keyvalue", "show", "neighbors"]
            while (
                subprocess.run(show, capture_output=True, text=True, check=True).stdout.count("chassis.name=") < cables
            ):
                assert time.monotonic() < until, f"{name} does not hear its neighbours"
                time.sleep(0.2)

    def from_within(self, name: str, work: Callable[[], T]) -> T:
        """Do it in a thread of its own whose sockets are a host's; what it finds comes back."""

        def entered() -> T:
            with Path("/run/netns", self.space(name)).open() as space:
                if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            return work()

        with ThreadPoolExecutor(max_workers=1) as alone:
            return alone.submit(entered).result()

    def inside(self, name: str, *command: str) -> list[str]:
        """A command inside a host or switch, under its own host name."""
        shell = f'hostname {name} && exec "$@"'
        return ["ip", "netns", "exec", self.space(name), "unshare", "-u", "sh", "-c", shell, "sh", *command]

    def run(self, name: str, *command: str) -> None:
        """Run it to its end."""
        subprocess.run(["ip", "netns", "exec", self.space(name), *command], check=True, capture_output=True)

    def start(self, name: str, *command: str) -> None:
        """Start it, to be ended with the lab."""
        log = (self.folder / f"{name}.log").open("ab")
        self.children.append(
            subprocess.Popen(self.inside(name, *command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        )
        log.close()


@contextmanager
def lab(folder: Path) -> Iterator[Lab]:
    """The lab, standing and talking; gone with the block: first its processes, then its namespaces."""
    folder.mkdir(parents=True, exist_ok=True)
    user = new_key(folder / "user")
    assert user is not None
    made = Lab(folder, f"epi{os.getpid()}", Secret("lab", "key", "root", (folder / "user").read_text()))
    try:
        _wire(made)
        for name in LOOKED_AT:
            _sshd(made, name)
        if managed():
            for name in SWITCHES:
                _snmpd(made, name)
        _programs(made)
        time.sleep(2)  # until every client has its connection
        yield made
    finally:
        for child in made.children:
            child.kill()
            child.wait(10)
        for name in (*SWITCHES, *HOSTS):
            subprocess.run(["ip", "netns", "del", made.space(name)], check=False, capture_output=True)
            shutil.rmtree(f"/etc/netns/{made.space(name)}", ignore_errors=True)
            shutil.rmtree(made.sockets(name), ignore_errors=True)


def _wire(made: Lab) -> None:
    for name in (*SWITCHES, *HOSTS):
        own = Path("/etc/netns") / made.space(name)  # `ip netns exec` lays these files over /etc
        own.mkdir(parents=True)
        (own / "machine-id").write_text(uuid.uuid5(uuid.NAMESPACE_DNS, f"{made.prefix}{name}").hex + "\n")
        (own / "hosts").write_text(f"127.0.0.1 localhost\n{MANAGED.get(name) or HOSTS[name][1]} {name}\n")
        subprocess.run(["ip", "netns", "add", made.space(name)], check=True)
        made.run(name, "ip", "link", "set", "lo", "up")
    for name in SWITCHES:
        made.run(name, "ip", "link", "add", "br0", "type", "bridge")
        made.run(name, "ip", "link", "set", "br0", "up")
        made.run(name, "ip", "addr", "add", f"{MANAGED[name]}/24", "dev", "br0")
        # Said of each: a namespace may take over what its machine does.
        made.run(name, "sh", "-c", f"echo {int(name == 'sw1')} > /proc/sys/net/ipv4/ip_forward")
    for name, uplinks in SWITCHES.items():
        for up in uplinks:
            _cable(made, name, f"to-{up}", up, f"to-{name}")
    for name, (switch, address) in HOSTS.items():
        _cable(made, name, "eth0", switch, f"to-{name}")
        made.run(name, "ip", "addr", "add", f"{address}/24", "dev", "eth0")
    for name, switch in SECOND.items():
        _cable(made, name, "eth1", switch, f"to-{name}")


def _cable(made: Lab, here: str, port: str, there: str, other: str) -> None:
    """A cable between two of them; its end at a switch is a port of the switch's bridge."""
    made.run(here, "ip", "link", "add", port, "type", "veth", "peer", "name", other, "netns", made.space(there))
    for name, end in ((here, port), (there, other)):
        if name in SWITCHES:
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
    )
    snmpd, lldpd = (shutil.which(program, path=PATH) or program for program in ("snmpd", "lldpd"))
    made.start(
        name, "env", f"SNMP_PERSISTENT_DIR={own}/state", "MIBS=", snmpd, "-f", "-LE", "4", "-C", "-c",
        f"{own}/snmpd.conf", "-I", "-smux", f"udp:{MANAGED[name]}:161",
    )  # fmt: skip
    until = time.monotonic() + 10
    while not (own / "agentx").exists():  # who comes before it asks again after 15 seconds only
        assert time.monotonic() < until, (made.folder / f"{name}.log").read_text()
        time.sleep(0.05)
    made.start(name, lldpd, "-d", "-u", f"{own}/lldpd", "-x", "-X", f"{own}/agentx", "-I", "to-*")


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
