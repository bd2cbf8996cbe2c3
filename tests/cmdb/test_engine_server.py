"""The real Neo4j as a child: who may reach it, who may not, and what happens when things end unasked."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import neo4j
import pytest
from support.servers import free_port, small
from support.waiting import ended, eventually

from cmdb.config import Settings
from cmdb.engine import Bolt, Engine, fetch, java
from cmdb.engine.lock import locked
from cmdb.engine.server import _answers
from cmdb.errors import Misconfigured

pytestmark = [pytest.mark.neo4j, pytest.mark.slow]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a server of this module's own, which its tests may kill."""
    return small(tmp_path_factory.mktemp("killed") / "home")


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[Engine]:
    """That server's engine."""
    engine = Engine(settings)
    yield engine
    engine.stop()


@pytest.fixture
def bolt(engine: Engine, settings: Settings) -> Bolt:
    """That server, running."""
    if engine.pid is None:
        engine.stop()
        return engine.start()
    return Bolt(f"bolt://127.0.0.1:{settings.neo4j_port}", "neo4j", (settings.home / "neo4j/password").read_text())


def ask(bolt: Bolt, question: str) -> object:
    """One value from the graph."""
    with neo4j.GraphDatabase.driver(bolt.uri, auth=(bolt.user, bolt.password)) as driver:
        return driver.execute_query(question).records[0].value()


def everything_said(folder: Path) -> bytes:
    """What all processes of the machine show of themselves, and what lies in the folder in plain text."""
    shown = []
    for place in [*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ"), *folder.rglob("*")]:
        try:
            if place.name != "password" and place.is_file():
                shown.append(place.read_bytes().rstrip(b"\0").replace(b"\0", b" "))
        except OSError:  # the process has ended, or the file was Neo4j's for a moment
            continue
    return b"\n".join(shown)


def test_it_answers_as_soon_as_it_is_started_and_only_with_the_password(bolt: Bolt) -> None:
    """The password is random, opens the graph, and nothing else does."""
    assert ask(bolt, "RETURN 1") == 1
    with pytest.raises(neo4j.exceptions.AuthError):
        ask(Bolt(bolt.uri, bolt.user, "neo4j"), "RETURN 1")


def test_the_password_is_kept_from_everybody_else(bolt: Bolt, settings: Settings) -> None:
    """One file only its owner can read; not in a repr, a process list, an environment, a log or the configuration."""
    file = settings.home / "neo4j" / "password"
    assert (file.read_text(), file.stat().st_mode & 0o777) == (bolt.password, 0o600)
    assert len(bolt.password) >= 32
    assert bolt.password not in repr(bolt)
    assert bolt.password.encode() not in everything_said(settings.home)
    assert settings.home.stat().st_mode & 0o777 == 0o700


def test_setting_the_first_password_shows_it_nowhere(tmp_path: Path) -> None:
    """While the tool runs, its command line is seen and the password is not."""
    secret = tmp_path / "password"
    secret.write_text("f1r5tPa55w0rd")
    classes = java.class_path(fetch.ensure(small(tmp_path), locked(), lambda _there, _total: None), locked())
    tool = threading.Thread(target=java.set_first_password, args=(classes, tmp_path, secret))
    tool.start()
    seen = []
    while tool.is_alive():
        seen.append(everything_said(tmp_path / "conf"))
    tool.join()
    assert any(f"set-initial-password @{secret}".encode() in text for text in seen)
    assert not any(b"f1r5tPa55w0rd" in text for text in seen)
    assert (tmp_path / "data" / "dbms" / "auth.ini").exists()


def test_it_listens_on_loopback_only_and_for_bolt_only(bolt: Bolt, engine: Engine, settings: Settings) -> None:
    """One listening socket, on 127.0.0.1."""
    assert engine.pid is not None
    held = {str(link.readlink()) for link in Path(f"/proc/{engine.pid}/fd").iterdir() if link.is_symlink()}
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in held:
                listening.append(fields[1])
    address = "0100007F"  # 127.0.0.1 as the kernel prints it, little end first
    assert [(place[-13:-5], int(place[-4:], 16)) for place in listening] == [(address, settings.neo4j_port)]


@pytest.mark.parametrize("source", ["file:///etc/passwd", "file:///server.csv", "http://127.0.0.1:{port}/x"])
def test_load_csv_reads_neither_files_nor_addresses(bolt: Bolt, settings: Settings, source: str) -> None:
    """What gets into Cypher by mistake cannot be made to read the machine or its network."""
    (settings.home / "neo4j" / "import").mkdir(exist_ok=True)
    (settings.home / "neo4j" / "import" / "server.csv").write_text("secret\n")
    with socket.create_server(("127.0.0.1", 0)) as visited:
        visited.setblocking(False)
        place = source.format(port=visited.getsockname()[1])
        with pytest.raises(neo4j.exceptions.ClientError, match=r"Cannot load from URL .*(is false|blocked)"):
            ask(bolt, f"LOAD CSV FROM '{place}' AS line RETURN line")
        with pytest.raises(BlockingIOError):
            visited.accept()


def test_an_empty_graph_is_small_on_disk(bolt: Bolt, settings: Settings) -> None:
    """Neo4j's defaults would reserve half a gigabyte before the first fact."""
    files = [path.stat() for path in (settings.home / "neo4j").rglob("*") if path.is_file()]
    assert sum(file.st_blocks * 512 for file in files) < 100e6


def test_nothing_is_reported_home(bolt: Bolt) -> None:
    """Neo4j itself says that it will not."""
    assert ask(bolt, "SHOW SETTINGS 'dbms.usage_report.enabled' YIELD value") == "false"


def test_a_second_server_on_the_folder_is_refused(bolt: Bolt, settings: Settings, engine: Engine) -> None:
    """With the first one's process number; the first one goes on."""
    with pytest.raises(Misconfigured, match=rf"process {os.getpid()}\) already uses the data folder"):
        Engine(settings.model_copy(update={"neo4j_port": free_port()})).start()
    assert ask(bolt, "RETURN 1") == 1


def test_a_port_in_use_is_named_and_the_folder_given_back(tmp_path: Path) -> None:
    """A stranger on the port is not taken for our Neo4j."""
    (tmp_path / "neo4j").mkdir()
    (tmp_path / "neo4j" / "password").touch()
    settings = small(tmp_path)
    with socket.create_server(("127.0.0.1", settings.neo4j_port)):
        for _ in range(2):
            with pytest.raises(Misconfigured, match=rf"port {settings.neo4j_port} .*EPICENTRE_NEO4J_PORT"):
                Engine(settings).start()


def test_why_it_does_not_start_is_in_the_sentence(tmp_path: Path) -> None:
    """Neo4j's own last words are passed on."""
    (tmp_path / "neo4j").mkdir()
    (tmp_path / "neo4j" / "password").write_text("password")
    (tmp_path / "neo4j" / "data").write_text("not a folder")
    with pytest.raises(Misconfigured, match=rf"Neo4j ended while starting: .*{tmp_path}/neo4j/data") as refused:
        Engine(small(tmp_path)).start()
    assert "\n" not in refused.value.message


def test_a_first_password_that_cannot_be_set_is_said_without_it(tmp_path: Path) -> None:
    """Nothing keeps the name of a password that was never set."""
    (tmp_path / "neo4j").mkdir()
    (tmp_path / "neo4j" / "data").write_text("not a folder")
    with pytest.raises(Misconfigured, match="first password could not be set") as refused:
        Engine(small(tmp_path)).start()
    assert (tmp_path / "neo4j" / "password.new").read_text() not in str(refused.value)
    assert not (tmp_path / "neo4j" / "password").exists()


def test_a_graph_without_its_password_is_not_started(tmp_path: Path) -> None:
    """A new password would open nothing; the sentence names the file to put back."""
    (tmp_path / "neo4j" / "data" / "databases" / "system").mkdir(parents=True)
    with pytest.raises(Misconfigured, match=r"neo4j/password is missing"):
        Engine(small(tmp_path)).start()


def test_a_crash_is_noticed_and_mended(bolt: Bolt, engine: Engine) -> None:
    """The pid is gone, the last words are there, a restart has what was written, under another pid."""
    ask(bolt, "CREATE (n:Crash {id: 'kept'}) RETURN n.id")
    before = engine.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: engine.pid is None)
    assert "Started." in engine.last_words()
    engine.restart()
    assert engine.pid not in {None, before}
    assert eventually(lambda: _answers(int(bolt.uri.rpartition(":")[2])))
    assert ask(bolt, "MATCH (n:Crash) RETURN n.id") == "kept"


