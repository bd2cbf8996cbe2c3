"""A real OpenSSH server: what is seen over SSH is what the agent on that host sees."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ssh_server import Server, needs_sshd, new_key, pin, shown, sshd

from cmdb.errors import HostKeyChanged, Invalid, NotAuthenticated, Refused, Unavailable
from cmdb.words import Item, Link, Section
from cmdb_agents.discover.kind import Place, Secret, Task
from cmdb_agents.discover.kinds.ssh import SSH
from cmdb_agents.run import look
from cmdb_agents.transports.local import Local
from cmdb_agents.transports.ssh import private_key
from cmdb_agents.transports.ssh_hosts import HostKeys
from cmdb_agents.transports.ssh_script import script

pytestmark = needs_sshd
NOW = 1_795_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with sshd(tmp_path_factory.mktemp("sshd")) as found:
        yield found


def task(server: Server, folder: Path, *secrets: Secret, **more: object) -> Task:
    """A look at the server with its own secret, or with these."""
    return Task(server.place, folder, secrets or (server.secret,), now=NOW, **more)  # type: ignore[arg-type]


def here() -> dict[str, Section]:
    """What the agent sees of this host now."""
    return {s.name: s for s in look(Local(), {}, NOW)[1]}


def stated(section: Section) -> set[Item | Link]:
    """Everything a section says, each with all its values."""
    return {*map(frozen, section.items), *section.links}


def alike(before: Section, over: Section, after: Section) -> bool:
    """Whether a section over SSH holds all that stays from one look to the next, and little that neither has."""
    steady = stated(before) & stated(after)
    if over.name == "sockets":  # what others here connect to changes from look to look; the lab counts them one by one
        return over.complete == before.complete and bool(steady & stated(over)) == bool(steady)
    extra = stated(over) - stated(before) - stated(after)
    few = 5 if over.name == "services" else 0  # the look's own shell, and what others just started
    return steady <= stated(over) and len(extra) <= few and over.complete == before.complete


def frozen(item: Item) -> Item:
    """An item that can be a member of a set."""
    return Item(item.cls, item.key, item.name, tuple(sorted(item.attributes.items())))  # type: ignore[arg-type]


def test_what_is_seen_over_ssh_is_what_the_agent_sees(server: Server, tmp_path: Path) -> None:
    """Everything that the agent says before and after alike is said over SSH in the same words, and nothing else is."""
    folder = server.pinned(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        for attempt in range(3):
            before, sight, after = here(), SSH.look(task(server, folder)), here()
            sections = {s.name: s for s in sight.sections}
            different = [name for name in before if not alike(before[name], sections[name], after[name])]
            # Other programs of this host may connect and part between two looks, so sockets get another chance.
            if not different or attempt == 2:
                break
        client.close()
    assert sections.keys() == before.keys()
    assert different == []
    assert all(
        stated(sections[name]) for name in ("host", "network", "filesystems", "services", "accounts", "packages")
    )
    assert sight.name == os.uname().nodename
    assert sight.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_dependency_is_found_with_its_program(tmp_path: Path, server: Server) -> None:
    """A client and its server, both running scripts of known names, appear as services with an edge between them."""
    (tmp_path / "ledger.py").write_text(
        "import socket\ns=socket.create_server(('127.0.0.1',0))\nprint(s.getsockname()[1],flush=True)\nkept=[]\n"
        "while 1: kept.append(s.accept())"
    )
    (tmp_path / "shop.py").write_text(
        "import socket,sys\nc=socket.create_connection(('127.0.0.1',int(sys.argv[1])))\n"
        "s=socket.create_server(('127.0.0.1',0))\nprint(1,flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, str(tmp_path / "ledger.py")], stdout=subprocess.PIPE) as one:
        assert one.stdout is not None
        ledger = int(one.stdout.readline())
        command = [sys.executable, str(tmp_path / "shop.py"), str(ledger)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as two:
            try:
                assert two.stdout is not None
                assert two.stdout.readline()
                sight = SSH.look(task(server, server.pinned(tmp_path / "collector")))
            finally:
                one.kill()
                two.kill()
    links = {(k.source.key, k.type, k.target.key) for s in sight.sections for k in s.links}
    assert ("shop", "DEPENDS_ON", f"tcp://127.0.0.1:{ledger}") in {(s.partition("@")[0], k, t) for s, k, t in links}


def test_an_unknown_host_is_sent_nothing(server: Server, tmp_path: Path) -> None:
    """Without a pinned key there is no login; with a window open the key is offered, and pinned it works."""
    place, size = str(server.place), server.log.stat().st_size
    with pytest.raises(Refused, match="nothing was sent"):
        SSH.look(task(server, tmp_path))
    keys = HostKeys(tmp_path)
    assert keys.offers() == ()
    keys.open_window(NOW + 60)
    with pytest.raises(Refused, match="offered for pinning; nothing was sent"):
        SSH.look(task(server, tmp_path))
    assert [(o.place, o.fingerprint) for o in keys.offers()] == [(place, server.host_key.fingerprint)]
    assert "Accepted" not in server.log.read_text()[size:]
    keys.pin(place, server.host_key.fingerprint)
    assert SSH.look(task(server, tmp_path)).name == os.uname().nodename


def test_a_changed_host_key_stops_everything(server: Server, tmp_path: Path) -> None:
    """A host that shows another key than the pinned one is not logged in to: its log has no try of a login."""
    other = shown(new_key(tmp_path / "other"))
    pin(tmp_path, server.place, other)
    size = server.log.stat().st_size
    with pytest.raises(HostKeyChanged, match="ANOTHER HOST KEY") as stopped:
        SSH.look(task(server, tmp_path))
    found = (stopped.value.place, stopped.value.pinned, stopped.value.shown)
    assert found == (str(server.place), other.fingerprint, server.host_key.fingerprint)
    time.sleep(0.3)
    said = server.log.read_text()[size:]
    assert "Accepted" not in said
    assert "Failed" not in said
    assert "root" not in said  # it has not even learnt the user's name


def test_a_key_is_read_once_for_all_hosts(tmp_path: Path) -> None:
    """Stretching a passphrase takes longer than a look: it is done once for a text and its phrase, and no other."""
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a phrase", "-f", str(path)], check=True)
    one, two = (Secret(ref, "key", "root", path.read_text(), {"passphrase": "a phrase"}) for ref in ("a", "b"))
    assert private_key(one) is private_key(two)
    for options in ({}, {"passphrase": "another"}):
        with pytest.raises(Invalid, match="credential c holds no private key"):
            private_key(Secret("c", "key", "root", one.secret, options))


def test_what_another_process_pins_or_forgets_is_known_at_once(server: Server, tmp_path: Path) -> None:
    """The file is read again when it has changed: a person's command takes effect on the collector that runs."""
    collector, person = HostKeys(tmp_path), HostKeys(tmp_path)
    assert collector.pinned(server.place) is None
    for _ in range(3):
        pin(tmp_path, server.place, server.host_key)
        assert collector.pinned(server.place) == server.host_key
        person.forget(str(server.place))
        assert collector.pinned(server.place) is None


