"""Rows from elsewhere: recognised like everything else, a source among others, good rows never lost to bad ones."""

from __future__ import annotations

import pytest
from support.imported import BY, edge, load, node, words
from support.reports import NOW, host, report, service, services

from cmdb.claims import NAME
from cmdb.errors import Invalid
from cmdb.governance import Policy, Rule
from cmdb.imports import parse
from cmdb.store import Store

pytestmark = pytest.mark.neo4j

DELL = {"serial": "J6RN4N1", "vendor": "Dell Inc."}
SHOP = (
    node("Host", "web1", ref="h1", **DELL),
    node("Service", "shop", ref="s1", parent="h1", key="shop@443", kind="program"),
    node("BusinessService", "Sales", ref="b1", code="SALES"),
    edge("DEPENDS_ON", "b1", "s1"),
)


def by_name(store: Store, name: str) -> dict[str, object]:
    """The one CI of that name."""
    (found,) = [dict(row) for row in store.find(None, first=500) if row["name"] == name]
    return found


def test_rows_become_cis_and_edges_once(store: Store) -> None:
    """New rows are created in one journal entry; said again they change nothing and leave no entry."""
    done = load(store, *SHOP)
    assert words(done) == ["created"] * 4 and done.seq == 1
    shop = by_name(store, "shop")
    assert shop["parent"] == by_name(store, "web1")["id"] and shop["source"] == "import:assets/rows"
    assert {e.type for e in store.edges([str(shop["id"])], "out")} == {"RUNS_ON"}
    (entry,) = store.journal(first=10)
    assert (entry["kind"], entry["actor"]) == ("import", "ann")
    assert entry["summary"] == "import:assets: 3 created, 2 edges opened: from the spreadsheet"
    before = store.digest()
    again = load(store, *SHOP)
    assert words(again) == ["unchanged"] * 4 and store.sequence() == again.seq == 1
    assert store.digest() == before
    changed = load(store, node("Host", "web1", model="R640", **DELL))
    assert words(changed) == ["changed"] and changed.outcomes[0].changes == {"model": (None, "R640")}
    assert changed.outcomes[0].rule == "serial number and vendor"


def test_the_order_of_rows_does_not_matter(store: Store) -> None:
    """Edges before their ends and children before their parents are the same import."""
    assert set(words(load(store, *reversed(SHOP)))) == {"created"}
    assert store.counts() == {"Host": 1, "Service": 1, "BusinessService": 1}


def inside(name: str, parent: str) -> dict[str, object]:
    """A program inside of another CI."""
    return node("Service", name, ref=name, parent=parent, key=name, kind="program")


def test_nothing_is_imported_inside_of_what_is_inside_of_it(store: Store) -> None:
    """A ring is refused with the whole way, in one call as over two; the other rows are carried out."""
    chain = (node("Host", "web1", ref="h1", **DELL), inside("a", "h1"), inside("b", "a"), inside("c", "b"))
    ring = edge("RUNS_ON", "a", "c")
    done = load(store, *chain, ring, edge("RUNS_ON", "c", "a"))
    assert words(done) == ["created"] * 4 + ["invalid", "created"]
    assert done.outcomes[4].reason == "to: c in b in a: a cannot be inside of what is inside of it"
    again = load(store, ring, inside("d", "c"), edge("RUNS_ON", "a", "d"))
    assert words(again) == ["invalid", "created", "invalid"]
    assert again.outcomes[2].reason == "to: d in c in a: a cannot be inside of what is inside of it"
    ends = {(e.source, e.target) for e in store.edges([str(by_name(store, "a")["id"])], "out")}
    assert ends == {(by_name(store, "a")["id"], by_name(store, "web1")["id"])}


def test_bad_rows_lose_no_good_ones(store: Store) -> None:
    """Each says what is wrong with it and where; what hangs on a refused row is refused with it."""
    done = load(
        store,
        *SHOP,
        node("Hosst", "x"),
        node("Host", "x", serial=7),
        node("Host", "spare", serial="To be filled by O.E.M.", vendor="Dell"),
        node("Service", "lost", parent="nowhere", kind="program"),
        node("Service", "odd", ref="odd", parent="h1"),
        edge("RUNS_ON", "odd", "h1"),
        edge("RUNS_ON", "h1", "s1"),
        "text",
        {"class": "Host", "colour": "red"},
    )
    assert words(done)[:4] == ["created"] * 4 and set(words(done)[4:]) == {"invalid"}
    reasons = [one.reason for one in done.outcomes[4:]]
    parts = ("class 'Hosst'", "attributes.serial: expected text", "placeholder", "parent: no row", "Service needs kind",
             "from: no row", "RUNS_ON goes from", "expected an object", "no field 'colour'")  # fmt: skip
    for reason, part in zip(reasons, parts, strict=True):
        assert part in reason, reason


