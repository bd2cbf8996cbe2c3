"""Delivery to real receivers: in order, at least once, tried again, never to where it was not allowed."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from standardwebhooks.webhooks import Webhook
from support.receiver import receiver
from support.waiting import eventually

from cmdb.errors import Invalid, TooLarge, UnknownName
from cmdb.webhooks import Courier, Hooks, guard, message, registry
from cmdb.webhooks import post as posting

LOOPBACK = guard.networks("127.0.0.0/8")


class Journal:
    """The journal at the outermost edge: entries as the store gives them."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def add(self, op: str = "create", **more: Any) -> None:
        """One more entry with one step."""
        seq = len(self.entries) + 1
        head = {"seq": seq, "at": "2026-01-02T03:04:05Z", "actor": "nd_1", "kind": "report", "summary": f"entry {seq}"}
        self.entries.append({**head, "ops": [{"op": op, **more}]})

    def sequence(self) -> int:
        """The last one."""
        return len(self.entries)

    def entries_after(self, seq: int, first: int) -> list[dict[str, Any]]:
        """Those behind."""
        return self.entries[seq : seq + first]


class Clock:
    """A clock that is set by hand, from the real time on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


Make = Callable[..., Courier]


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Hooks]:
    """The registry on a real file."""
    made = Hooks(tmp_path / "webhooks.db", b"pepper")
    yield made
    made.close()


@pytest.fixture
def journal() -> Journal:
    """An empty journal."""
    return Journal()


@pytest.fixture
def clock() -> Clock:
    """Now."""
    return Clock()


@pytest.fixture
def make(hooks: Hooks, journal: Journal, clock: Clock) -> Iterator[Make]:
    """Couriers that are not started: a test says when to look."""
    made: list[Courier] = []

    def one(allowed: Any = LOOPBACK, **more: Any) -> Courier:
        made.append(Courier(hooks, journal, allowed, now=clock, **more))
        return made[-1]

    yield one
    for courier in made:
        courier.stop()


def rounds(courier: Courier, until: Callable[[], bool]) -> None:
    """Look until it is so."""

    def looked() -> bool:
        courier.look()
        return until()

    assert eventually(looked, 10)


def test_what_comes_is_told_in_order_and_signed(make: Make, journal: Journal, hooks: Hooks) -> None:
    """Only entries after its making, each once, in sequence, each with a signature a receiver's library takes."""
    journal.add()
    courier = make()
    with receiver() as there:
        hook, secret = courier.create(there.url, ["ci.*"], by="ada")
        for n in range(60):
            journal.add("create" if n % 2 else "reword", id=f"ci_{n}")
        rounds(courier, lambda: hooks.one(hook.id).cursor == 61)
    bodies = [Webhook(secret).verify(body, headers) for _, headers, body in there.got]
    assert [b["events"][0]["id"] for b in bodies] == [f"ci_{n}" for n in range(1, 60, 2)]
    assert there.got[0][0] == "/hook?a=1"
    assert [a.status for a in hooks.attempts(hook.id, 100)] == [200] * 30


def test_a_failing_receiver_is_tried_again_later_and_misses_nothing(
    make: Make, journal: Journal, hooks: Hooks, clock: Clock
) -> None:
    """After a refusal nothing behind it is sent until it is taken; the message keeps its id; pauses grow."""
    courier = make()
    with receiver() as there:
        there.answers = [500, 503]
        hook, _ = courier.create(there.url, [], by="ada")
        journal.add(id="ci_1")
        journal.add(id="ci_2")
        rounds(courier, lambda: hooks.one(hook.id).failures == 1)
        assert not courier.look()
        clock.ahead += message.FIRST_PAUSE + 0.1
        rounds(courier, lambda: hooks.one(hook.id).failures == 2)
        clock.ahead += message.FIRST_PAUSE + 0.1
        assert not courier.look(), "the second pause is longer"
        clock.ahead += message.FIRST_PAUSE
        rounds(courier, lambda: hooks.one(hook.id).cursor == 2)
    assert [json.loads(body)["seq"] for _, _, body in there.got] == [1, 1, 1, 2]
    assert len({headers["webhook-id"] for _, headers, _ in there.got}) == 2
    assert hooks.one(hook.id).state == "active"