def test_at_most_three_secrets_are_tried(server: Server, tmp_path: Path) -> None:
    """Of five secrets three are tried, keys before passwords, and the error names them without their text."""
    folder = server.pinned(tmp_path)
    wrong = [Secret(f"k{n}", "key", "root", _private(tmp_path / f"k{n}")) for n in range(3)]
    passwords = [Secret(f"p{n}", "password", "root", "swordfish") for n in range(2)]
    with pytest.raises(NotAuthenticated, match="none of the 3 credentials bound to it: k0, k1, k2"):
        SSH.look(task(server, folder, *passwords, *wrong))
    # The right one in third place still opens.
    assert SSH.look(task(server, folder, passwords[0], wrong[0], wrong[1], server.secret)).name


def _private(path: Path) -> str:
    new_key(path)
    return path.read_text()


def test_through_a_jump_host(server: Server, tmp_path: Path) -> None:
    """A host behind another is reached through it; both show pinned keys, and the inner secret is not for the outer."""
    with sshd(tmp_path / "inner") as inner:
        folder = server.pinned(inner.pinned(tmp_path / "collector"))
        sight = SSH.look(task(inner, folder, via=((server.place, (server.secret,)),)))
        assert sight.name == os.uname().nodename
        pin_of_another = tmp_path / "second"
        inner.pinned(pin_of_another)
        with pytest.raises(Refused, match=str(server.place.port)):
            SSH.look(task(inner, pin_of_another, via=((server.place, (server.secret,)),)))


def test_a_server_at_its_limit_is_no_answer(tmp_path: Path) -> None:
    """A server that takes no session, or no connection, is said to be unavailable, to be asked again later."""
    with sshd(tmp_path / "s", "MaxSessions 0") as full, pytest.raises(Unavailable, match="does not answer"):
        SSH.look(task(full, full.pinned(tmp_path / "c")))
    with pytest.raises(Unavailable, match="refused"):
        SSH.look(task(full, tmp_path / "c"))


def test_sudo_is_used_only_where_it_is_asked_for(server: Server, tmp_path: Path) -> None:
    """Where it is configured and not to be had, the look goes on without and says so; root needs none."""
    sight = SSH.look(task(server, server.pinned(tmp_path), options={"sudo": "yes"}))
    assert not any("sudo" in line for line in sight.unseen)
    assert {s.name for s in sight.sections if s.complete} >= {"host"}


def test_without_root_what_is_hidden_is_said() -> None:
    """The script as an ordinary user says what it could not see in the words of an agent without root."""
    from cmdb_agents.transports.local import Linux
    from cmdb_agents.transports.ssh_capture import capture

    done = subprocess.run(
        ["sh", "-s"], input=script("ab").encode(), capture_output=True, check=True, user=65534, group=65534
    )
    machine = Linux(capture(done.stdout, "ab")).read()
    agent = subprocess.run(
        [
            sys.executable, "-c",
            "import os; from cmdb_agents.transports.local import Local; Local().read()\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "print(list(Local().read().troubles))",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert agent.stdout.strip() == repr(list(machine.troubles))
    assert "programs of other users behind their sockets" in {t.what for t in machine.troubles}


def test_plan_opens_no_connection(tmp_path: Path) -> None:
    """A dry run says where, with what and how far, without the secret, and asks nobody."""
    found = SSH.plan(
        Task(Place("192.0.2.1", 22, "web1"), tmp_path, (Secret("rack", "password", "probe", "swordfish"),))
    )
    text = "\n".join(found)
    assert "web1 (192.0.2.1:22)" in text
    assert "password rack as probe" in text
    assert "swordfish" not in text
    assert "not pinned: nothing would be sent" in text


def test_a_server_with_old_algorithms_only_is_not_spoken_to(tmp_path: Path) -> None:
    """Ciphers and digests that are broken are not offered, so a server that has nothing else is no answer."""
    with sshd(tmp_path / "s", "Ciphers aes128-cbc,3des-cbc\nMACs hmac-sha1") as old, pytest.raises(Unavailable):
        SSH.look(task(old, old.pinned(tmp_path / "c")))
