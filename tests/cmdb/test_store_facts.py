"""Reports into the real graph: what is created, changed, retired, followed and remembered."""

import os
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.reports import NOW, host, network, report, service, services, sockets, uses

from cmdb.errors import Invalid
from cmdb.store import Store
from cmdb.words import Section, Snapshot

pytestmark = pytest.mark.neo4j

NEO4J = service("neo4j", 17687, "127.0.0.1")
EPICENTRE = service("epicentre", 8480)
POSTGRES = service("postgres", 5432)


def names(store: Store, cls: str) -> set[str]:
    """Names of the live CIs of a class."""
    return {row["name"] for row in store.find(cls, first=100) if row["status"] == "live"}


def edges(store: Store) -> set[tuple[str, str, str]]:
    """Open dependency edges by the names of their ends."""
    rows = store.find(None, first=1000)
    by_id = {row["id"]: row["name"] for row in rows}
    found = store.edges(list(by_id), "out", ["DEPENDS_ON"])
    return {(by_id[e.source], e.type, by_id[e.target]) for e in found}


def first(store: Store) -> None:
    """One host with two services, one using the other over loopback."""
    parts = [host(), network("10.0.0.5"), services(NEO4J, EPICENTRE), sockets(uses(EPICENTRE, "127.0.0.1:17687"))]
    store.apply(report(1, *parts), NOW)


def test_a_first_report_becomes_cis_edges_and_one_journal_entry(store: Store) -> None:
    """Everything said is there, once, and the journal says so."""
    first(store)
    assert store.counts() == {"Host": 1, "IPAddress": 1, "NetworkInterface": 1, "Service": 2}
    assert edges(store) == {("epicentre", "DEPENDS_ON", "neo4j")}
    (entry,) = store.journal()
    assert (entry["seq"], entry["actor"], entry["summary"]) == (1, "nd_1", "5 created, 5 edges opened")


def test_a_report_is_applied_once(store: Store) -> None:
    """The same report again changes nothing and leaves no journal entry."""
    first(store)
    before = store.digest()
    first(store)
    assert store.digest() == before
    assert store.sequence() == 1


def test_an_unchanged_body_changes_nothing(store: Store) -> None:
    """A full report that says what is known creates, changes and closes nothing."""
    first(store)
    again = [host(), network("10.0.0.5"), services(NEO4J, EPICENTRE), sockets(uses(EPICENTRE, "127.0.0.1:17687"))]
    assert store.apply(report(2, *again), NOW).summary == "nothing changed"


def test_what_a_complete_section_leaves_out_is_retired_and_comes_back_as_itself(store: Store) -> None:
    """A tombstone keeps its identity: the same service later is the same CI."""
    first(store)
    (before,) = store.resolve("neo4j")
    store.apply(report(2, services(EPICENTRE)), NOW)
    assert names(store, "Service") == {"epicentre"}
    store.apply(report(3, services(NEO4J, EPICENTRE)), NOW)
    (after,) = store.resolve("neo4j")
    assert (after["id"], after["rev"]) == (before["id"], before["rev"] + 2)
    assert edges(store) == {("epicentre", "DEPENDS_ON", "neo4j")}


def test_an_incomplete_section_never_retracts(store: Store) -> None:
    """What could not be seen is not absent."""
    first(store)
    store.apply(report(2, services(EPICENTRE, complete=False), sockets(complete=False)), NOW)
    assert names(store, "Service") == {"epicentre", "neo4j"}
    assert edges(store) == {("epicentre", "DEPENDS_ON", "neo4j")}


def test_a_late_older_report_changes_nothing(store: Store) -> None:
    """The sequence of the sender decides, not the order of arrival."""
    first(store)
    store.apply(report(3, services(EPICENTRE)), NOW)
    before = store.digest()
    store.apply(report(2, services(NEO4J, EPICENTRE, POSTGRES)), NOW)
    assert store.digest() == before


def test_a_dependency_on_nobody_known_is_a_placeholder_until_its_host_appears(store: Store) -> None:
    """The edge moves to the service that answers at the address, and back when it goes."""
    parts = [host(), network("10.0.0.5"), services(EPICENTRE), sockets(uses(EPICENTRE, "10.9.9.9:5432"))]
    store.apply(report(1, *parts), NOW)
    assert edges(store) == {("epicentre", "DEPENDS_ON", "tcp://10.9.9.9:5432")}
    other = [host("db1"), network("10.9.9.9"), services(POSTGRES)]
    store.apply(report(1, *other, node="nd_2"), NOW)
    assert edges(store) == {("epicentre", "DEPENDS_ON", "postgres")}
    assert names(store, "Endpoint") == set()
    store.apply(report(2, services(), node="nd_2"), NOW)
    assert edges(store) == {("epicentre", "DEPENDS_ON", "tcp://10.9.9.9:5432")}


