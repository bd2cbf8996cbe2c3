"""docs/discover-ssh.md: a real SSH server is looked at, as the page says, and the graph has the host."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from support.front_door import Door, front_door
from support.pages import Page
from support.ssh_server import Server, needs_sshd, pin, sshd

from cmdb.store import Store
from cmdb.words import Role
from cmdb_agents.discover.credentials import MAX_SECRET
from cmdb_agents.discover.folder import MAX_TRIES
from cmdb_agents.discover.kind import MAX_BYTES, SECONDS
from cmdb_agents.discover.targets import parse
from cmdb_agents.enrol import enrol
from cmdb_agents.front_door import FrontDoor
from cmdb_agents.home import Home
from cmdb_agents.transports.ssh_meter import BEFORE_LOGIN

PAGE = Path(__file__).parents[2] / "docs" / "discover-ssh.md"
pytestmark = [pytest.mark.neo4j, needs_sshd]


@dataclass
class Story:
    """The rack of the page, the collector beside it, and the server."""

    door: Door
    server: Server
    work: Path
    collector: Path

    def settle(self) -> None:
        """Apply what was reported."""
        while self.door.services.applier.step():
            pass

    def enrolled(self) -> None:
        """`epicentre discover enrol`, whose address differs from run to run."""
        url = f"http://127.0.0.1:{self.door.port}"
        made, seed = enrol(FrontDoor(url), (self.work / "token").read_text().strip())
        home = Home(self.collector)
        home.make()
        home.keep(made, bytes(SigningKey(seed)))

    def written(self) -> None:
        """The page's own targets.toml, with the port of this server."""
        text = PAGE.read_text().partition("```toml\n")[2].partition("```")[0]
        assert parse(text)["rack-7"].every == 86_400
        (self.collector / "targets.toml").write_text(text + f"port = {self.server.place.port}\n")

    def pinned(self) -> None:
        """`epicentre discover keys pin`, whose fingerprint differs from run to run."""
        (self.collector / "ssh").mkdir(exist_ok=True)
        pin(self.collector / "ssh", self.server.place, self.server.host_key)


@pytest.fixture
def story(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """A server that nobody reported to, an SSH server, and a folder with the key that it lets in."""
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    with front_door(home, store) as door, sshd(tmp_path / "sshd") as server:
        door.services.accounts.create_user("admin", [Role.ADMIN])
        (home / "server.json").write_text(json.dumps({"pid": os.getpid(), "url": f"http://127.0.0.1:{door.port}"}))
        (home / "token").touch(mode=0o600)
        (home / "token").write_text(door.services.accounts.create_token("admin"))
        (work / "rack.key").write_text(server.secret.secret)
        monkeypatch.setenv("EPICENTRE_HOME", str(home))
        monkeypatch.chdir(work)
        monkeypatch.setattr("cmdb_agents.discover.folder.default_folder", lambda: tmp_path / "collector")
        yield Story(door, server, work, tmp_path / "collector")


def test_every_command_of_the_page_prints_what_the_page_says(story: Story) -> None:
    """From the token to the graph: afterwards the host that was looked at is there, with its services."""
    steps = {
        "the collector is enrolled": story.enrolled,
        "the target is written": story.written,
        "the key is pinned": story.pinned,
    }
    Page(PAGE, steps, story.settle).check()
    (host,) = story.door.services.store.find("Host", first=10)
    assert host["name"] == os.uname().nodename.partition(".")[0]
    assert story.door.services.store.find("Service", first=100)
    kept = story.door.services.discoveries
    assert kept is not None
    assert sorted(run.fields["found"] for run in kept.runs("rack-7")) == [0, 1]


def test_the_figures_on_the_page_are_those_of_the_code() -> None:
    """Bounds and counts as they are in force."""
    text = " ".join(PAGE.read_text().split())
    assert f"at most {SECONDS:.0f} seconds and {MAX_BYTES // 2**20} MiB" in text
    assert f"{BEFORE_LOGIN // 1024} KiB" in text
    assert MAX_TRIES == 3
    assert MAX_SECRET == 65_536