def test_a_running_server_is_not_started_twice(bolt: Bolt, engine: Engine) -> None:
    """Neither a restart nor a second start touches it."""
    before = engine.pid
    engine.restart()
    with pytest.raises(Misconfigured, match="already uses"):
        engine.start()
    assert engine.pid == before
    assert ask(bolt, "RETURN 1") == 1


def test_it_stops_by_itself_and_starts_with_the_same_graph(bolt: Bolt, engine: Engine) -> None:
    """SIGTERM is enough, the port is free, and the same password opens what was there."""
    ask(bolt, "CREATE (n:Stop {id: 'kept'}) RETURN n.id")
    assert engine.stop()
    assert engine.pid is None
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(bolt.uri.rpartition(":")[2])), timeout=5.0)
    assert engine.start() == bolt
    assert ask(bolt, "MATCH (n:Stop) RETURN n.id") == "kept"


def test_kill_9_of_the_server_takes_neo4j_along_and_the_next_one_starts(tmp_path: Path) -> None:
    """The orphan ends within seconds; a start in the same moment waits for it and finds the graph."""
    settings = small(tmp_path / "home")
    text = (
        "import time; from pathlib import Path; from cmdb.config import load; from cmdb.engine import Engine\n"
        f"engine = Engine(load(**{_fields(settings)!r}))\n"
        "bolt = engine.start()\nprint(engine.pid, flush=True)\ntime.sleep(300)"
    )
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        left = int(parent.stdout.readline())
        parent.kill()
        parent.wait(20)
    engine = Engine(settings)
    try:
        bolt = engine.start()
        assert ended(left)
        assert ask(bolt, "RETURN 1") == 1
    finally:
        engine.stop()


def _fields(settings: Settings) -> dict[str, object]:
    return {name: str(value) for name, value in settings.model_dump().items() if value is not None}