def test_nothing_is_lost_when_nobody_listens(make: Make, journal: Journal, hooks: Hooks, clock: Clock) -> None:
    """A closed port is a try like any other, said in the log; after 72 hours it is paused with the reason."""
    with receiver() as gone:
        pass
    courier = make()
    hook, _ = courier.create(gone.url, [], by="ada")
    journal.add()
    rounds(courier, lambda: hooks.one(hook.id).failures == 1)
    assert "refused" in hooks.attempts(hook.id)[0].answer.lower()
    clock.ahead += message.PATIENCE + 60
    rounds(courier, lambda: hooks.one(hook.id).paused is not None)
    assert "72 h" in (hooks.one(hook.id).paused or "")
    assert hooks.one(hook.id).cursor == 0
    hooks.resume(hook.id)
    assert hooks.one(hook.id).state == "active"


def test_a_clock_that_is_set_back_makes_nobody_wait_for_years(
    make: Make, journal: Journal, hooks: Hooks, clock: Clock
) -> None:
    """A try failed while the clock was ten years ahead; once it is right, the next one comes at once."""
    clock.ahead = 10 * 365 * 86_400.0
    courier = make()
    with receiver() as there:
        there.answers = [500]
        hook, _ = courier.create(there.url, [], by="ada")
        journal.add(id="ci_1")
        rounds(courier, lambda: hooks.one(hook.id).failures == 1)
        clock.ahead = 0.0
        rounds(courier, lambda: hooks.one(hook.id).cursor == 1)
    assert [json.loads(body)["seq"] for _, _, body in there.got] == [1, 1]


def test_one_slow_receiver_holds_up_nobody(
    make: Make, journal: Journal, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that accepts and never answers is hung up on at the deadline; another is told meanwhile."""
    monkeypatch.setattr(posting, "WHOLE", 1.0)
    courier = make()
    with socket.create_server(("127.0.0.1", 0)) as silent, receiver() as quick:
        slow, _ = courier.create(f"http://127.0.0.1:{silent.getsockname()[1]}/", [], by="ada")
        fast, _ = courier.create(quick.url, [], by="ada")
        journal.add()
        rounds(courier, lambda: hooks.one(fast.id).cursor == 1)
        assert hooks.one(slow.id).failures == 0
        rounds(courier, lambda: hooks.one(slow.id).failures == 1)


@pytest.mark.parametrize(
    ("scheme", "said"),
    [("http", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 400), ("https", b"\x16\x03\x03\x40\x00" + b"a" * 400)],
)
def test_a_receiver_that_drips_is_left_at_the_deadline(
    make: Make, hooks: Hooks, monkeypatch: pytest.MonkeyPatch, scheme: str, said: bytes
) -> None:
    """A byte now and then does not keep us longer than the deadline, nor while the two agree on TLS."""
    monkeypatch.setattr(posting, "WHOLE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as door:

        def drip() -> None:
            peer, _ = door.accept()
            with peer:
                try:
                    for byte in said:
                        peer.send(bytes([byte]))
                        time.sleep(0.1)
                except OSError:
                    pass

        dripping = threading.Thread(target=drip)
        dripping.start()
        courier = make()
        hook, _ = courier.create(f"{scheme}://127.0.0.1:{door.getsockname()[1]}/", [], by="ada")
        started = time.monotonic()
        assert courier.ping(hook.id).status is None
        assert time.monotonic() - started < 5
        dripping.join(10)


def test_a_webhook_that_is_paused_gets_nothing_more(make: Make, journal: Journal, hooks: Hooks) -> None:
    """Not even the rest of what was read for it already; resumed it gets all of that, once."""
    courier = make()
    with receiver() as there:
        hook, _ = courier.create(there.url, [], by="ada")
        there.then = lambda: hooks.pause(hook.id, "for now")
        for _ in range(3):
            journal.add()
        rounds(courier, lambda: hooks.one(hook.id).cursor == 1 and not courier._busy)
        assert len(there.got) == 1 and not courier.look()
        there.then = None
        hooks.resume(hook.id)
        rounds(courier, lambda: hooks.one(hook.id).cursor == 3)
    assert [json.loads(body)["seq"] for _, _, body in there.got] == [1, 2, 3]


def test_redirects_are_not_followed_and_gone_is_gone(make: Make, journal: Journal, hooks: Hooks) -> None:
    """A redirect is a refusal (0 requests at its target); 410 pauses the webhook."""
    courier = make()
    with receiver() as inside, receiver() as there:
        there.answers, there.location = [302, 410], inside.url
        hook, _ = courier.create(there.url, [], by="ada")
        assert courier.ping(hook.id).status == 302
        journal.add()
        rounds(courier, lambda: hooks.one(hook.id).paused is not None)
        assert inside.got == []
    assert "410" in (hooks.one(hook.id).paused or "")


def test_a_name_that_turns_inside_after_it_was_checked_gains_nothing(
    make: Make, journal: Journal, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name was public when the webhook was made and points at loopback now: 0 connections."""
    real, public = socket.getaddrinfo, [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]
    with receiver() as inside:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: public)
        courier = make(())
        hook, _ = courier.create(f"https://rebound.example:{inside.port}/", [], by="ada")
        turned = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", inside.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: turned)
        journal.add()
        rounds(courier, lambda: hooks.one(hook.id).failures == 1)
        monkeypatch.setattr(socket, "getaddrinfo", real)
    assert inside.got == []
    assert "no public address" in hooks.attempts(hook.id)[0].answer


