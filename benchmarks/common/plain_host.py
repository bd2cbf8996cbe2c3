"""What a plain server answers to the SSH script: the same bytes on every machine, so that figures can be compared."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb_agents.transports.ssh_script import PARTS

WORD = "0d15c0"
KERNEL_THREADS = 100
"""Beside them stand the processes; each of these has two arguments, a unit of its own and six descriptors."""

INTERFACES = ("lo", "eth0")
SPACE = "net:[4026531840]"


def answer(processes: int = 100, sockets: int = 200, packages: int = 850) -> str:
    """The frames of one host, with `WORD` where a look has its random word."""
    said = {
        "who": "0\n4242\nweb1\n6.1.0-18-amd64\nx86_64\n",
        "system": "".join(_system()),
        "processor": "".join(
            f"/proc/cpuinfo:processor\t: {n}\n/proc/cpuinfo:model name\t: Plain Processor\n"
            f"/proc/cpuinfo:physical id\t: 0\n/proc/cpuinfo:core id\t\t: {n}\n"
            for n in range(8)
        ),
        "firmware": "/sys/class/dmi/id/sys_vendor:Plain\n/sys/class/dmi/id/product_name:Server 1\n",
        "markers": "d /run/systemd/system\ne /var/lib/dpkg/status\n",
        "sizes": "100000000 /\n",
        "interfaces": "".join(f"d /sys/class/net/{name}\n" for name in INTERFACES) + "d /sys/class/net/eth0/device\n",
        "interface": "".join(_interface(n, name) for n, name in enumerate(INTERFACES, 1)),
        "addresses": "1: lo    inet 127.0.0.1/8 scope host lo\\\n2: eth0    inet 10.0.0.5/24 scope global\\\n",
        "neighbours": "10.0.0.1 dev eth0 lladdr 52:54:00:00:00:01 REACHABLE\n",
        "tables": "".join(_tables(sockets)),
        "processes": "".join(_processes(processes)),
        "owners": "".join(
            f"/proc/{pid}/status:Name:\tworker\n/proc/{pid}/status:Uid:\t0\t0\t0\t0\n" for pid in _pids(processes)
        ),
        "arguments": "".join(
            f"/proc/{pid}/cmdline:/usr/sbin/daemon{n}\0/proc/{pid}/cmdline:--config=/etc/daemon{n}.conf\0"
            for n, pid in enumerate(_own(processes))
        ),
        "programs": "".join(
            f"lrwxrwxrwx 1 0 0 0 Nov 29 17:21 /proc/{pid}/exe -> /usr/sbin/daemon{n}\n"
            for n, pid in enumerate(_own(processes))
        ),
        "holders": "".join(_holders(processes, sockets)),
        "namespaces": "".join(
            f"lrwxrwxrwx 1 0 0 0 Nov 29 17:45 /proc/{pid}/ns/net -> {SPACE}\n" for pid in ("self", *_pids(processes))
        ),
        "units": "".join(_units(processes)),
        "start": "/proc/stat:cpu  1 1 1 1\n/proc/stat:btime 1795972881\n",
        "devices": "d /sys/class/block/sda\n",
        "device": "/sys/class/block/sda/size:200000000\n/sys/class/block/sda/dev:8:0\n",
        "device_paths": "lrwxrwxrwx 1 0 0 0 Nov 29 17:51 /sys/class/block/sda -> ../../devices/pci0/host0/block/sda\n",
        "dpkg": "".join(
            f"Package: libplain{n}-dev\nStatus: install ok installed\nArchitecture: amd64\nSource: plain{n // 2}\n"
            f"Version: 1.{n}.0-3+deb12u1\n\n"
            for n in range(packages)
        ),
    }  # fmt: skip
    return "".join(f"\n@{WORD} begin {p.name}\n{said.get(p.name, '')}\n@{WORD} end {p.name} 0\n" for p in PARTS)


def _own(processes: int) -> range:
    return range(1_000, 1_000 + processes)


def _pids(processes: int) -> Iterator[int]:
    yield from range(1, 1 + KERNEL_THREADS)
    yield from _own(processes)


def _system() -> Iterator[str]:
    yield "/proc/sys/kernel/random/boot_id:0c4523c2-d850-4fea-a2f8-42bf5e616838\n/proc/meminfo:MemTotal: 16000000 kB\n"
    yield "/proc/net/route:Iface\n/etc/machine-id:0123456789abcdef0123456789abcdef\n"
    yield "/etc/os-release:ID=debian\n/etc/os-release:VERSION_ID=12\n"
    yield "/etc/hosts:127.0.0.1 localhost\n/proc/sys/net/ipv4/ip_local_port_range:32768\t60999\n"
    yield "/proc/self/mountinfo:22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n/etc/resolv.conf:nameserver 10.0.0.1\n"
    for n in range(30):
        yield f"/etc/passwd:user{n}:x:{n}:{n}::/home/user{n}:/usr/sbin/nologin\n/etc/group:user{n}:x:{n}:\n"


def _interface(index: int, name: str) -> str:
    base = f"/sys/class/net/{name}"
    values = {"address": f"52:54:00:00:01:0{index}", "type": "1" if index > 1 else "772", "mtu": "1500",
              "operstate": "up", "ifindex": str(index)}  # fmt: skip
    return "".join(f"{base}/{file}:{value}\n" for file, value in values.items())


def _tables(sockets: int) -> Iterator[str]:
    zeros = "00000000:00000000 00:00000000 00000000     0        0"
    yield "/proc/net/tcp:  sl  local_address rem_address   st tx_queue rx_queue tr tm->when uid timeout inode\n"
    for n in range(sockets):
        local, remote = (f"00000000:{20_000 + n:04X}", "00000000:0000") if n % 2 else (
            f"0500000A:{40_000 + n:04X}", f"{n % 20 + 10:02X}00000A:1538")  # fmt: skip
        state = "0A" if n % 2 else "01"
        yield f"/proc/net/tcp: {n:3}: {local} {remote} {state} {zeros} {50_000 + n} 1\n"


def _processes(processes: int) -> Iterator[str]:
    zeros = " 0" * 15
    for pid in _pids(processes):
        yield f"/proc/{pid}/stat:{pid} (worker) S 1{zeros} 0 0 {pid * 100}" + " 0" * 30 + "\n"
    for n, pid in enumerate(_own(processes)):
        yield f"/proc/{pid}/cgroup:0::/system.slice/daemon{n}.service\n"


def _holders(processes: int, sockets: int) -> Iterator[str]:
    for pid in range(1, 1 + KERNEL_THREADS):
        yield f"p {pid}\n"
    for n, pid in enumerate(_own(processes)):
        yield f"p {pid}\n-\n" + "".join(f"{10 + s} {50_000 + s}\n" for s in range(n, sockets, processes))


def _units(processes: int) -> Iterator[str]:
    for n, pid in enumerate(_own(processes)):
        yield (
            f"Type=simple\nMainPID={pid}\nExecStart={{ path=/usr/sbin/daemon{n} ; argv[]=/usr/sbin/daemon{n} ; }}\n"
            f"ControlGroup=/system.slice/daemon{n}.service\nUser=\nId=daemon{n}.service\nLoadState=loaded\n"
            "ActiveState=active\nSubState=running\nUnitFileState=enabled\n\n"
        )
