"""Who really depends on whom, from one declared list, in network namespaces: real programs, real agents, a real NAT.

    10.78.0.0/24   web1 web2 app1 app2 db1 db2 mon1 farm bare hub ── gate ── inner1 inner2   10.79.0.0/24

`gate` translates: what comes from inside has its address (SNAT), and its port 8443 is inner1's 443 (DNAT). app2's own
kernel rewrites 10.96.0.10:443 to where the service is. db1 has a second, virtual address. `farm` has many addresses,
which mon1 polls. `bare` has no agent, an import knows it, and it uses db1; db2's agent comes last. The server is on
`hub`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.namespaces import PATH, Spaces

OUTER = {"web1": 11, "web2": 12, "app1": 13, "app2": 14, "db1": 15, "db2": 16, "mon1": 17, "farm": 18, "bare": 19,
         "hub": 9}  # fmt: skip
INNER = {"inner1": 21, "inner2": 22}
ADDRESS = {n: f"10.78.0.{i}" for n, i in OUTER.items()} | {n: f"10.79.0.{i}" for n, i in INNER.items()}
ADDRESS["gate"] = "10.78.0.1"
SIX = {name: f"fd00:78::{i}" for name, i in OUTER.items()}
VIRTUAL, REWRITTEN, SAME = "10.78.0.100", "10.96.0.10", "172.17.0.1"
"""db1's second address; one that app2's kernel knows to be app1; one that app1 and app2 both have inside."""
FARM = [f"10.78.1.{n}" for n in range(1, 25)]
AGENTS = ("web1", "web2", "app1", "app2", "db1", "db2", "mon1", "farm", "gate", "inner1", "inner2")
LATE = "db2"
TRANSLATES = shutil.which("iptables", path=PATH) is not None


@dataclass(frozen=True, slots=True)
class Uses:
    """A dependency there really is: of a program on a host, on a program of another; how it asks, and where."""

    host: str
    program: str
    on: str
    server: str
    how: str
    at: str
    case: str


SERVERS = {
    ("app1", "shop"): "serve=0.0.0.0:8080", ("app2", "stock"): "serve=0.0.0.0:8080", ("app1", "pay"): "serve=:::8443",
    ("app1", "local"): "serve=127.0.0.1:9000", ("app2", "local"): "serve=127.0.0.1:9000",
    ("app1", "bridge"): f"serve={SAME}:9500", ("app2", "bridge"): f"serve={SAME}:9500",
    ("db1", "postgres"): "serve=0.0.0.0:5432", ("db1", "redis"): "serve=0.0.0.0:6379",
    ("db1", "daytime"): "greet=0.0.0.0:13", ("db1", "logs"): "sink=0.0.0.0:5140", ("db1", "names"): "udp=0.0.0.0:53",
    ("db1", "dynamic"): "serve=0.0.0.0:45000", ("db1", "idler"): "serve=0.0.0.0:7000",
    ("db2", "postgres"): "serve=0.0.0.0:5432", ("db2", "mirror"): "serve=0.0.0.0:5433",
    ("inner1", "vault"): "serve=0.0.0.0:443", ("farm", "exporter"): "serve=0.0.0.0:9100",
    ("bare", "legacy"): "serve=0.0.0.0:1521",
}  # fmt: skip


def _uses() -> Iterator[Uses]:
    def one(host: str, program: str, on: str, server: str, how: str, port: int, case: str, at: str = "") -> Uses:
        return Uses(host, program, on, server, how, f"{at or ADDRESS[on]}:{port}", case)

    for web in ("web1", "web2"):
        yield one(web, "nginx", "app1", "shop", "steady", 8080, "steady")
        yield one(web, "nginx", "app2", "stock", "steady", 8080, "steady")
        yield one(web, "session", "db1", "redis", "steady", 6379, "steady")
        yield one(web, "session", "db1", "dynamic", "steady", 45000, "steady")
        yield one(web, "rpc", "app1", "pay", "steady", 8443, "steady", f"[{SIX['app1']}]")
        yield one(web, "rpc", "app1", "pay", "steady", 8443, "steady")
    for app in ("app1", "app2"):
        yield one(app, "orders", "db1", "postgres", "steady", 5432, "steady")
        yield one(app, "orders", "db2", "postgres", "steady", 5432, "late")
        yield one(app, "mailer", "db1", "names", "dgram", 53, "UDP")
        yield one(app, "mailer", "bare", "legacy", "steady", 1521, "no agent")
        yield one(app, "carrier", "db1", "logs", "oneway", 5140, "one-way")
        yield one(app, "waiter", "db1", "idler", "idle", 7000, "idle")
        yield one(app, "worker", app, "local", "steady", 9000, "loopback", "127.0.0.1")
        yield one(app, "builder", app, "bridge", "steady", 9500, "loopback", SAME)
        yield one(app, "batch", "db1", "redis", "short", 6379, "short")
        yield one(app, "clock", "db1", "daytime", "visit", 13, "short, closed by the server")
    for how, case in (("short", "short"), ("steady", "virtual address")):
        yield one("web2", f"report-{how}", "db1", "postgres", how, 5432, case, VIRTUAL if how == "steady" else "")
    yield one("db1", "replica", "db2", "mirror", "steady", 5433, "late")
    yield one("app2", "signer", "app1", "pay", "steady", 443, "rewritten here", REWRITTEN)
    yield one("inner1", "sync", "db1", "postgres", "steady", 5432, "behind SNAT")
    yield one("inner2", "sync", "db1", "redis", "steady", 6379, "behind SNAT")
    for web in ("web1", "web2"):
        yield one(web, "unlock", "inner1", "vault", "steady", 8443, "behind DNAT", ADDRESS["gate"])
    for address in FARM:
        yield one("mon1", "scrape", "farm", "exporter", "poll", 9100, "monitoring", address)
    yield one("mon1", "scrape", "db1", "postgres", "steady", 5432, "steady")
    yield one("bare", "ledger", "db1", "postgres", "steady", 5432, "client without an agent")


USES = tuple(_uses())
TRIES = {("web1", "probe"): ("never=10.78.0.250:80", "never=10.78.0.15:9999")}
"""Programs that ask where nobody answers: no dependency of anybody."""
AGENT = """
import sys
from pathlib import Path
from cmdb_agents.agent import Agent
from cmdb_agents.home import Home
from cmdb_agents.main import main
from cmdb_agents.transports.here import here
place, url, token = sys.argv[1:]
try: main(["--home", place, "enrol", "--url", url, "--allow-plain-http", "--token-file", token])
except SystemExit as ended: assert ended.code == 0, ended.code
home = Home(Path(place))
with home.lock():
    agent = Agent(home, here())
    for _ in sys.stdin:
        done = agent.cycle()
        print(done.outcome.verdict, flush=True)