def test_what_an_agent_sees_stays_in_effect(store: Store) -> None:
    """The agent's host is recognised by its serial; its values win, the import's are kept and fill the gaps."""
    store.apply(report(1, host("web1", os_id="debian", **DELL)), NOW)
    row = node("Host", "Web One", os_id="ubuntu", model="R640", serial="j6rn4n1 ", vendor="DELL INC.")
    done = load(store, row)
    (one,) = done.outcomes
    assert one.word == "changed" and one.changes == {"model": (None, "R640")}
    assert "os_id is kept, not in effect: agent nd_1 says otherwise" in one.reason
    web1 = by_name(store, "web1")
    assert (web1["os_id"], web1["model"]) == ("debian", "R640")
    assert words(load(store, row)) == ["unchanged"]
    store.apply(report(2, host("web1", **DELL)), NOW)
    assert by_name(store, "web1")["os_id"] == "ubuntu", "the agent no longer says so: the import does"
    assert words(load(store, {"class": "Host", "id": web1["id"], "attributes": {"os_id": None}})) == ["changed"]
    assert "os_id" not in by_name(store, "web1")


def test_an_agent_finds_the_host_that_was_imported(store: Store) -> None:
    """What was written down before the machine arrived is the machine."""
    load(store, *SHOP)
    store.apply(report(1, host("web1", **DELL), services(service("shop", 443))), NOW)
    assert store.counts()["Host"] == store.counts()["Service"] == 1


def test_doubt_is_held_with_its_candidates(store: Store) -> None:
    """Two CIs with one key, or a stronger key that contradicts: the row is refused, and says among which to choose."""
    load(store, node("Host", "a", ref="a", serial="AAAA1111", vendor="Dell", fqdn="web.example.org"))
    contradicts = node("Host", "b", serial="BBBB2222", vendor="Dell", fqdn="web.example.org")
    assert words(load(store, contradicts)) == ["created"], "a stronger key vetoes the name"
    doubt = load(store, node("Host", "c", fqdn="web.example.org"))
    (one,) = doubt.outcomes
    assert one.word == "conflict" and len(one.candidates) == 2 and "by its id" in one.reason
    chosen = {"class": "Host", "id": one.candidates[0], "attributes": {"model": "R640"}}
    assert words(load(store, chosen)) == ["changed"]


def test_a_revision_keeps_the_faster_one(store: Store) -> None:
    """A row decided on an older state is a conflict; the right revision goes through."""
    load(store, *SHOP)
    row = node("Host", "web1", rev=1, model="R640", **DELL)
    assert words(load(store, row)) == ["changed"]
    (late,) = load(store, {**row, "attributes": {**DELL, "model": "R740"}}).outcomes
    assert late.word == "conflict" and "somebody was faster" in late.reason
    assert words(load(store, node("Host", "new", rev=3, serial="CCCC3333", vendor="HP"))) == ["conflict"]


def test_a_source_recognises_what_it_named(store: Store) -> None:
    """A row without identity keys needs a ref of its own; later calls use refs of earlier ones for parents and ends."""
    bare = node("Host", "box", ref="asset-7", hostname="box")
    assert words(load(store, {**bare, "ref": None})) == ["invalid"]
    assert words(load(store, bare)) == ["created"] and words(load(store, bare)) == ["unchanged"]
    inside = node("Service", "job", ref="job", parent="asset-7", kind="program")
    assert words(load(store, inside, node("Application", "Pay", ref="p", code="PAY"))) == ["created"] * 2
    assert words(load(store, edge("RUNS_ON", "p", "asset-7"))) == ["created"]
    other = load(store, edge("RUNS_ON", "p", "asset-7"), source="other")
    assert words(other) == ["invalid"], "refs are the source's own"
    assert words(load(store, bare, source="other")) == ["created"]


def test_rows_about_one_ci_are_taken_one_after_the_other(store: Store) -> None:
    """The second is decided on what the first has written, also when the first made it; so are edges."""
    one, two = node("Host", "web1", **DELL), node("Host", "web1", model="R640", **DELL)
    done = load(store, one, two, node("Host", "web2", fqdn="w2.example.org"), two)
    assert words(done) == ["created", "changed", "created", "unchanged"]
    assert store.counts() == {"Host": 2}
    load(store, *SHOP)
    believed = {"kind": "declared", "detail": "by contract", "confidence": 1.0}
    assert words(load(store, edge("DEPENDS_ON", "b1", "s1"), edge("DEPENDS_ON", "b1", "s1", evidence=believed))) == [
        "unchanged", "changed",
    ]  # fmt: skip


