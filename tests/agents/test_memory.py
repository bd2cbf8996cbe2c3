"""The memory of connections, decided purely."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cmdb.words import GLANCED, SERVED
from cmdb_agents.memory import (
    CLIENT,
    DAY,
    ESTABLISHED,
    FAN_OUT,
    HELD,
    LASTS,
    LEASE,
    MAX_CLIENTS,
    MAX_CONNECTIONS,
    RECENT,
    SELF,
    SERVER_REMAINS,
    SERVER_SAW,
    SUPPORT,
    TIME_WAIT,
    Known,
    Sighting,
    client_evidence,
    clients,
    evidence,
    polled,
    remember,
)

NOW = 1_795_000_000
DB = "tcp://10.0.0.9:5432"
SHOP = "unit:shop.service"


def iso(seconds: int) -> str:
    """A time as evidence has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def established(source: str = SHOP, target: str = DB) -> Sighting:
    """A connection whose program is known."""
    return Sighting(source, target, ESTABLISHED, attributed=True)


def time_wait(target: str = DB, source: str = SELF) -> Sighting:
    """The remains of a connection nobody owns any more."""
    return Sighting(source, target, TIME_WAIT, attributed=False)


def test_time_wait_supports_the_only_user() -> None:
    """What one service alone is known to use keeps that service's edge alive."""
    first = remember({}, [established()], NOW, [SHOP])
    later = remember(first, [time_wait()], NOW + 3600, [SHOP])
    assert {(SHOP, DB): Known(NOW, NOW + 3600, ESTABLISHED, True)} == later


def test_time_wait_of_several_users_is_the_hosts() -> None:
    """With two possible users nobody is guessed: the contact is the host's."""
    first = remember({}, [established(), established("cron")], NOW, [SHOP, "cron"])
    later = remember(first, [time_wait()], NOW + 60, [SHOP, "cron"])
    assert Known(NOW + 60, NOW + 60, TIME_WAIT, False) == later[SELF, DB]


def test_hosts_contact_yields_to_its_service() -> None:
    """Seen first as TIME_WAIT and then with its program, a connection is the service's alone."""
    first = remember({}, [time_wait()], NOW, [SHOP])
    assert {(SELF, DB)} == set(first)
    assert {(SHOP, DB)} == set(remember(first, [established()], NOW + 60, [SHOP]))


def test_known_program_of_the_host_stays() -> None:
    """A contact whose program was seen and is no service does not yield to a service that uses the same endpoint."""
    table = remember({}, [established(SELF), established()], NOW, [SHOP])
    assert {(SELF, DB), (SHOP, DB)} == set(table)


def test_support_alone_creates_nothing() -> None:
    """A server's own TIME_WAIT proves some local client, yet makes no edge without a service known for it."""
    assert remember({}, [time_wait(source=SUPPORT)], NOW, [SHOP]) == {}
    known = remember({}, [established()], NOW, [SHOP])
    assert remember(known, [time_wait(source=SUPPORT)], NOW + 60, [SHOP])[SHOP, DB].last_seen == NOW + 60


def test_lease() -> None:
    """A connection is remembered for 35 days after it was last seen, and not a second longer."""
    known = remember({}, [established()], NOW, [SHOP])
    assert known == remember(known, [], NOW + LEASE, [SHOP])
    assert remember(known, [], NOW + LEASE + 1, [SHOP]) == {}


def test_last_seen_does_not_flutter() -> None:
    """While seen lately there is no time at all; after that the hour, so that the words change once."""
    known = Known(NOW - 7200, NOW, ESTABLISHED, True)
    assert evidence(DB, known, NOW + RECENT).last_seen is None
    said = evidence(DB, known, NOW + RECENT + 1).last_seen
    assert said is not None
    assert said.endswith(":00:00Z")
    assert evidence(DB, known, NOW + 30 * 86400).last_seen == said
    assert evidence(DB, known, NOW).detail == "tcp 10.0.0.9:5432"


def test_clock_that_was_ahead() -> None:
    """Entries of a clock that ran ten years ahead age from now on, not in ten years."""
    ahead = remember({}, [established()], NOW + 10 * 365 * 86400, [SHOP])
    back = remember(ahead, [], NOW, [SHOP])
    assert back[SHOP, DB].last_seen == NOW
    assert remember(back, [], NOW + LEASE + 1, [SHOP]) == {}


def test_bounded() -> None:
    """Of too many connections the latest are kept."""
    old = remember({}, [established(target="tcp://10.9.9.9:1")], NOW - 60, [SHOP])
    many = (established(target=f"tcp://10.0.{i // 250}.{i % 250}:80") for i in range(MAX_CONNECTIONS + 50))
    table = remember(old, many, NOW, [SHOP])
    assert len(table) == MAX_CONNECTIONS
    assert (SHOP, "tcp://10.9.9.9:1") not in table


def test_a_crowd_is_the_same_in_any_order() -> None:
    """Which of too many are remembered does not hang on the order in which the kernel names them."""
    crowd = [Sighting(SHOP, f"tcp://10.{n // 250}.0.{n % 250}:80", (TIME_WAIT, ESTABLISHED)[n % 2], attributed=True)
             for n in range(3 * MAX_CONNECTIONS)]  # fmt: skip
    crowd += [Sighting(CLIENT + SHOP, f"10.1.{n // 250}.{n % 250}", ESTABLISHED, True) for n in range(5 * MAX_CLIENTS)]
    table = remember({}, crowd, NOW, [SHOP])
    assert table == remember({}, crowd[::-1], NOW, [SHOP]) == remember({}, crowd[1::2] + crowd[::2], NOW, [SHOP])
    assert {one.confidence for one in table.values()} == {ESTABLISHED}
    assert len(table) == MAX_CONNECTIONS + MAX_CLIENTS


