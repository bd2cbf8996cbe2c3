"""The agent's command over TLS: whom it trusts, what it says of others, and that it stays as small as without."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import trustme
from agents.scripted_door import ScriptedDoor, enrolled_home, hang, scripted_door

from cmdb_agents.apart import POSSIBLE

pytestmark = pytest.mark.skipif(not POSSIBLE, reason="elsewhere the agent's TLS is its own process's")

AUTHORITY = trustme.CA()


def secured(name: str = "127.0.0.1", authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    """A server's context with a certificate for this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def trusting(folder: Path, authority: trustme.CA = AUTHORITY) -> dict[str, str]:
    """The environment of who trusts this authority, named as a file."""
    authority.cert_pem.write_to_path(folder / "authority.pem")
    return {**os.environ, "SSL_CERT_FILE": str(folder / "authority.pem")}


def command(home: Path, *words: str) -> list[str]:
    """The command's words."""
    return [sys.executable, "-m", "cmdb_agents.main", "--home", str(home), *words]


def once(home: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One report, to its end."""
    return subprocess.run(command(home, "once"), env=env, capture_output=True, text=True, timeout=60, check=False)


def started(home: Path, env: dict[str, str], door: ScriptedDoor) -> subprocess.Popen[str]:
    """A running agent whose first request has come."""
    child = subprocess.Popen(command(home, "run"), env=env, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not door.bodies and time.monotonic() < deadline:
        time.sleep(0.02)
    return child


def sender(agent: int) -> int:
    """The child that sends for an agent."""
    return int(Path(f"/proc/{agent}/task/{agent}/children").read_text().split()[0])


def test_memory_of_a_running_agent_with_tls(tmp_path: Path) -> None:
    """After several reports over TLS the agent peaks at most 16 MiB beyond a bare interpreter (9 MiB), and one for each
    2,000 connections that this machine happens to have; OpenSSL is nowhere in it."""
    program = (
        "import sys; from pathlib import Path; import cmdb_agents.main; from cmdb_agents.home import Home\n"
        "from cmdb_agents.agent import Agent\n"
        "from cmdb_agents.transports.local import Local\n"
        "a = Agent(Home(Path(sys.argv[1])), Local(), apart=True); done = [a.cycle() for _ in range(15)]\n"
        "print(done[-1].cost.peak_mib, {d.outcome.verdict.value for d in done})\n"
        "print('libssl' in Path('/proc/self/maps').read_text(), 'ssl' in sys.modules)"
    )
    status = "print(next(x.split()[1] for x in open('/proc/self/status') if x.startswith('VmHWM')))"
    with scripted_door(tls=secured()) as door:
        home = enrolled_home(tmp_path / "home", door.url)
        done = subprocess.run(
            [sys.executable, "-c", program, str(home.path)], env=trusting(tmp_path), capture_output=True, text=True,
            timeout=120, check=True,
        )  # fmt: skip
    bare = subprocess.run([sys.executable, "-c", status], capture_output=True, text=True, timeout=60, check=True)
    figures, loaded = done.stdout.splitlines()
    peak, verdicts = figures.split(" ", 1)
    assert (verdicts, len(door.reports), door.complaints) == ("{'accepted'}", 15, [])
    assert loaded == "False False"
    connections = sum(len(Path(f"/proc/net/{name}").read_bytes().splitlines()) for name in ("tcp", "tcp6"))
    assert float(peak) - int(bare.stdout) / 1024 < 16 + connections / 2000


@pytest.mark.parametrize(
    ("server", "said", "mend"),
    [
        (secured(authority=trustme.CA()), "unable to get local issuer certificate", True),
        (secured("cmdb.example"), "IP address mismatch, certificate is not valid for '127.0.0.1'", False),
    ],
    ids=["another authority", "another name"],
)
def test_a_server_that_is_not_trusted_gets_nothing(
    tmp_path: Path, server: ssl.SSLContext, said: str, mend: bool
) -> None:
    """One clear sentence says what is wrong and, where an authority is missing, what to do; the report is kept."""
    with scripted_door(tls=server) as door:
        home = enrolled_home(tmp_path / "home", door.url)
        done = once(home.path, trusting(tmp_path))
    assert (done.returncode, door.bodies, done.stderr) == (4, [], "")
    sentence = f"{door.url} has a certificate that this machine does not trust, so nothing was sent to it: {said}"
    advice = "; if it is the right one, add its authority's certificate to those this machine trusts"
    assert f"report 1: try later ({sentence}{advice if mend else ''})\n" in done.stdout


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl names certificates by their hash")
def test_the_folder_of_authorities_comes_first(tmp_path: Path) -> None:
    """An authority in the system's folder is found there; who is not in it is looked for among all, once more."""
    folder = tmp_path / "authorities"
    folder.mkdir()
    env = {k: v for k, v in os.environ.items() if k != "SSL_CERT_FILE"} | {"SSL_CERT_DIR": str(folder)}

    def add(authority: trustme.CA) -> None:
        authority.cert_pem.write_to_path(tmp_path / "one.pem")
        name = subprocess.run(
            ["openssl", "x509", "-noout", "-hash", "-in", tmp_path / "one.pem"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        shutil.copy(tmp_path / "one.pem", folder / f"{name}.0")

    def cycles(url: str) -> list[str]:
        program = (
            "import sys; from cmdb_agents.front_door import FrontDoor; from cmdb.errors import Unavailable\n"
            "from pathlib import Path\n"
            "door = FrontDoor(sys.argv[1], apart=Path(sys.argv[2]))\n"
            "for _ in range(2):\n"
            "    try: print(door.post('/enrol', b'{\"token\": \"\"}', {}).status)\n"
            "    except Unavailable as error: print('no issuer' if 'issuer' in error.message else error.message)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, url, tmp_path / "kept"],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.splitlines()

    add(trustme.CA())
    greetings: list[object] = []
    context = secured()
    context.sni_callback = lambda *_: greetings.append(_)  # called with every greeting, also without a name
    with scripted_door(tls=context) as door:
        assert cycles(door.url) == ["no issuer", "no issuer"]
        assert len(greetings) == 3  # the folder, then all; then all at once
        add(AUTHORITY)
        assert cycles(door.url) == ["401", "401"]
        assert len(greetings) == 5


def test_a_bundle_of_authorities_is_read_by_name(tmp_path: Path) -> None:
    """Of a large bundle a folder is made in the agent's own, where the one that vouches for the server is found."""
    env = trusting(tmp_path)
    others = b"".join(trustme.CA().cert_pem.bytes() for _ in range(30))
    bundle = tmp_path / "authority.pem"
    bundle.write_bytes(others + bundle.read_bytes())
    greetings: list[object] = []
    context = secured()
    context.sni_callback = lambda *_: greetings.append(_)
    with scripted_door(tls=context) as door:
        home = enrolled_home(tmp_path / "home", door.url)
        for _ in range(2):
            done = once(home.path, env)
            assert done.returncode == 0, done.stdout
        assert len(greetings) == 2
        assert len(list(home.authorities.glob("*/*.0"))) == 31
        bundle.write_bytes(others)
        assert once(home.path, env).returncode == 4
        assert len(list(home.authorities.glob("*/*.0"))) == 30


def test_what_is_no_tls_is_no_answer(tmp_path: Path) -> None:
    """A server that speaks plain HTTP is told apart from one that is not trusted."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            with server.accept()[0] as connection:
                connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")
                connection.recv(2**16)

        threading.Thread(target=speak, daemon=True).start()
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        done = once(enrolled_home(tmp_path / "home", url).path, trusting(tmp_path))
    assert done.returncode == 4
    assert f"{url} does not answer: no TLS: wrong version number" in done.stdout


def test_sigterm_during_a_secured_request(tmp_path: Path) -> None:
    """A server that hangs does not hold up the stop, and the child that asks it goes, too."""
    with scripted_door(hang(8), tls=secured()) as door:
        home = enrolled_home(tmp_path / "home", door.url)
        with started(home.path, trusting(tmp_path), door) as agent:
            child = sender(agent.pid)
            begun = time.monotonic()
            agent.send_signal(signal.SIGTERM)
            assert agent.wait(timeout=15) == 0
            assert time.monotonic() - begun < 5
            assert not Path(f"/proc/{child}").exists()


def test_a_killed_child_costs_one_try(tmp_path: Path) -> None:
    """The agent says so, keeps the report and goes on."""
    with scripted_door(hang(8), tls=secured()) as door:
        home = enrolled_home(tmp_path / "home", door.url)
        with started(home.path, trusting(tmp_path), door) as agent:
            os.kill(sender(agent.pid), signal.SIGKILL)
            assert agent.stderr is not None
            line = agent.stderr.readline()
            agent.terminate()
            assert agent.wait(timeout=15) == 0
    assert "seq=1 try_later" in line
    assert "could not be asked from here: a child ended early (-9)" in line


def test_a_killed_agent_leaves_no_lock(tmp_path: Path) -> None:
    """While its child still waits for an answer, the next agent works in the same folder."""
    with scripted_door(hang(8), tls=secured()) as door:
        home = enrolled_home(tmp_path / "home", door.url)
        with started(home.path, trusting(tmp_path), door) as agent:
            child = sender(agent.pid)
            agent.kill()
            agent.wait(timeout=15)
            try:
                assert Path(f"/proc/{child}/task").exists()
                done = once(home.path, trusting(tmp_path))
            finally:
                os.kill(child, signal.SIGKILL)
    assert (done.returncode, bool(door.reports)) == (0, True), done.stderr
