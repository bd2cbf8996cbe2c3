"""The command `epicentre-agent` as a process."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import pytest
from agents.scripted_door import TOKEN, enrolled_home, error, hang, scripted_door

from cmdb_agents.home import default_home
from cmdb_agents.main import EXAMPLES
from cmdb_agents.run import all_collectors


def agent(*arguments: str, given: str | None = None, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    place = [] if home is None else ["--home", str(home)]
    return subprocess.run(
        [sys.executable, "-m", "cmdb_agents.main", *place, *arguments],
        input=given, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_enrol_once_status(tmp_path: Path) -> None:
    """From a token file to the first report and its costs, as a person would go."""
    home, token = tmp_path / "home", tmp_path / "token"
    token.write_text(TOKEN + "\n")
    with scripted_door() as door:
        made = agent("enrol", "--url", door.url, "--token-file", str(token), home=home)
        assert (made.returncode, made.stderr) == (0, "")
        assert "nd_test" in made.stdout
        once = agent("once", home=home)
        assert once.returncode == 0, once.stderr
        assert re.search(
            r"report 1: accepted\nsections: 12, of which 12 travelled whole\ncost: \d+ ms CPU, [\d.]+ MiB", once.stdout
        )
        status = json.loads(agent("status", "--json", home=home).stdout)
    assert ("nd_test", door.url, 1, None) == (
        status["node"], status["url"], status["last_accepted"]["seq"], status["waiting"],
    )  # fmt: skip
    assert status["last_report"]["cost"]["cpu_ms"] > 0
    assert "cost:" in agent("status", home=home).stdout
    assert len(door.reports) == 1


def test_private_things_are_private(tmp_path: Path) -> None:
    """The folder is the owner's alone, the key 0600; a key others can read is refused."""
    with scripted_door() as door:
        assert agent("enrol", "--url", door.url, given=TOKEN, home=tmp_path / "home").returncode == 0
        assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "home" / "key").stat().st_mode) == 0o600
        (tmp_path / "home" / "key").chmod(0o644)
        refused = agent("once", home=tmp_path / "home")
    assert refused.returncode == 3
    assert "chmod 600" in refused.stderr


def test_token_never_from_arguments() -> None:
    """No option takes the token itself: every user of a host can read arguments."""
    assert "--token " not in agent("enrol", "--help").stdout
    assert agent("enrol", "--url", "http://127.0.0.1:1", "--token", TOKEN).returncode == 2


@pytest.mark.parametrize(
    ("token", "code", "said"),
    [
        ("epe_" + "b" * 43, 5, "does not take this token"),
        ("hunter2", 6, "no enrolment token"),
        ("", 6, "no enrolment token"),
    ],
)
def test_wrong_token(tmp_path: Path, token: str, code: int, said: str) -> None:
    """A wrong token ends with its own code and one line that does not repeat it; nothing is left behind."""
    with scripted_door() as door:
        done = agent("enrol", "--url", door.url, given=token, home=tmp_path / "home")
    assert code == done.returncode
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not token or token not in done.stderr
    assert not (tmp_path / "home" / "key").exists()


def test_second_enrolment_is_asked_for(tmp_path: Path) -> None:
    """An enrolment is replaced only with --again, and then numbers start anew."""
    home = tmp_path / "home"
    with scripted_door() as door:
        assert agent("enrol", "--url", door.url, given=TOKEN, home=home).returncode == 0
        key = (home / "key").read_bytes()
        refused = agent("enrol", "--url", door.url, given=TOKEN, home=home)
        assert refused.returncode == 3
        assert "--again" in refused.stderr
        assert agent("enrol", "--again", "--url", door.url, given=TOKEN, home=home).returncode == 0
        assert key != (home / "key").read_bytes()


@pytest.mark.parametrize(
    "url", ["http://cmdb.example:8480", "ftp://127.0.0.1", "127.0.0.1:8480", "http://u:p@127.0.0.1"]
)
def test_unsafe_addresses(tmp_path: Path, url: str) -> None:
    """Plain HTTP to another machine, and what is no server's address, is refused before anything is sent."""
    done = agent("enrol", "--url", url, given=TOKEN, home=tmp_path / "home")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("act", "code"), [(error(503, "overloaded"), 4), (error(401, "revoked"), 5), (error(422, "invalid"), 6)]
)
def test_exit_codes_of_once(tmp_path: Path, act: object, code: int) -> None:
    """How the report fared is in the exit code, and said."""
    with scripted_door(act) as door:  # type: ignore[arg-type]  # an act
        home = enrolled_home(tmp_path / "home", door.url)
        done = agent("once", home=home.path)
    assert code == done.returncode
    assert "scripted" in done.stdout