"""


@dataclass
class Traffic(Spaces):
    """The lab while it stands."""

    agents: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def enrol(self, url: str, tokens: Iterable[str], hosts: Iterable[str]) -> None:
        """An agent on each host, which waits to be told."""
        for name, token in zip(hosts, tokens, strict=True):
            path = self.folder / f"{name}.token"
            path.touch(0o600)
            path.write_text(token)
            command = (sys.executable, "-c", AGENT, str(self.folder / f"{name}.home"), url, str(path))
            self.agents[name] = self.start(name, *command, talking=True)

    def report(self, hosts: Iterable[str]) -> dict[str, str]:
        """One report of each host's agent; how each ended."""
        asked = [self.agents[name] for name in hosts]
        for agent in asked:
            assert agent.stdin and agent.stdout
            agent.stdin.write(b"\n")
            agent.stdin.flush()
        return {name: _last(self.agents[name]) for name in hosts}

    def let_go(self) -> None:
        """What polls closes its connections; their remains stay for a minute."""
        for path in self.folder.glob("*/hold"):
            path.unlink()
        poller = self.folder / "mon1" / "scrape.ready"
        poller.unlink()
        _wait([poller])


def _last(agent: subprocess.Popen[bytes]) -> str:
    assert agent.stdout
    said = agent.stdout.readline().decode().strip()
    return _last(agent) if said.startswith("enrolled") else said


