"""Makes the agent a service of systemd: one unit in a sandbox, and as few rights as was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cmdb.errors import Misconfigured

NAME, USER = "epicentre-agent.service", "epicentre-agent"
UNITS, USERS = Path("/etc/systemd/system"), Path("/etc/sysusers.d")
STATE = Path("/var/lib/epicentre-agent")
SEES_ALL = ("CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE", "CAP_NET_ADMIN")
"""What it takes to read serial numbers and closed files, to see whose a socket is, and the table of rewritten ones."""

_UNIT = """\
[Unit]
Description=Epicentre agent: reports what this machine is and runs
Wants=network-online.target
After=network-online.target

[Service]
# A program that cannot be started, as one in somebody's home, is said by who starts it.
Type=exec
ExecStart={program} --home {state} run
Restart=on-failure
RestartSec=30
# Not DynamicUser: the D-Bus daemon knows no users that systemd makes up, so systemctl would tell them no units.
User={user}
StateDirectory=epicentre-agent
StateDirectoryMode=0700
UMask=0077
# It never takes what others need: a tenth of a core, and memory for a report of twenty megabytes.
CPUQuota=10%
MemoryMax=128M
TasksMax=16
Nice=10
IOSchedulingClass=idle
{rights}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def unit(program: str, *, sees_all: bool = False) -> str:
    """The unit's text. Without `sees_all` the agent has no right that any user has not."""
    names = " ".join(SEES_ALL) if sees_all else ""
    rights = f"CapabilityBoundingSet={names}"
    if sees_all:
        rights += f"\nAmbientCapabilities={names}"
    return _UNIT.format(program=program, state=STATE, rights=rights, user=USER)


def check(root: Path = Path("/")) -> None:
    """Refuse before anything is done: Misconfigured says what is missing."""
    if not sys.platform.startswith("linux"):
        raise Misconfigured(f"this makes a service of systemd, which {sys.platform} has not; let what starts this "
                            "machine's services run: epicentre-agent run")  # fmt: skip
    if os.geteuid() != 0:
        raise Misconfigured("a service is installed by root; without root use: epicentre-agent run")
    if not (root / "run/systemd/system").is_dir():
        raise Misconfigured(
            "systemd does not run here; let what starts this machine's services run: epicentre-agent run"
        )


def install(*, sees_all: bool, units: Path = UNITS, users: Path = USERS, commands: Path | None = None) -> Path:
    """Make the user, write the unit and start it, now and with the machine; `commands`: where systemd's are."""
    path, user = units / NAME, users / f"{USER}.conf"
    for needed in (units, users):
        needed.mkdir(parents=True, exist_ok=True)
    user.write_text(sysusers(), encoding="utf-8")
    path.write_text(unit(own_program(), sees_all=sees_all), encoding="utf-8")
    for command, *words in (
        ("systemd-sysusers", str(user)),
        ("systemctl", "daemon-reload"),
        ("systemctl", "enable", NAME),
        ("systemctl", "restart", NAME),  # also where it runs already, with other rights
    ):  # fmt: skip
        program = command if commands is None else str(commands / command)
        done = subprocess.run([program, *words], capture_output=True, text=True, check=False, timeout=90)
        if done.returncode:
            raise Misconfigured(f"{command} {' '.join(words)} failed: {done.stderr.strip()[:300]}")
    return path


def sysusers() -> str:
    """The line of sysusers.d(5) that makes the service's user: without a password, a shell or a home."""
    return f'u {USER} - "Epicentre agent"\n'


def own_program() -> str:
    """What this command was started as, which the service runs too."""
    beside = Path(sys.executable).with_name("epicentre-agent")
    started = beside if beside.exists() else Path(sys.argv[0]).resolve()
    return str(started) if os.access(started, os.X_OK) else f"{sys.executable} -m cmdb_agents.main"
