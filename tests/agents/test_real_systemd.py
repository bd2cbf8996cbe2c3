"""The one line that installs the agent, with a real systemd as process 1 of a container: it enrols, starts in its
sandbox under a user of its own, and reports."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nacl
import pytest
from agents.scripted_door import TOKEN, scripted_door
from agents.test_real_things import LIMITS, needs, own_programs, run, started

ROOT = Path(__file__).parents[2]
SYSTEMD = Path("/usr/lib/systemd/systemd")
PYTHON = Path("/usr/bin/python3")
PROGRAM = (
    "#!/usr/bin/python3\nimport sys\nsys.path[:0] = ['/opt/src', '/opt/src/agents', '/opt/site']\n"
    "from cmdb_agents.main import main\nmain()\n"
)


class Machine:
    """A container in which systemd runs."""

    def __init__(self, podman: list[str]) -> None:
        self._podman = podman

    def sh(self, script: str) -> subprocess.CompletedProcess[str]:
        """A command there, as root."""
        command = [*self._podman, "exec", "machine", "sh", "-c", script]
        return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)

    def wait(self, script: str, seconds: float = 20) -> None:
        """Until the command succeeds there."""
        end = time.monotonic() + seconds
        while (done := self.sh(script)).returncode:
            if time.monotonic() > end:
                pytest.skip(f"systemd does not come up in a container here: {(done.stdout + done.stderr)[-300:]}")
            time.sleep(0.3)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine with systemd and this agent, on the host's network."""
    needs("podman", "dbus-daemon")
    if not SYSTEMD.exists():
        pytest.skip("needs systemd")
    version = subprocess.run([PYTHON, "-c", "import sys; print(sys.version_info >= (3, 11))"],
                             capture_output=True, text=True, check=False).stdout.strip()  # fmt: skip
    if version != "True":
        pytest.skip(f"needs {PYTHON} of version 3.11 or later, which users without a home may run")
    with tarfile.open(own_programs(tmp_path), "a") as tar:
        for name in ("passwd", "group", "os-release"):
            tar.add(Path("/etc", name).resolve(), f"etc/{name}")
        for name, text in (("etc/machine-id", ""), ("opt/epicentre-agent", PROGRAM), ("run/token", TOKEN)):
            (tmp_path / "file").write_text(text)
            (tmp_path / "file").chmod(0o755)
            tar.add(tmp_path / "file", name)
    place = tempfile.mkdtemp(prefix="systemd-")  # podman takes no long paths
    podman = ["podman", "--root", f"{place}/store", "--runroot", f"{place}/run", "--storage-driver", "vfs"]
    podman += ["--runtime", "runc"] if shutil.which("runc") else []
    run(*podman, "import", str(tmp_path / "root.tar"), "localhost/machine:1")
    site = Path(nacl.__file__).parents[1]
    try:
        options = ["--detach", "--name=machine", "--systemd=always", "--privileged", "--network=host", *LIMITS]
        volumes = [
            f"--volume={there}:{here}:ro" for there, here in (("/usr", "/usr"), (ROOT, "/opt/src"), (site, "/opt/site"))
        ]
        started([*podman, "run", *options, *volumes, "localhost/machine:1", str(SYSTEMD), "--unit=basic.target"])
        made = Machine(podman)
        made.wait("systemctl is-active basic.target")
        # Users ask systemd over the bus, which a whole machine has from the start.
        made.wait("systemctl start dbus.socket dbus.service && systemctl daemon-reexec && busctl list >/dev/null")
        yield made
    finally:
        run(*podman, "rm", "--all", "--force", "--time=0", check=False)
        run(*podman, "rmi", "--all", "--force", check=False)
        shutil.rmtree(place, ignore_errors=True)


def test_one_line_and_the_host_reports(machine: Machine) -> None:
    """`install` enrols and starts the service; its first report has the units of systemd, itself among them; and a
    program that the service's user may not run is said at once."""
    with scripted_door() as door:
        line = f"install --url {door.url} --token-file /run/token"
        machine.sh("mkdir -p -m 700 /root; cp /opt/epicentre-agent /root/epicentre-agent; chmod 700 /root")
        hidden = machine.sh(f"/root/epicentre-agent {line}")
        assert hidden.returncode == 3, hidden.stderr
        assert "restart epicentre-agent.service failed" in hidden.stderr

        done = machine.sh(f"/opt/epicentre-agent {line}")
        assert (done.returncode, done.stderr) == (0, "")
        assert "installed /etc/systemd/system/epicentre-agent.service" in done.stdout
        end = time.monotonic() + 40
        while not door.reports and time.monotonic() < end:
            time.sleep(0.1)
        state = machine.sh("systemctl show epicentre-agent -p ActiveState,NRestarts,User; journalctl -u 'epic*'")
        assert door.reports, state.stdout[-1500:]
    assert {"ActiveState=active", "User=epicentre-agent"} <= set(state.stdout.split())
    services = next(iter(door.reports.values()))["sections"]["services"]
    units = {item["attributes"].get("unit"): item["attributes"] for item in services["items"]}
    assert {"epicentre-agent.service", "dbus.service"} <= units.keys()
    assert units["epicentre-agent.service"]["state"] == "active"
    assert "systemd units" not in {problem["what"] for problem in services["problems"]}