@contextmanager
def traffic(folder: Path) -> Iterator[Traffic]:
    """The lab, with every program connected."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Traffic(folder)
    with made.ending():
        _wire(made)
        _translate(made)
        _wait(_programs(made))
        yield made


def _wait(for_files: list[Path]) -> None:
    until = time.monotonic() + 60
    while waiting := [path for path in for_files if not path.exists()]:
        assert time.monotonic() < until, f"not ready: {', '.join(map(str, waiting))}"
        time.sleep(0.05)


def _wire(made: Traffic) -> None:
    made.make("wire", "127.0.0.1")
    bridges = [f"link add {name} up type bridge" for name in ("outer", "inner")]
    made.wire("wire", [*bridges, "link set lo up"])
    for name in ADDRESS:
        made.make(name, ADDRESS[name])
    for name, address in ADDRESS.items():
        _plug(made, name, "eth0", "inner" if name in INNER else "outer", address)
        way = [] if name == "gate" else [f"route add default via {'10.79.0.1' if name in INNER else ADDRESS['gate']}"]
        six = [f"addr add {SIX[name]}/64 dev eth0 nodad"] if name in SIX else []
        made.wire(name, [*way, *six])
    _plug(made, "gate", "eth1", "inner", "10.79.0.1")
    made.wire("db1", [f"addr add {VIRTUAL}/24 dev eth0"])
    made.wire("farm", [f"addr add {address}/24 dev eth0" for address in FARM])
    for app in ("app1", "app2"):
        made.wire(app, ["link add docker0 up type bridge", f"addr add {SAME}/16 dev docker0"])
    made.run("gate", "sysctl", "-q", "net.ipv4.ip_forward=1")


def _plug(made: Traffic, name: str, port: str, bridge: str, address: str) -> None:
    other = f"{name}-{port}"
    made.wire(name, [f"link add {port} type veth peer name {other} netns {made.space('wire')}",
                     f"addr add {address}/24 dev {port}", f"link set {port} up"])  # fmt: skip
    made.wire("wire", [f"link set {other} master {bridge}", f"link set {other} up"])
    if port == "eth0" and bridge == "outer":
        made.wire(name, [f"route add 10.78.1.0/24 dev {port}"])


def _translate(made: Traffic) -> None:
    nat = ("iptables", "-w", "-t", "nat", "-A")
    made.run("gate", *nat, "POSTROUTING", "-s", "10.79.0.0/24", "-o", "eth0", "-j", "MASQUERADE")
    made.run("gate", *nat, "PREROUTING", "-i", "eth0", "-p", "tcp", "-d", ADDRESS["gate"], "--dport", "8443",
             "-j", "DNAT", "--to-destination", f"{ADDRESS['inner1']}:443")  # fmt: skip
    made.run("app2", *nat, "OUTPUT", "-p", "tcp", "-d", REWRITTEN, "--dport", "443",
             "-j", "DNAT", "--to-destination", f"{ADDRESS['app1']}:8443")  # fmt: skip


def _programs(made: Traffic) -> list[Path]:
    wanted: dict[tuple[str, str], list[str]] = {at: [how] for at, how in SERVERS.items()}
    for n, (at, tries) in enumerate(TRIES.items()):
        wanted[at] = [f"serve=0.0.0.0:{7_100 + n}", *tries]
    for one in USES:
        # A client is a service of its host by what it listens on itself.
        own = [f"serve=0.0.0.0:{7_200 + len(wanted)}"]
        wanted.setdefault((one.host, one.program), own).append(f"{one.how}={one.at}")
    text = Path(__file__).with_name("peer.py").read_text()
    started = []
    for (host, program), arguments in wanted.items():
        path = made.folder / host / f"{program}.py"
        path.parent.mkdir(exist_ok=True)
        (path.parent / "hold").touch()
        path.write_text(text)
        made.start(host, sys.executable, str(path), *arguments)
        started.append(path.with_suffix(".ready"))
    return started
