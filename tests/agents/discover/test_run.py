"""A run over real servers, reported through a real front door: outcomes, locks, what is new and gone, what is asked."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from support.front_door import Door, front_door
from support.hostile_ssh import listening
from support.ssh_server import Server, needs_sshd, new_key, pin, shown, sshd

from cmdb.discoveries import RunTold
from cmdb.errors import Invalid, Misconfigured
from cmdb.stop import Stop
from cmdb_agents.discover import run as runs
from cmdb_agents.discover.credentials import Credentials, master_key
from cmdb_agents.discover.folder import Folder, slug
from cmdb_agents.discover.keep import due, keep_collecting, tell
from cmdb_agents.discover.kind import Place
from cmdb_agents.discover.record import Ended, Run
from cmdb_agents.discover.run import Pace, Slots, perform, prepare
from cmdb_agents.discover.send import Collector
from cmdb_agents.discover.targets import parse
from cmdb_agents.home import Enrolled

pytestmark = needs_sshd
NOW = "2026-11-01T00:00:00Z"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A host without an agent."""
    with sshd(tmp_path_factory.mktemp("sshd"), "ListenAddress 127.0.0.3") as found:
        yield found


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server; its database is away, so reports wait in its inbox, where they can be looked at."""
    with front_door(tmp_path_factory.mktemp("door")) as opened:
        yield opened


class Bench:
    """A collector's folder with a target, a secret and an enrolment."""

    def __init__(self, path: Path, server: Server, door: Door) -> None:
        self.server, self.door = server, door
        self.folder = Folder(path)
        self.store = Credentials(path / "credentials.db", master_key(path / "master.key"))
        self.store.put("rack", "key", "root", server.secret.secret, ["127.0.0.0/8"], {}, NOW)
        self.target('["127.0.0.1"]')
        sender = door.enrolled(collector=True)
        self.enrolled = Enrolled(f"http://127.0.0.1:{door.port}", sender.node, sender.node)
        self.folder.home.keep(self.enrolled, bytes(sender.key))

    def target(self, hosts: str, more: str = 'allow = ["loopback"]') -> None:
        """Write the target."""
        (self.folder.path / "targets.toml").write_text(
            f'[target.rack]\nkind = "ssh"\nhosts = {hosts}\ncredentials = ["rack"]\nport = {self.server.place.port}\n'
            f"rate = 6000\n{more}\n"
        )

    def trust(self, *addresses: str) -> None:
        """Pin the server's key at these addresses."""
        for address in addresses:
            pin(self.folder.state("ssh"), Place(address, self.server.place.port), self.server.host_key)

    def run(self, report: bool = True) -> Run:
        """One run."""
        prepared = prepare(self.folder, self.folder.target("rack"), self.store, time.time())
        return perform(self.folder, prepared, self.collector() if report else None)[0]

    def collector(self) -> Collector:
        """Who reports."""
        found = Collector.of(self.folder.home)
        assert found is not None
        return found


@pytest.fixture
def bench(tmp_path: Path, server: Server, door: Door) -> Iterator[Bench]:
    """A fresh collector."""
    made = Bench(tmp_path / "collector", server, door)
    yield made
    made.store.close()
    made.folder.close()


def test_every_place_ends_with_a_word_of_its_own(bench: Bench) -> None:
    """One is seen and reported, one is silent, one is not trusted; none takes the others with it."""
    bench.target('["127.0.0.1", "127.0.0.2", "127.0.0.3"]')
    bench.trust("127.0.0.1")
    waiting = bench.door.services.inbox.depth()
    run = bench.run()
    assert [(p.address, p.ended) for p in run.places] == [
        ("127.0.0.1", Ended.SEEN), ("127.0.0.2", Ended.SILENT), ("127.0.0.3", Ended.STOPPED),
    ]  # fmt: skip
    assert bench.door.services.inbox.depth() == waiting + 1
    assert run.places[0].node == f"{bench.enrolled.node}:{slug('ssh', Place('127.0.0.1', bench.server.place.port))}"
    assert (run.counts["found"], run.counts["errors"], run.counts["gone"]) == (1, 1, 0)
    assert run.places[0].changed > 5


def test_what_no_longer_answers_is_gone_and_what_is_known_is_not_new(bench: Bench) -> None:
    """The second run finds nothing new; a host that has gone is gone once; one with a changed key is still there."""
    bench.target('["127.0.0.1", "127.0.0.3"]')
    bench.trust("127.0.0.1", "127.0.0.3")
    assert bench.run().counts["found"] == 2
    again = bench.run()
    assert (again.counts["found"], again.counts["gone"]) == (0, 0)
    # The key of one changes: it is there, and nothing is sent to it.
    port = bench.server.place.port
    from cmdb_agents.transports.ssh_hosts import HostKeys

    HostKeys(bench.folder.state("ssh")).forget(f"127.0.0.3:{port}")
    pin(bench.folder.state("ssh"), Place("127.0.0.3", port), shown(new_key(bench.folder.path / "other")))
    changed = bench.run()
    assert [(p.ended, p.gone) for p in changed.places] == [(Ended.SEEN, False), (Ended.STOPPED, False)]