def test_once_as_json(tmp_path: Path) -> None:
    """A script reads how the report fared, what it cost, and what could not be seen."""
    with scripted_door() as door:
        home = enrolled_home(tmp_path / "home", door.url)
        said = json.loads(agent("once", "--json", home=home.path).stdout)
    assert (said["seq"], said["outcome"], said["sections"], said["whole"]) == (1, "accepted", 12, 12)
    assert said["cost"]["sent_bytes"] > 0
    assert isinstance(said["unseen"], list)


@pytest.mark.parametrize("text", [None, '{"mounts": 3', '{"mounts": [{"x": 1}]}', "[]", '{"processes": [[]]}'])
def test_what_is_no_recording_is_said(tmp_path: Path, text: str | None) -> None:
    """A file that is missing or holds something else is named, without a traceback."""
    path = tmp_path / "recording.json"
    if text is not None:
        path.write_text(text)
    done = agent("show", "--recording", str(path))
    assert done.returncode == 3
    assert done.stderr.startswith("epicentre-agent: ")
    assert (str(path) in done.stderr, done.stderr.count("\n")) == (True, 1)


def test_a_user_without_a_home_has_the_systems_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service's user has neither HOME nor an entry that says one; the command starts all the same."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)  # what the home is looked up by: nobody has it
    assert default_home() == Path("/var/lib/epicentre-agent")


def test_version_and_times() -> None:
    """The version is the distribution's; a time that is none is refused before anything is done."""
    assert agent("--version").stdout == f"epicentre-agent {version('epicentre')}\n"
    for option, value in (("--splay", "nan"), ("--splay", "-1"), ("--interval", "nan"), ("--interval", "0")):
        done = agent("run", option, value)
        assert (done.returncode, "86400 seconds" in done.stderr) == (2, True)
    assert "--interval: 'soon' is no number of seconds" in agent("run", "--interval", "soon").stderr


@pytest.mark.parametrize("command", ["once", "run", "status"])
def test_not_enrolled(tmp_path: Path, command: str) -> None:
    """Without an enrolment one line says what to do, and no folder is made where somebody mistyped one."""
    done = agent(command, home=tmp_path / "home")
    assert done.returncode == 3
    assert "epicentre-agent enrol" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "home").exists()


def test_show_needs_nothing(tmp_path: Path) -> None:
    """`show` works without enrolment and without a folder, makes none, and prints one section or all."""
    whole = agent("show", "--json", home=tmp_path / "none")
    assert whole.returncode == 0, whole.stderr
    assert set(all_collectors()) == set(json.loads(whole.stdout))
    one = agent("show", "host", home=tmp_path / "none")
    assert one.stdout.startswith("host (")
    assert os.uname().release in one.stdout
    wrong = agent("show", "nonsense", home=tmp_path / "none")
    assert (wrong.returncode, "there are accounts, certificates" in wrong.stderr) == (2, True)
    assert not (tmp_path / "none").exists()


def test_show_is_what_is_sent(tmp_path: Path) -> None:
    """The sections `show --json` prints are those the next report carries: same hash, same body."""
    with scripted_door() as door:
        home = enrolled_home(tmp_path / "home", door.url)
        shown = json.loads(agent("show", "--json", home=home.path).stdout)
        assert agent("once", home=home.path).returncode == 0
    (report,) = door.reports.values()
    for name in ("host", "network", "filesystems"):  # others change while tests run beside this one
        assert shown[name] == report["sections"][name]


@pytest.mark.parametrize("command", [c for c in EXAMPLES if c])
def test_help_has_examples_and_exit_codes(command: str) -> None:
    """Each command explains itself with examples and what its exit codes mean."""
    text = agent(command, "--help").stdout
    assert "examples:" in text
    assert "exit codes:" in text


def test_run_reports_and_stops_cleanly(tmp_path: Path) -> None:
    """`run` logs one line per report to stderr, keeps a second agent out, and ends with 0 on SIGTERM."""
    with scripted_door() as door:
        home = enrolled_home(tmp_path / "home", door.url)
        command = [
            sys.executable,
            "-m",
            "cmdb_agents.main",
            "--home",
            str(home.path),
            "run",
            "--interval",
            "1",
            "--splay",
            "0",
        ]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
            deadline = time.monotonic() + 30
            while len(door.reports) < 2 and time.monotonic() < deadline:
                time.sleep(0.05)
            second = agent("once", home=home.path)
            child.send_signal(signal.SIGTERM)
            _, log = child.communicate(timeout=15)
    assert child.returncode == 0
    assert (second.returncode, "another agent" in second.stderr) == (3, True)
    lines = log.splitlines()
    assert len(lines) >= 2
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ seq=\d+ accepted sections=12 whole=\d+ ", x) for x in lines)


