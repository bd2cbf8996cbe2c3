"""Children that cannot outlive their parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.waiting import ended, eventually

from cmdb.engine import child

SLEEP = ["/bin/sleep", "60"]
STUBBORN = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)\n"
            "for _ in range(600): time.sleep(0.1)"]  # fmt: skip


def runs(process: subprocess.Popen[bytes], program: str) -> bool:
    """Whether the launcher has become the program."""
    return Path(f"/proc/{process.pid}/exe").resolve().name.startswith(program)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_when_its_parent_is_killed(how: signal.Signals) -> None:
    """Even kill -9 of the parent leaves nothing behind."""
    text = (
        "import subprocess, time; from cmdb.engine import child\n"
        f"print(child.start({SLEEP!r}, output=subprocess.DEVNULL).pid, flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(how)
        parent.wait(20)
    assert eventually(lambda: ended(pid))


def test_a_parent_that_ended_first_leaves_no_child() -> None:
    """The launcher sees another parent than the one it was told of, and does not start the command."""
    launch = Path(child.__file__).with_name("launch.py")
    done = subprocess.run(
        [sys.executable, "-I", "-S", launch, "1", "0", "/bin/echo", "started"], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, b"")


def test_a_child_has_a_session_of_its_own() -> None:
    """Ctrl-C in the terminal reaches us, and the child only through us."""
    process = child.start(SLEEP, output=subprocess.DEVNULL)
    try:
        assert os.getsid(process.pid) == process.pid != os.getsid(0)
    finally:
        assert child.stop(process, 20.0)
    assert process.returncode == -signal.SIGTERM


def test_a_child_can_give_way_to_everything_else() -> None:
    """`nice` lowers its priority, nobody else's."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    process = child.start(SLEEP, output=subprocess.DEVNULL, nice=19)
    try:
        assert eventually(lambda: runs(process, "sleep") or runs(process, "coreutils"))
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19
        assert os.getpriority(os.PRIO_PROCESS, 0) == before
    finally:
        child.stop(process, 20.0)


def test_a_child_that_does_not_listen_is_killed_and_it_is_said() -> None:
    """Stopping is bounded."""
    process = child.start(STUBBORN, output=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as output:
        assert output.readline() == b"1\n"
        assert not child.stop(process, 0.2)
    assert process.returncode == -signal.SIGKILL
    assert child.stop(process, 0.2)


def test_a_child_holds_only_the_files_it_is_given(tmp_path: Path) -> None:
    """An open file is kept when named, and only then."""
    with (tmp_path / "kept").open("w") as kept, (tmp_path / "other").open("w") as other:
        os.set_inheritable(other.fileno(), True)
        process = child.start(SLEEP, output=subprocess.DEVNULL, keep=[kept.fileno()])
        try:
            assert eventually(lambda: runs(process, "sleep") or runs(process, "coreutils"))
            held = {link.resolve() for link in Path(f"/proc/{process.pid}/fd").iterdir()}
            assert tmp_path / "kept" in held
            assert tmp_path / "other" not in held
        finally:
            child.stop(process, 20.0)