def test_the_order_in_which_two_hosts_appear_does_not_matter(store: Store) -> None:
    """Client first or server first: the same edges."""
    other = [host("db1"), network("10.9.9.9"), services(POSTGRES)]
    store.apply(report(1, *other, node="nd_2"), NOW)
    parts = [host(), network("10.0.0.5"), services(EPICENTRE), sockets(uses(EPICENTRE, "10.9.9.9:5432"))]
    store.apply(report(1, *parts), NOW)
    assert edges(store) == {("epicentre", "DEPENDS_ON", "postgres")}


def test_an_address_that_two_hosts_have_is_nobodys(store: Store) -> None:
    """A container bridge's address is on many hosts: the edge stays at the placeholder instead of a guess."""
    for node, name in (("nd_2", "a"), ("nd_3", "b")):
        store.apply(report(1, host(name), network("172.17.0.1"), services(POSTGRES), node=node), NOW)
    parts = [host(), network("10.0.0.5"), services(EPICENTRE), sockets(uses(EPICENTRE, "172.17.0.1:5432"))]
    store.apply(report(1, *parts), NOW)
    assert edges(store) == {("epicentre", "DEPENDS_ON", "tcp://172.17.0.1:5432")}


def test_loopback_placeholders_belong_to_their_host(store: Store) -> None:
    """127.0.0.1:5432 on two hosts is two things."""
    for node, name in (("nd_1", "a"), ("nd_2", "b")):
        parts = [host(name), services(EPICENTRE), sockets(uses(EPICENTRE, "127.0.0.1:5432"))]
        store.apply(report(1, *parts, node=node), NOW)
    assert len([r for r in store.find("Endpoint", first=10) if r["status"] == "live"]) == 2


def test_a_changed_attribute_keeps_the_state_before_as_a_version(store: Store) -> None:
    """History is complete: the earlier values are kept with the sequences between which they held."""
    first(store)
    store.apply(report(2, services(service("neo4j", 17687, "127.0.0.1", user="neo4j"), EPICENTRE)), NOW)
    (now,) = store.resolve("neo4j")
    assert (now["user"], now["rev"], now["valid_from"]) == ("neo4j", 2, 2)
    versions = store._bolt.read(
        lambda run: run("MATCH (v:Version)-[:OF]->(n) RETURN properties(v) AS v, n.id AS ci", {})
    )
    assert [(v["v"]["from"], v["v"]["to"], v["v"].get("user"), v["ci"]) for v in versions] == [(1, 2, None, now["id"])]


def test_questions_about_the_past_see_the_edges_of_then(store: Store) -> None:
    """An edge counts from its first to before its last sequence."""
    first(store)
    (neo4j,) = store.resolve("neo4j")
    store.apply(report(2, sockets()), NOW)
    assert len(store.reach([neo4j["id"]]).edges) == 0
    assert len(store.reach([neo4j["id"]], at=1).edges) == 1


def test_a_first_report_without_its_host_is_refused(store: Store) -> None:
    """Without the host itself nobody can be identified, and nothing is written."""
    with pytest.raises(Invalid, match="the host itself"):
        store.apply(report(1, services(EPICENTRE)), NOW)
    assert store.sequence() == 0


def test_two_agents_on_one_machine_id_are_a_conflict_that_a_person_ends(store: Store) -> None:
    """Not merged silently: held with its trace; `distinct` makes two CIs."""
    machine = "3d1219c7c4c5404aaa1f6d2a48adfda4"
    assert store.apply(report(1, host("a", machine_id=machine)), NOW).kind == "applied"
    clone = report(1, host("a", machine_id=machine), node="nd_2", boot="boot-2")
    assert store.apply(clone, NOW).kind == "held"
    (conflict,) = store.conflicts()
    assert conflict["node"] == "nd_2"
    assert conflict["trace"]["steps"][-1]["rule"] == "machine id alone"
    assert store.resolve_conflict(conflict["id"], "distinct", "ann", NOW).release == "nd_2"
    assert store.apply(clone, NOW).kind == "applied"
    assert store.counts() == {"Host": 2}


def test_same_hands_the_ci_and_all_it_said_to_the_new_agent(store: Store) -> None:
    """After `same` the reinstalled agent speaks for the CI, and what it no longer sees is retired."""
    machine = "3d1219c7c4c5404aaa1f6d2a48adfda4"
    store.apply(report(1, host("a", machine_id=machine), services(NEO4J, EPICENTRE)), NOW)
    new = report(1, host("a", machine_id=machine), services(EPICENTRE), node="nd_2", boot="boot-2")
    store.apply(new, NOW)
    resolution = store.resolve_conflict("cf_2", "same", "ann", NOW)
    assert resolution.revoke == ("nd_1",)
    assert store.apply(new, NOW).kind == "applied"
    assert store.counts() == {"Host": 1, "Service": 1}


def test_a_reboot_stays_one_ci_and_alternating_boots_are_held(store: Store) -> None:
    """A new boot id under the same key is the same host; going back to an old one is a second machine."""
    store.apply(report(1, host("a")), NOW)
    assert store.apply(report(2, host("a"), boot="boot-2"), NOW).kind == "applied"
    assert store.counts() == {"Host": 1}
    assert store.apply(report(3, host("a"), boot="boot-1"), NOW).kind == "held"
    assert "two machines use one agent identity" in store.conflicts()[0]["reason"]