def test_sigterm_during_a_request(tmp_path: Path) -> None:
    """A server that hangs does not hold up the stop."""
    with scripted_door(hang(8)) as door:
        home = enrolled_home(tmp_path / "home", door.url)
        command = [sys.executable, "-m", "cmdb_agents.main", "--home", str(home.path), "run"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
            deadline = time.monotonic() + 30
            while not door.bodies and time.monotonic() < deadline:
                time.sleep(0.05)
            started = time.monotonic()
            child.send_signal(signal.SIGTERM)
            assert child.wait(timeout=15) == 0
            assert time.monotonic() - started < 5


def test_unwritable_home(tmp_path: Path) -> None:
    """A folder that cannot be used is named, with the way out."""
    (tmp_path / "file").write_text("")
    done = agent("enrol", "--url", "http://127.0.0.1:1", given=TOKEN, home=tmp_path / "file" / "home")
    assert done.returncode == 3
    assert "--home" in done.stderr


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own without room."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no filesystem can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(place: Path) -> Path:
    """Leave no room; the file that has taken it."""
    taken = place / "taken"
    with suppress(OSError), taken.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return taken


def test_a_full_disk_costs_no_token_and_no_report(full: Path) -> None:
    """What could not be kept is not asked for, a full disk is called one, and with room again all goes on."""
    taken = fill(full)
    with scripted_door() as door:
        done = agent("enrol", "--url", door.url, given=TOKEN, home=full / "home")
        said = f"epicentre-agent: the agent's folder {full / 'home'} cannot be written: No space left on device\n"
        assert (done.returncode, done.stderr, door.enrolments) == (3, said, 0)
        taken.unlink()
        assert agent("enrol", "--url", door.url, given=TOKEN, home=full / "home").returncode == 0
        fill(full)
        for command in ("once", "status"):
            done = agent(command, home=full / "home")
            assert (done.returncode, "agent.db cannot be opened: no room is left on its disk" in done.stderr) == (
                3,
                True,
            )
        taken.unlink()
        assert agent("once", home=full / "home").returncode == 0
    assert door.complaints == []


@pytest.mark.parametrize(
    ("ahead", "said"), [(-63_100_000, "730 days ahead of"), (7_300, "121 minutes behind"), (0, "")]
)
def test_a_wrong_clock_is_said(tmp_path: Path, ahead: float, said: str) -> None:
    """A clock that differs from the server's stops no report; the person is told how much, in words."""
    with scripted_door(clock_ahead=ahead) as door:
        home = enrolled_home(tmp_path / "home", door.url)
        once, status = agent("once", home=home.path), agent("status", home=home.path)
    assert once.returncode == 0
    for done in (once, status):
        assert (said in done.stdout, "clock:" in done.stdout) == (True, bool(said))


def test_what_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    """A token file or an enrolment that cannot be read is named once, with the reason and without numbers of errors."""
    missing = tmp_path / "missing"
    done = agent("enrol", "--url", "http://127.0.0.1:1", "--token-file", str(missing), home=tmp_path / "home")
    assert done.stderr == f"epicentre-agent: the token cannot be read from {missing}: No such file or directory\n"
    (tmp_path / "file").write_text("")
    said = agent("status", home=tmp_path / "file").stderr
    assert said == f"epicentre-agent: {tmp_path / 'file'}/agent.json cannot be read: Not a directory\n"


def test_memory_of_a_running_agent(tmp_path: Path) -> None:
    """After several reports the agent takes at most 16 MiB beyond a bare interpreter (9 MiB), and no more over time;
    what it never uses is not loaded: TLS for a server without it, e-mail, the parser of Python, psutil."""
    status = "print(next(x.split()[1] for x in open('/proc/self/status') if x.startswith('VmRSS')))"
    with scripted_door() as door:
        home = enrolled_home(tmp_path / "home", door.url)
        program = (
            "import sys; from pathlib import Path; import cmdb_agents.main; from cmdb_agents.home import Home\n"
            "from cmdb_agents.agent import Agent\n"
            "from cmdb_agents.transports.local import Local\n"
            "a = Agent(Home(Path(sys.argv[1])), Local()); seen = [a.cycle().cost.resident_mib for _ in range(15)]\n"
            "print(seen[1], seen[-1])\n"
            "print(*{'ssl', '_hashlib', 'email', 'http', 'ast', 'dis', 'psutil', 'logging'} & {*sys.modules})"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(home.path)], capture_output=True, text=True, timeout=60, check=True
        )
    bare = subprocess.run([sys.executable, "-c", status], capture_output=True, text=True, timeout=60, check=True)
    figures, loaded = done.stdout.split("\n")[:2]
    early, late = map(float, figures.split())
    assert loaded == ""
    assert late - int(bare.stdout) / 1024 < 16
    assert late - early < 2


def test_what_is_loaded_late_is_the_module_itself() -> None:
    """What stands for a module until it is used answers as the module, also to those who named it before."""
    program = (
        "import sys; from cmdb_agents import sparing; import inspect as early; assert 'ast' not in sys.modules\n"
        "assert str(early.signature(lambda a, b=1: 0)) == '(a, b=1)'; import inspect as late\n"
        "assert late.signature is early.signature and 'ast' in sys.modules; print(hasattr(early, 'nothing'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False\n"