def test_tls_is_checked_against_the_name(make: Make, hooks: Hooks) -> None:
    """A certificate of ours for the name is taken; the same server under an unknown authority is not."""
    authority, server = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with receiver(server) as there:
        hook, secret = make().create(there.url, [], by="ada")
        assert make(tls=trusting).ping(hook.id).status == 200
        refused = make().ping(hook.id)
    assert refused.status is None
    assert "certificate" in refused.answer.lower()
    assert len(there.got) == 1
    assert Webhook(secret).verify(there.got[0][2], there.got[0][1])["type"] == "ping"


def test_what_a_receiver_answers_cannot_steer_a_terminal(make: Make, hooks: Hooks) -> None:
    """Control characters of an answer are not kept."""
    with receiver() as there:
        hook, _ = make().create(there.url, [], by="ada")
        assert make().ping(hook.id).answer == "seen [2J"


def test_bad_wishes_are_refused_and_nothing_is_kept(make: Make, hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inner address, an unknown event, one too many, an unknown id: each a sentence."""
    with pytest.raises(Invalid, match="EPICENTRE_WEBHOOK_NETWORKS"):
        make(()).create("https://127.0.0.1/", [], by="ada")
    with pytest.raises(UnknownName):
        make().create("http://127.0.0.1/", ["nothing"], by="ada")
    assert hooks.all() == []
    monkeypatch.setattr(registry, "MOST_HOOKS", 1)
    made, _ = make().create("http://127.0.0.1/", [], by="ada")
    with pytest.raises(TooLarge):
        make().create("http://127.0.0.1/", [], by="ada")
    hooks.remove(made.id)
    for call in (hooks.remove, hooks.resume, hooks.attempts, make().ping):
        with pytest.raises(UnknownName, match="no webhook"):
            call(made.id)


def test_the_file_holds_no_secret_and_the_log_is_bounded(
    make: Make, hooks: Hooks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is nowhere on disk, also after a restart it is the same; old tries go."""
    monkeypatch.setattr(registry, "KEPT", 3)
    with receiver() as there:
        hook, secret = make().create(there.url, [], by="ada")
        for _ in range(5):
            make().ping(hook.id)
    assert len(hooks.attempts(hook.id)) == 3
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret.encode() not in on_disk
    again = Hooks(tmp_path / "webhooks.db", b"pepper")
    assert again.secret(hook.id) == secret
    again.close()


def test_started_it_delivers_by_itself_and_stops(make: Make, journal: Journal) -> None:
    """The thread looks once a second; stop waits for what is under way."""
    courier = make()
    courier.start()
    with receiver() as there:
        courier.create(there.url, [], by="ada")
        journal.add()
        assert eventually(lambda: len(there.got) == 1, 10)
        courier.stop()
