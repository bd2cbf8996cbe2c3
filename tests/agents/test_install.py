"""The agent as a service: the unit is the one checked in, its sandbox holds, and installing says what it lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cmdb.errors import Misconfigured
from cmdb_agents import install
from cmdb_agents.main import main

ROOT = Path(__file__).parents[2]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A command's end, whatever it is; no compiled files are left behind."""
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)


def test_the_checked_in_unit_is_the_one_that_is_installed() -> None:
    """Who packages the agent takes the same sandbox as who installs it by hand."""
    assert (ROOT / "deploy" / install.NAME).read_text() == install.unit("/opt/epicentre/bin/epicentre-agent")
    assert (ROOT / "deploy" / "epicentre-agent.sysusers").read_text() == install.sysusers()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize(("sees_all", "most"), [(False, 2.0), (True, 3.0)])
def test_the_sandbox_is_tight(tmp_path: Path, sees_all: bool, most: float) -> None:
    """systemd scores the unit's exposure at 2.0 at most, with the rights to see all at 3.0, and finds no fault."""
    path = tmp_path / install.NAME
    path.write_text(install.unit(sys.executable, sees_all=sees_all))
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(path))
    score = float(done.stdout.rpartition("Overall exposure level for epicentre-agent.service: ")[2].split()[0])
    assert score <= most
    assert install.NAME not in run("systemd-analyze", "verify", str(path)).stderr


def test_installing_writes_the_unit_and_starts_it(tmp_path: Path) -> None:
    """The user is made and the unit written; then systemd reads it anew and starts it, now and with the machine."""
    log = tmp_path / "log"
    for name in ("systemctl", "systemd-sysusers"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $@" >> {log}\n')
        (tmp_path / name).chmod(0o755)
    path = install.install(sees_all=True, units=tmp_path, users=tmp_path / "users", commands=tmp_path)
    user = tmp_path / "users" / "epicentre-agent.conf"
    assert "AmbientCapabilities=CAP_DAC_READ_SEARCH" in path.read_text()
    assert user.read_text().startswith("u epicentre-agent ")
    assert log.read_text().splitlines() == [
        f"systemd-sysusers {user}", "systemctl daemon-reload", "systemctl enable epicentre-agent.service",
        "systemctl restart epicentre-agent.service",
    ]  # fmt: skip
    (tmp_path / "systemctl").write_text("#!/bin/sh\necho 'Unit is masked.' >&2; exit 1\n")
    with pytest.raises(Misconfigured, match="Unit is masked"):
        install.install(sees_all=False, units=tmp_path, users=tmp_path / "users", commands=tmp_path)


def test_what_is_missing_is_said_before_anything_is_done(tmp_path: Path) -> None:
    """Without root, or without systemd, the sentence says what to do instead."""
    with pytest.raises(Misconfigured, match="epicentre-agent run"):
        install.check(tmp_path)
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    if os.geteuid() == 0:
        install.check(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can give rights away")
def test_a_service_has_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another folder than the service's is refused, not passed over, before anything is sent or made."""
    monkeypatch.setattr(install, "check", lambda: None)  # as root, where systemd runs
    with pytest.raises(SystemExit) as ended:
        main(["install", "--home", str(tmp_path / "mine"), "--url", "http://127.0.0.1:1"])
    assert ended.value.code == 3
    assert not (tmp_path / "mine").exists()


def test_what_the_rights_to_see_all_add() -> None:
    """With nothing but the unit's three capabilities nobody's agent sees what root sees."""
    caps = ",".join(f"+{cap.removeprefix('CAP_').lower()}" for cap in install.SEES_ALL)
    code = (
        "from cmdb_agents.transports.local import Local\n"
        "print(sorted({t.what for t in Local().read().troubles if t.why == 'permission denied'}))"
    )

    def hidden(*rights: str) -> subprocess.CompletedProcess[str]:
        become = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs", *rights]
        return run(*become, sys.executable, "-c", code)

    all_seen = hidden("--inh-caps", caps, "--ambient-caps", caps)
    assert (all_seen.returncode, all_seen.stdout.strip()) == (0, "[]"), all_seen.stderr