def test_a_name_that_two_rows_use_is_one_ci_also_within_a_call(store: Store) -> None:
    """By ref, whatever their keys say, and by id, also where a row between is inside of it: as in three calls."""
    rows = [node("Application", f"app {n}", ref="a", code=f"C{n}") for n in (1, 2, 2)]
    assert words(load(store, *rows)) == ["created", "changed", "unchanged"]
    assert words(load(store, *rows)) == ["changed", "changed", "unchanged"]
    assert store.counts() == {"Application": 1}
    load(store, node("Server", "web1", ref="h", serial="CZJ2Q7L9KM", vendor="Dell"))
    ((web, _),) = [(ci["ref"], ci) for ci in store.listed("assets") if ci.get("class") == "Server"]
    models = [{"class": "Server", "id": web, "attributes": {"model": model}} for model in ("R640", "R650")]
    done = load(store, models[0], node("Service", "shop", parent=web, kind="program"), models[1])
    assert words(done) == ["changed", "created", "changed"], [one.reason for one in done.outcomes]


def test_a_ref_means_what_it_was_given_last(store: Store) -> None:
    """Where a source calls another CI so than before, its edges lead to that one."""
    load(
        store,
        node("Application", "pay", ref="a", code="PAY"),
        node("Host", "h", ref="h", serial="AAAA1111", vendor="d"),
    )
    for name in ("x", "y", "z"):
        load(store, node("Service", name, ref="s", parent="h", kind="program"))
    assert words(load(store, edge("DEPENDS_ON", "a", "s"))) == ["created"]
    names = {
        row["id"]: row["name"]
        for row in store._bolt.read(lambda run: run("MATCH (n:CI) RETURN n.id AS id, n.name AS name", {}))
    }
    assert [names[e.target] for e in store.edges(list(names), "out") if e.type == "DEPENDS_ON"] == ["z"]


def test_a_dry_run_says_the_same_and_writes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes as of the real run; digest, sequence and journal as before, in every batch."""
    monkeypatch.setattr("cmdb.store.imports.BATCH", 10)
    store.apply(report(1, host("web1", **DELL)), NOW)
    before = (store.lines(), store.sequence(), len(store.journal(first=100)))
    many = [node("Application", f"app {n}", ref=f"a{n}", code=f"APP{n:04}") for n in range(25)]
    rows = [*SHOP, *many, edge("DEPENDS_ON", "a24", "a0"), node("Host", "twin", model="R640", **DELL), node("X", "x")]
    rehearsed = load(store, *rows, dry_run=True)
    assert (store.lines(), store.sequence(), len(store.journal(first=100))) == before
    done = load(store, *rows)
    assert words(rehearsed) == words(done) and words(done)[0] == "changed" and words(done)[-1] == "invalid"
    assert [(o.changes, o.reason) for o in rehearsed.outcomes] == [(o.changes, o.reason) for o in done.outcomes]
    assert done.left == () and done.seq >= before[1] + 3


def test_a_tombstone_revives_with_its_id(store: Store) -> None:
    """An import that still has it brings it back, as an agent would."""
    load(store, *SHOP)
    shop = by_name(store, "shop")
    store.retire_ci(str(shop["id"]), None, BY)
    (_, one, _, link) = load(store, *SHOP).outcomes
    assert (one.word, one.id, link.word) == ("changed", shop["id"], "created") and "live again" in one.reason


def test_a_policy_refuses_what_a_row_would_newly_break(store: Store) -> None:
    """A new CI must follow it, a known one may stay as it was, and other rows are not touched."""
    load(store, node("Host", "web1", **DELL))
    store.put_policy(Policy("named", "Host", Rule.PATTERN, NAME, pattern="srv-[0-9]+"), BY)
    again = load(store, node("Host", "web1", **DELL), node("Application", "Pay", code="PAY"))
    assert words(again) == ["unchanged", "created"]
    done = load(store, node("Host", "web2", vendor="Dell Inc.", serial="OTHER99"))
    assert words(done) == ["invalid"] and "allowed is what fits srv-[0-9]+" in done.outcomes[0].reason


def test_tags_free_attributes_and_lifecycle_come_with_a_row(store: Store) -> None:
    """They are this source's claims: said again they change nothing, and an export has them."""
    row = {
        **node("Host", "web1", **DELL),
        "tags": ["prod", "team:pay"],
        "extra": {"rack_unit": 7},
        "lifecycle": "in_repair",
    }
    assert words(load(store, row)) == ["created"]
    assert words(load(store, row)) == ["unchanged"]
    web1 = by_name(store, "web1")
    assert (web1["tags"], web1["extra:rack_unit"], web1["lifecycle"]) == (["prod", "team:pay"], 7, "in_repair")
    (told,) = (one for one in store.export(store.sequence()) if one.get("name") == "web1")
    assert (told["tags"], told["extra"], told["lifecycle"]) == (["prod", "team:pay"], {"rack_unit": 7}, "in_repair")
    odd = load(store, {**row, "lifecycle": "lost"}, {**row, "tags": ["NOT A TAG"]})
    assert words(odd) == ["invalid", "invalid"] and "not 'lost'" in odd.outcomes[0].reason


def test_a_source_needs_a_name(store: Store) -> None:
    """The name stands in scopes, so it is a plain word."""
    with pytest.raises(Invalid, match="source"):
        store.bulk_upsert([parse(1, SHOP[0])], "As/sets", BY)