SECTIONS: list[list[Section]] = [
    [host(), host("renamed"), host("web1", os_id="debian")],
    [network("10.0.0.5"), network("10.0.0.6"), network("10.0.0.5", "10.0.0.6")],
    [services(NEO4J, EPICENTRE), services(EPICENTRE), services(NEO4J, EPICENTRE, POSTGRES), services()],
    [
        sockets(uses(EPICENTRE, "127.0.0.1:17687")),
        sockets(uses(EPICENTRE, "10.0.0.6:5432"), uses(EPICENTRE, "10.9.9.9:1")),
        sockets(),
    ],
]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Snapshot], list[Snapshot]]:
    """One host's reports in order, the first full, later ones with any sections, some incomplete; and a shuffle."""
    count = draw(st.integers(2, 5))
    made = []
    for seq in range(1, count + 1):
        chosen = [draw(st.sampled_from(kind)) for kind in SECTIONS]
        kept = [s for s in chosen if seq == 1 or s.name == "host" or draw(st.booleans())]
        kept = [replace(s, complete=s.name == "host" or draw(st.sampled_from([True, True, False]))) for s in kept]
        made.append(report(seq, *kept, boot=f"boot-{seq // 3}"))
    shuffled = draw(st.permutations(made + draw(st.lists(st.sampled_from(made), max_size=3))))
    return made, shuffled


def play(store: Store, reports: Iterable[Snapshot]) -> str:
    """Apply reports to an empty graph and return the digest."""
    store._bolt.write(lambda run: run("MATCH (n) WHERE NOT n:Migration DETACH DELETE n", {}))
    store._bolt.write(lambda run: run("CREATE (:Journal {id: 'journal', seq: 0, hash: ''})", {}))
    for one in reports:
        store.apply(one, NOW)
    return store.digest()


@pytest.mark.slow
@given(histories())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_with_repeats_gives_one_digest(store: Store, history: tuple[list[Snapshot], list[Snapshot]]) -> None:
    """However one host's reports arrive, and however often, the graph ends the same."""
    in_order, shuffled = history
    assert play(store, in_order) == play(store, shuffled)


DB = [
    [network("10.0.0.9"), network("10.0.0.9", "10.9.9.9"), network()],
    [
        services(),
        services(service("db", 1)),
        services(service("db", 1, clients=("10.0.0.5",))),
        services(service("db", 2, "10.9.9.9", clients=("10.0.0.5", "10.0.0.7")), service("old", 1)),
    ],
    [sockets(), sockets(uses(service("db", 1), "10.0.0.5:8480")), sockets(uses(service("db", 1), "10.9.9.9:1"))],
]
USER = [
    [network("10.0.0.5"), network("10.0.0.7", "10.9.9.9")],
    [services(EPICENTRE), services(EPICENTRE, service("twin", 1, "10.9.9.9"))],
    [
        sockets(uses(EPICENTRE, "10.0.0.9:1")),
        sockets(uses(EPICENTRE, "10.9.9.9:1"), uses(EPICENTRE, "10.0.0.9:7")),
        sockets(),
    ],
]


@st.composite
def neighbours(draw: st.DrawFn) -> list[Snapshot]:
    """Reports of a database's host and of one that uses it, mixed; each reports everything first, then some of it."""
    made, seqs = [], {"db": 0, "user": 0}
    for _ in range(draw(st.integers(4, 8))):
        name = draw(st.sampled_from(["db", "user"]))
        seqs[name] += 1
        chosen = [draw(st.sampled_from(kind)) for kind in (DB if name == "db" else USER)]
        kept = [s for s in chosen if seqs[name] == 1 or draw(st.booleans())]
        made.append(report(seqs[name], host(name, fqdn=f"{name}.example.org"), *kept, node=f"nd_{name}"))
    return made


@pytest.mark.slow
@given(neighbours())
@settings(
    max_examples=int(os.environ.get("EPICENTRE_TEST_CASES", "10")), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_to_look_at_fewer_edges_is_to_come_to_the_same_graph(store: Store, history: list[Snapshot]) -> None:
    """A report that leaves it where it was how others reach the host ends as if every edge to it were looked at."""
    found = play(store, history)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cmdb.reconcile.doubtful", lambda _: None)
        assert play(store, history) == found


def test_the_journal_is_a_chain(store: Store) -> None:
    """Each entry's hash covers the one before it."""
    first(store)
    store.apply(report(2, services(EPICENTRE)), NOW)
    rows = store._bolt.read(
        lambda run: run("MATCH (c:Change) RETURN c.seq AS seq, c.prev AS prev, c.hash AS hash ORDER BY seq", {})
    )
    assert rows[0]["prev"] == ""
    assert rows[1]["prev"] == rows[0]["hash"] != rows[1]["hash"]