def test_three_wrong_secrets_lock_a_place(bench: Bench) -> None:
    """After three in all nothing more is offered there, until a person unlocks it; a right one forgets the wrong."""
    wrong = new_key(bench.folder.path / "wrong")
    assert wrong is not None
    bench.store.put("rack", "key", "root", (bench.folder.path / "wrong").read_text(), ["127.0.0.0/8"], {}, NOW)
    bench.trust("127.0.0.1")
    ends = [bench.run().places[0].ended for _ in range(4)]
    assert ends == [Ended.NOT_LET_IN] * 3 + [Ended.LOCKED]
    bench.store.put("rack", "key", "root", bench.server.secret.secret, ["127.0.0.0/8"], {}, NOW)
    assert bench.run().places[0].ended is Ended.LOCKED
    assert bench.folder.unlock("127.0.0.1") == 1
    assert bench.run().places[0].ended is Ended.SEEN


def test_a_secret_is_not_sent_outside_its_networks(bench: Bench) -> None:
    """A place that no credential is bound to is connected to and offered nothing."""
    bench.store.put("rack", "key", "root", bench.server.secret.secret, ["192.0.2.0/24"], {}, NOW)
    bench.trust("127.0.0.1")
    (place,) = bench.run().places
    assert place.ended is Ended.NOT_LET_IN
    assert "no credential is bound to 127.0.0.1" in place.why


def test_the_collector_is_not_turned_on_its_own_machine(bench: Bench) -> None:
    """Without the word `allow` nothing connects to loopback or link-local addresses: the server there hears nobody."""
    heard: list[object] = []
    with listening(heard.append) as trap:
        more = f"port = {trap.port}"
        (bench.folder.path / "targets.toml").write_text(
            f'[target.rack]\nkind = "ssh"\nhosts = ["127.0.0.1", "::1", "localhost", "169.254.169.254"]\n{more}\n'
        )
        run = bench.run()
    assert run.places == ()
    assert len(run.skipped) == 4
    assert heard == []


def test_only_the_scope_of_a_target_is_reported(bench: Bench) -> None:
    """A target that names sections brings those and the host itself."""
    bench.target('["127.0.0.1"]', 'allow = ["loopback"]\nsections = ["network"]')
    bench.trust("127.0.0.1")
    prepared = prepare(bench.folder, bench.folder.target("rack"), bench.store, time.time())
    _, (sight,) = perform(bench.folder, prepared, None)
    assert sight is not None
    assert {s.name for s in sight.sections} == {"host", "network"}


def test_runs_are_told_once_and_what_is_asked_is_heard(bench: Bench) -> None:
    """The server gets each run and the targets; a target asked for there comes back by its name."""
    bench.trust("127.0.0.1")
    run = bench.run()
    assert tell(bench.folder, bench.collector(), time.time()) == []
    kept = bench.door.services.discoveries
    assert kept is not None
    assert kept.run(run.id).fields["places"][0]["ended"] == "seen"
    kept.ask(bench.enrolled.node, "rack", "ada")
    assert bench.folder.runs(unsent=True) == []
    assert tell(bench.folder, bench.collector(), time.time()) == ["rack"]


def test_a_server_that_is_away_loses_nothing(bench: Bench) -> None:
    """Seen while the server is away: the report waits in the spool and comes with the next run."""
    bench.trust("127.0.0.1")
    seed = SigningKey(bench.folder.home.seed())
    bench.folder.home.keep(Enrolled("http://127.0.0.1:1", bench.enrolled.node, bench.enrolled.node), bytes(seed))
    (away,) = bench.run().places
    assert away.ended is Ended.UNSENT
    bench.folder.home.keep(bench.enrolled, bytes(seed))
    (back,) = bench.run().places
    assert (back.ended, back.why) == (Ended.SEEN, "")


def test_the_collector_runs_what_is_due_and_what_is_asked(bench: Bench) -> None:
    """At work it runs a target whose time has come, tells the server, and runs it again when a person asks."""
    bench.trust("127.0.0.1")
    bench.target('["127.0.0.1"]', 'allow = ["loopback"]\nevery = "24h"')
    kept, stop = bench.door.services.discoveries, Stop()
    assert kept is not None
    worker = threading.Thread(
        target=keep_collecting, args=(bench.folder, bench.store, bench.collector(), stop), kwargs={"beat": 0.1}
    )
    worker.start()
    try:
        mine = until(lambda: [r for r in kept.runs("rack") if r.collector == bench.enrolled.node])
        assert [r.fields["places"][0]["ended"] for r in mine] == ["seen"]
        kept.ask(bench.enrolled.node, "rack", "ada")
        assert until(lambda: [r for r in kept.runs("rack") if r.collector == bench.enrolled.node][1:])
    finally:
        stop.set()
        worker.join(40)
    assert not worker.is_alive()


def until(found: Callable[[], list[RunTold]]) -> list[RunTold]:
    """What there is as soon as there is some."""
    for _ in range(300):
        if there := found():
            return there
        time.sleep(0.1)
    raise AssertionError("nothing came")


