"""`epicentre watch` against a real server: changes are printed as they come."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.front_door import front_door
from support.questions import estate
from support.reports import NOW, host, report

from cmdb.store import Store
from cmdb.words import Role

pytestmark = pytest.mark.neo4j
PROGRAM = Path(sys.executable).with_name("epicentre")


def test_watch_prints_changes_until_it_had_enough_and_says_who_may_not(tmp_path: Path, store: Store) -> None:
    """One JSON value a line; a token that is not known is refused with exit code 3, no server with 4."""
    estate(store)
    with front_door(tmp_path / "home", store) as door:
        door.services.accounts.create_user("eve", [Role.VIEWER])
        for name, text in (("token", door.services.accounts.create_token("eve")), ("wrong", "epi_a_b")):
            (tmp_path / name).touch(mode=0o600)
            (tmp_path / name).write_text(text + "\n")
        url = f"http://127.0.0.1:{door.port}"
        begin = [str(PROGRAM), "--url", url, "--token-file", str(tmp_path / "token"), "watch"]
        watched = subprocess.Popen(
            [*begin, "web2", "--count", "1", "--json"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            for number in range(2, 60):  # until it has begun to listen
                store.apply(report(number, host("web2", cpu_cores=number), node="nd_2", boot="boot-2"), NOW)
                try:
                    out, err = watched.communicate(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    continue
            assert watched.returncode == 0, err
        finally:
            watched.kill()
            watched.wait()
        change = json.loads(out)
        assert change["cis"][0]["name"] == "web2" and change["actor"] == "nd_2"
        nobody = [str(PROGRAM), "--url", url, "--token-file", str(tmp_path / "wrong"), "watch"]
        assert subprocess.run(nobody, capture_output=True, timeout=60, check=False).returncode == 3
        assert subprocess.run([*begin, "--impact"], capture_output=True, timeout=60, check=False).returncode == 2
    gone = subprocess.run(begin, capture_output=True, text=True, timeout=60, check=False)
    assert (gone.returncode, "no server answers at" in gone.stderr) == (4, True)
