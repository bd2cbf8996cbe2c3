"""docs/discover-snmp.md: what it prints is printed by the real program, against a real snmpd and a lab that answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.front_door import Door
from support.imported import load, node
from support.pages import Page
from support.signed_in import admins_door
from support.snmp_network import HOST_MAC, answering
from support.snmpd import snmpd
from support.waiting import eventually

from cmdb.stop import Stop
from cmdb.store import Store
from cmdb_agents.discover.credentials import Credentials, master_key
from cmdb_agents.discover.folder import Folder
from cmdb_agents.discover.keep import keep_collecting
from cmdb_agents.discover.send import Collector
from cmdb_agents.discover.targets import parse
from cmdb_agents.home import Enrolled
from cmdb_processes.cli.discovery.report import gather

pytestmark = pytest.mark.neo4j

PAGE = Path(__file__).parents[2] / "docs" / "discover-snmp.md"


@dataclass
class Story:
    """The page's server, and its collector's folder."""

    door: Door
    collector: Path

    def enrolled(self) -> None:
        """`epicentre discover enrol`, whose address differs from run to run."""
        sender = self.door.enrolled(collector=True)
        folder = Folder(self.collector)
        folder.home.keep(Enrolled(f"http://127.0.0.1:{self.door.port}", sender.node, sender.node), bytes(sender.key))
        folder.close()

    def written(self) -> None:
        """The page's own targets.toml."""
        text = PAGE.read_text().partition("```toml\n")[2].partition("```")[0]
        assert parse(text)["lab"].every == 3_600
        (self.collector / "targets.toml").write_text(text)

    def worked(self) -> None:
        """`epicentre discover run`, until it has done what it was asked for."""
        folder, stop = Folder(self.collector), Stop()
        store = Credentials(self.collector / "credentials.db", master_key(self.collector / "master.key"))
        collector, kept = Collector.of(folder.home), self.door.services.discoveries
        assert collector is not None and kept is not None
        given = {"beat": 0.1, "gather": gather}
        worker = threading.Thread(target=keep_collecting, args=(folder, store, collector, stop), kwargs=given)
        worker.start()
        try:
            assert eventually(lambda: len(kept.runs("lab")) > 1, 40)
        finally:
            stop.set()
            worker.join(40)
        assert not worker.is_alive()


@pytest.fixture
def story(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """A host that an agent told of, a daemon, a network that answers, and a collector that was never started."""
    load(
        store,
        node("Host", "web1", ref="h", fqdn="web1.example.net"),
        node("NetworkInterface", "eth0", ref="n", parent="h", key="eth0", mac=HOST_MAC),
        source="agents",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cmdb_agents.discover.folder.default_folder", lambda: tmp_path / "collector")
    (tmp_path / "snmpd").mkdir()
    with (
        admins_door(tmp_path, store, monkeypatch) as door,
        snmpd(tmp_path / "snmpd", 17161),
        answering(port=17162),
    ):
        yield Story(door, tmp_path / "collector")


def test_every_command_of_the_page_prints_what_the_page_says(story: Story) -> None:
    """Dry runs, a report, what breaks with a switch, what is joined to what, and a collector's runs."""
    steps = {
        "the collector is enrolled": story.enrolled,
        "the target is written": story.written,
        "the collector at work has done so": story.worked,
    }
    Page(PAGE, steps).check()