def test_a_server_with_few_places_at_its_door_is_not_overrun(tmp_path: Path, door: Door) -> None:
    """With no more at once than a server takes unauthenticated connections (MaxStartups), nobody is turned away."""
    many = "\n".join(f"ListenAddress 127.0.1.{n}" for n in range(1, 7))
    with sshd(tmp_path / "narrow", f"{many}\nMaxStartups 2:100:2\nMaxSessions 1") as narrow:
        made = Bench(tmp_path / "c", narrow, door)
        made.target('["127.0.1.0/29"]', 'allow = ["loopback"]\nat_once = 2')
        made.trust(*(f"127.0.1.{n}" for n in range(1, 7)))
        run = made.run(report=False)
        made.store.close()
        made.folder.close()
    assert [p.ended for p in run.places] == [Ended.SEEN] * 6


def test_broken_places_delay_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one slot, a place that never answers gives it to the next, and is silent in its own time."""
    monkeypatch.setattr(runs, "PATIENCE", 0.5)
    bench.target('["127.0.0.9", "127.0.0.1"]', 'allow = ["loopback"]\nat_once = 1')
    bench.trust("127.0.0.1")
    ended: dict[str, float] = {}
    with stuck("127.0.0.9", bench.server.place.port):
        prepared = prepare(bench.folder, bench.folder.target("rack"), bench.store, time.time())
        tasks = tuple(replace(task, seconds=8.0) for task in prepared.tasks)
        begun = time.monotonic()
        run, _ = perform(
            bench.folder, replace(prepared, tasks=tasks), None,
            told=lambda one: ended.setdefault(one.address, time.monotonic() - begun),
        )  # fmt: skip
    assert {p.address: p.ended for p in run.places} == {"127.0.0.9": Ended.SILENT, "127.0.0.1": Ended.SEEN}
    assert ended["127.0.0.1"] < ended["127.0.0.9"]
    assert 7 < ended["127.0.0.9"] < 12


@contextmanager
def stuck(address: str, port: int) -> Iterator[None]:
    """A server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
        yield


def test_a_shared_door_is_never_overrun() -> None:
    """Without patience a slot is free when its look has ended, and not before."""
    slots, under_way, most = Slots(2, math.inf), set[int](), [0]

    def look(number: int) -> None:
        with slots.taken():
            under_way.add(number)
            most[0] = max(most[0], len(under_way))
            time.sleep(0.02)
            under_way.discard(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look, range(16)))
    assert most == [2]


def test_a_stuck_target_does_not_hold_up_another(bench: Bench) -> None:
    """While one target waits for a place that never answers, another is run, and run again when somebody asks."""
    bench.trust("127.0.0.1")
    text = (bench.folder.path / "targets.toml").read_text()
    other = text.replace("target.rack", "target.other").replace('"127.0.0.1"', '"127.0.0.9"')
    (bench.folder.path / "targets.toml").write_text(f'{other}every = "24h"\n{text}every = "24h"\n')
    kept, stop = bench.door.services.discoveries, Stop()
    assert kept is not None
    worker = threading.Thread(
        target=keep_collecting, args=(bench.folder, bench.store, bench.collector(), stop), kwargs={"beat": 0.1}
    )
    with stuck("127.0.0.9", bench.server.place.port):
        worker.start()
        try:
            assert until(lambda: [r for r in kept.runs("rack") if r.collector == bench.enrolled.node])
            kept.ask(bench.enrolled.node, "rack", "ada")
            assert until(lambda: [r for r in kept.runs("rack") if r.collector == bench.enrolled.node][1:])
            assert not [r for r in kept.runs("other") if r.collector == bench.enrolled.node]
        finally:
            stop.set()
    worker.join(40)
    assert not worker.is_alive()


def test_targets_are_due_by_interval_and_window() -> None:
    """A target runs when its interval is over and its window open, and never by itself without an interval."""
    night = parse('[target.a]\nkind="ssh"\nhosts=["a"]\nevery="24h"\nwindow="22:00-04:00"\n')["a"]
    at_noon, at_night = 1_793_966_400, 1_793_966_400 + 11 * 3600
    assert not due(night, "", at_noon)
    assert due(night, "", at_night)
    assert not due(night, "2026-11-06T22:30:00Z", at_night)
    assert not due(parse('[target.a]\nkind="ssh"\nhosts=["a"]\n')["a"], "", at_noon)


def test_places_begin_at_their_rate() -> None:
    """Six hundred a minute are ten a second, whoever asks."""
    pace, started = Pace(600), time.monotonic()
    for _ in range(4):
        pace.wait()
    assert 0.29 < time.monotonic() - started < 2


def test_a_kind_that_is_not_there_is_named(bench: Bench) -> None:
    """A target of an unknown kind, and a file that is no TOML, are said before anything is looked at."""
    (bench.folder.path / "targets.toml").write_text('[target.rack]\nkind = "telnet"\nhosts = ["a"]\n')
    with pytest.raises(Invalid, match="no kind of discovery 'telnet'"):
        bench.folder.targets()
    (bench.folder.path / "targets.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match=r"targets\.toml"):
        bench.folder.targets()