SOURCES = st.sampled_from([SELF, "a", "b"])
SIGHTINGS = st.lists(
    st.one_of(
        st.builds(Sighting, SOURCES, st.sampled_from(["x", "y"]), st.just(ESTABLISHED), st.just(True)),
        st.builds(Sighting, st.sampled_from([SELF, SUPPORT]), st.sampled_from(["x", "y"]), st.just(TIME_WAIT),
                  st.just(False)),
    ),
    max_size=8,
)  # fmt: skip


@given(st.lists(SIGHTINGS, min_size=1, max_size=4), SIGHTINGS)
def test_idempotent(history: list[list[Sighting]], last: list[Sighting]) -> None:
    """The same look at the same time twice changes nothing more, after any history."""
    known: dict[tuple[str, str], Known] = {}
    for step, seen in enumerate(history):
        known = remember(known, seen, NOW + step * 600, ["a", "b"])
    once = remember(known, last, NOW + 9000, ["a", "b"])
    assert once == remember(once, last, NOW + 9000, ["a", "b"])
    assert all(k.first_seen <= k.last_seen <= NOW + 9000 for k in once.values())
    assert SUPPORT not in {source for source, _ in once}


def test_a_lasting_connection_is_told_from_short_looks() -> None:
    """Seen open look after look it lasts, by its remains alone it does not; order inside a look is no matter."""
    table: dict[tuple[str, str], Known] = {}
    for n in range(3):
        table = remember(table, [established()], NOW + n * 60, [SHOP])
    assert table[SHOP, DB].held == HELD
    both = [Sighting(SHOP, DB, TIME_WAIT, True), established()]
    one = remember(table, both, NOW + 300, [SHOP])
    assert one == remember(table, both[::-1], NOW + 300, [SHOP]) == remember(one, both, NOW + 300, [SHOP])
    for n in range(3):
        table = remember(table, [Sighting(SHOP, DB, TIME_WAIT, True)], NOW + 600 + n * 60, [SHOP])
    assert table[SHOP, DB].held == 0


def test_who_takes_a_short_look_at_many_needs_none_of_them() -> None:
    """Twenty hosts and more, each only glanced at, are watched; nineteen are not, and a kept connection never is."""

    def glances(many: int) -> list[Sighting]:
        return [Sighting(SHOP, f"tcp://10.0.1.{n}:9100", TIME_WAIT, True) for n in range(many)]

    assert polled(remember({}, glances(FAN_OUT - 1), NOW, [SHOP])) == {}
    table = remember({}, [*glances(FAN_OUT), established()], NOW, [SHOP])
    assert polled(table) == {SHOP: {s.target for s in glances(FAN_OUT)}}
    # A proxy with as many lasting connections needs them all.
    kept = remember({}, [established(SHOP, s.target) for s in glances(50)], NOW, [SHOP])
    assert polled(kept) == {}


def test_clients_do_not_crowd_out_dependencies() -> None:
    """However many clients a service has, only so many are kept, and what it depends on stays."""
    crowd = [Sighting(CLIENT + SHOP, f"10.1.{n // 250}.{n % 250}", ESTABLISHED, True) for n in range(5_000)]
    table = remember({}, [established(), *crowd], NOW, [SHOP])
    assert (SHOP, DB) in table
    assert len(clients(table)[SHOP]) == MAX_CLIENTS


def test_a_crowd_that_comes_and_goes_does_not_change_who_is_kept() -> None:
    """Whoever was kept and came within the day stays, also when others come meanwhile; who stays away makes room."""

    def crowd(of: int) -> list[Sighting]:
        return [Sighting(CLIENT + SHOP, f"10.{of}.0.{n}", TIME_WAIT, True) for n in range(MAX_CLIENTS)]

    first = remember({}, crowd(1), NOW, [SHOP])
    later = remember(first, crowd(2), NOW + DAY - 1, [SHOP])
    assert clients(later) == clients(first)
    assert clients(remember(later, crowd(2), NOW + DAY, [SHOP]))[SHOP] == tuple(sorted(s.target for s in crowd(2)))


def test_the_words_on_a_client_stay_the_same_while_it_comes_and_goes() -> None:
    """Polled for weeks it is what it was, apart from the day it was last seen when it is away for more than one; what
    is open look after look is told to last."""
    pair = (CLIENT + SHOP, "10.0.0.7")
    table, said = {pair: Known(NOW, NOW, TIME_WAIT, True)}, set()
    for look in range(1, 500):
        caught = ESTABLISHED if look % 7 == 0 else TIME_WAIT
        table = remember(table, [Sighting(*pair, caught, True)] if look % 3 else [], NOW + 600 * look, [SHOP])
        said.add(client_evidence(pair[1], table[pair], NOW + 600 * look))
    assert {one.kind for one in said} == {GLANCED}
    assert [one.confidence for one in sorted(said, key=lambda one: one.confidence)] == [SERVER_REMAINS, SERVER_SAW]
    assert {one.last_seen for one in said} == {None}
    away = client_evidence(pair[1], table[pair], NOW + 600 * 499 + 2 * DAY)
    assert away.last_seen is not None and away.last_seen < iso(NOW + 600 * 499)
    for look in range(LASTS):
        assert client_evidence(pair[1], table[pair], NOW + 600 * 499).kind == GLANCED
        table = remember(table, [Sighting(*pair, ESTABLISHED, True)], NOW + 600 * (500 + look), [SHOP])
    assert client_evidence(pair[1], table[pair], NOW + 600 * 503).kind == SERVED
