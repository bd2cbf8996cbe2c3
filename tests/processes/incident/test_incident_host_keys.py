"""A host whose SSH key changes: a real server, a real collector, and one incident for as long as it lasts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.front_door import Door, front_door
from support.questions import ADMIN, ask
from support.ssh_server import Server, answers, needs_sshd, pin, sshd

from cmdb.applier import utc_now
from cmdb.moments import after
from cmdb.store import Store
from cmdb_agents.discover.credentials import Credentials, master_key
from cmdb_agents.discover.folder import Folder
from cmdb_agents.discover.keep import tell
from cmdb_agents.discover.record import Ended, Looked
from cmdb_agents.discover.run import perform, prepare
from cmdb_agents.discover.send import Collector
from cmdb_agents.home import Enrolled
from cmdb_agents.transports.ssh_hosts import HostKeys
from cmdb_graphql.timers import Timers
from cmdb_processes.arrangements import PROCESS as ARRANGEMENTS
from cmdb_processes.incident import PROCESS
from cmdb_processes.incident.discovered import AGAIN, due

SHOWN = "number state waiting source eventCategory events title owner group priority"
INCIDENTS = f"{{ incidents(first: 9) {{ nodes {{ {SHOWN} cis {{ name }} }} }} }}"
EVENTS = "{ events(first: 20) { nodes { source outcome because text } } }"
KEYS = "{ discoveryHostKeys { nodes { place pinned shown standing host { name } } } }"
RUNS = "{ discoveryRuns(first: 1) { nodes { places { nodes { ended hostKeys { at pinned shown } } } } } }"

WEB1 = {
    "who": "0\n42\nweb1\n6.1\nx86_64\n",
    "system": "/etc/machine-id:0123456789abcdef0123456789abcdef\n/etc/os-release:ID=debian\n",
}


class Rack:
    """A collector whose one target is a host without an agent, and the server that hears of it."""

    def __init__(self, path: Path, door: Door, first: Server) -> None:
        self.door, self.place, self.folder = door, first.place, Folder(path)
        self.store = Credentials(path / "credentials.db", master_key(path / "master.key"))
        self.store.put("rack", "key", "root", first.secret.secret, ["127.0.0.0/8"], {}, "2026-11-01T00:00:00Z")
        (path / "targets.toml").write_text(
            f'[target.rack]\nkind = "ssh"\nhosts = ["127.0.0.1"]\ncredentials = ["rack"]\n'
            f'port = {self.place.port}\nallow = ["loopback"]\n'
        )
        sender = door.enrolled(collector=True)
        self.folder.home.keep(Enrolled(f"http://127.0.0.1:{door.port}", sender.node, sender.node), bytes(sender.key))
        pin(self.folder.state("ssh"), first.place, first.host_key)

    def look(self) -> Looked:
        """One run, told to the server; then time passes there."""
        collector = Collector.of(self.folder.home)
        assert collector is not None
        run, _ = perform(
            self.folder, prepare(self.folder, self.folder.target("rack"), self.store, time.time()), collector
        )
        tell(self.folder, collector, time.time())
        while self.door.services.applier.step():
            pass
        self.sweep()
        return run.places[0]

    def sweep(self, hours: float = 0.0) -> None:
        """What time does, now or some hours later."""
        Timers(self.door.services, lambda: after(utc_now(), hours)).step()

    def ask(self, question: str) -> list[dict[str, Any]]:
        """The rows of an answer."""
        (found,) = ask(self.door.services, question, ADMIN).values()
        rows: list[dict[str, Any]] = found["nodes"]
        return rows


@pytest.fixture
def door(store: Store, tmp_path: Path) -> Iterator[Door]:
    """A server with its processes."""
    with front_door(tmp_path / "home", store, processes=[ARRANGEMENTS, PROCESS]) as opened:
        yield opened


@pytest.mark.neo4j
@needs_sshd
def test_a_changed_host_key_is_one_incident_until_a_person_pins_the_new_one(door: Door, tmp_path: Path) -> None:
    """The host is sent nothing, one incident about its CI is open whatever the number of looks; pinning resolves it."""
    little = answers(tmp_path / "little", **WEB1)
    with sshd(tmp_path / "first", little) as first:
        (tmp_path / "collector").mkdir()
        rack = Rack(tmp_path / "collector", door, first)
        assert rack.look().ended is Ended.SEEN
        assert (rack.ask(INCIDENTS), rack.ask(KEYS)) == ([], [])
        (host,) = door.services.store.find("Host", first=9)
    with sshd(tmp_path / "second", little, first.place.port) as second:
        (tmp_path / "second" / "authorized").write_text((tmp_path / "first" / "user.pub").read_text())
        assert [rack.look().ended for _ in range(3)] == [Ended.STOPPED] * 3
        rack.sweep()
        said = second.log.read_text()
        assert "Accepted" not in said
        assert "Failed" not in said
        assert "root" not in said  # not even a name of a user was sent
        old, new = first.host_key.fingerprint, second.host_key.fingerprint
        (place,) = rack.ask(RUNS)[0]["places"]["nodes"]
        assert place == {"ended": "stopped", "hostKeys": [{"at": str(first.place), "pinned": old, "shown": new}]}
        assert rack.ask(KEYS) == [
            {"place": str(first.place), "pinned": old, "shown": new, "standing": "changed",
             "host": {"name": host["name"]}},
        ]  # fmt: skip
        (one,) = rack.ask(INCIDENTS)
        assert (one["state"], one["source"], one["eventCategory"], one["events"]) == ("new", "discovery", "security", 1)
        assert one["title"] == f"{first.place} shows another SSH host key than the pinned one"
        assert one["cis"] == [{"name": host["name"]}]
        assert (one["owner"], one["group"], one["priority"]) == ("epicentre:incident", "service desk", 4)
        (event,) = rack.ask(EVENTS)
        assert old in event["text"]
        assert new in event["text"]

        keys = HostKeys(rack.folder.state("ssh"))
        keys.forget(str(first.place))
        pin(rack.folder.state("ssh"), second.place, second.host_key)
        assert [rack.look().ended for _ in range(2)] == [Ended.SEEN] * 2
        (one,) = rack.ask(INCIDENTS)
        assert (one["number"], one["state"], one["waiting"]) == ("INC-1", "resolved", "confirmation")
        assert [event["outcome"] for event in rack.ask(EVENTS)] == ["resolve", "incident"]
        assert rack.ask(KEYS)[0]["standing"] == "pinned"
        rack.store.close()
        rack.folder.close()


@pytest.mark.neo4j
@needs_sshd
def test_who_stood_between_and_went_is_not_forgotten(door: Door, tmp_path: Path) -> None:
    """When the pinned key is shown again nobody has judged it yet: that is a word on the incident, which stays open."""
    little = answers(tmp_path / "little", **WEB1)
    with sshd(tmp_path / "first", little) as first:
        (tmp_path / "collector").mkdir()
        rack = Rack(tmp_path / "collector", door, first)
    with sshd(tmp_path / "between", little, first.place.port):
        assert rack.look().ended is Ended.STOPPED
    with sshd(tmp_path / "first", little, first.place.port):
        assert [rack.look().ended for _ in range(2)] == [Ended.SEEN] * 2
    (one,) = rack.ask(INCIDENTS)
    assert (one["state"], one["events"], one["cis"]) == ("new", 2, [])  # no look had seen it before
    assert [event["because"] for event in rack.ask(EVENTS)] == ["it is one more of INC-1", "rule discovery host key"]
    rack.store.close()
    rack.folder.close()


@pytest.mark.parametrize(
    ("standing", "last", "is_open", "hours", "wanted"),
    [
        ("changed", "", False, 0, True),  # never said
        ("changed", "2026-11-01T00:00:01.000Z", True, 99, False),  # said, and somebody works on it
        ("changed", "2026-11-01T00:00:01.000Z", False, 23, False),  # closed today
        ("changed", "2026-11-01T00:00:01.000Z", False, 25, True),  # closed yesterday, and it goes on
        ("changed", "2026-10-01T00:00:00.000Z", True, 0, True),  # said of another time
        ("pinned", "2026-10-31T00:00:00.000Z", True, 0, True),
        ("pinned", "2026-11-01T00:00:01.000Z", False, 99, False),
        ("back", "2026-10-31T00:00:00.000Z", False, 0, False),  # nothing is open: no reason for an incident
        ("back", "2026-10-31T00:00:00.000Z", True, 0, True),
    ],
)
def test_each_standing_is_said_once(standing: str, last: str, is_open: bool, hours: int, wanted: bool) -> None:
    """What is due of a key that stands so since the first of November, where `last` is the last event of it."""
    since = "2026-11-01T00:00:00.000Z"
    assert AGAIN == 86_400
    assert due(standing, since, last, is_open, after(since, hours)) is wanted
