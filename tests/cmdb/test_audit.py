"""Tampering is found: with entries, with their order, with the counter, with history as a whole, with checkpoints."""

from __future__ import annotations

import json
import random
import stat
from pathlib import Path
from typing import Any

import pytest
from support.questions import answer, ask, parts
from support.reports import NOW, host, report, service, services

from cmdb import audit, chain, checkpoints
from cmdb.chain import START, Broken, Link
from cmdb.checkpoints import Checkpoints
from cmdb.errors import Misconfigured
from cmdb.moments import after
from cmdb.store import Store
from cmdb.sweeper import Sweeper

AUDIT = 'query A($a: Int! = 0, $h: String! = "", $n: Int! = 250) { audit(after: $a, hash: $h, first: $n) {'
AUDIT += " seq hash head done broken { seq reason } checkpoints certain } }"


def journal(length: int) -> list[dict[str, Any]]:
    """A chain of entries as the store writes them."""
    entries: list[dict[str, Any]] = []
    prev = ""
    for seq in range(1, length + 1):
        entry = {
            "seq": seq, "prev": prev, "at": after(NOW, seq), "time": after(NOW, seq), "actor": f"nd_{seq % 3}",
            "kind": "report", "summary": f"{seq} created",
            "ops": json.dumps([{"op": "drop", "scope": "s", "ci": f"ci_{seq}"}]),
        }  # fmt: skip
        entry |= {"report": f"report-{seq}"} if seq % 2 else {}
        entry["hash"] = prev = chain.seal(entry)
        entries.append(entry)
    return entries


def flip(dice: random.Random, entry: dict[str, Any]) -> None:
    """One bit of one property, or a property more or less."""
    name = dice.choice([*entry, "more", "less"])
    if name == "more":
        entry["why"] = "because"
    elif name == "less":
        del entry[dice.choice(list(entry))]
    elif isinstance(entry[name], int):
        entry[name] ^= 1 << dice.randint(0, 20)
    else:
        text = entry[name] or "x"
        place = dice.randrange(len(text))
        entry[name] = text[:place] + chr(ord(text[place]) ^ (1 << dice.randint(0, 6))) + text[place + 1 :]


def tamper(dice: random.Random, entries: list[dict[str, Any]]) -> int:
    """Flip, delete, repeat, swap contents or rewrite with a fitting hash of its own; where it begins."""
    place = dice.randrange(len(entries) - 1)
    match dice.choice(["flip", "delete", "repeat", "swap", "reorder", "rewrite"]):
        case "flip":
            flip(dice, entries[place])
        case "delete":
            del entries[place : place + dice.randint(1, 3)]
        case "repeat":
            entries.insert(place, dict(entries[place]))
            place += 1
        case "swap":
            other = dice.randrange(place + 1, len(entries))
            entries[place], entries[other] = entries[other], entries[place]
        case "reorder":
            one, other = entries[place], entries[place + 1]
            one["seq"], other["seq"] = other["seq"], one["seq"]
            entries.sort(key=lambda e: e["seq"])
        case "rewrite":
            entries[place]["actor"] = "mallory"
            entries[place]["hash"] = chain.seal(entries[place])
            place += 1  # its own hash fits; the next entry names another
    return place + 1


def test_a_thousand_ways_to_tamper_are_found() -> None:
    """Flips, deletions, repeats, swaps, reorders and rewrites: each audit names the entry where it begins."""
    whole = journal(12)
    for seed in range(1_000):
        dice, entries = random.Random(seed), [dict(entry) for entry in whole]
        place = tamper(dice, entries)
        link, broken = chain.walk(entries)
        broken = broken or chain.ends_at(link, Link(12, whole[-1]["hash"]))
        assert broken is not None and place - 1 <= broken.seq <= place + 1, (seed, place, broken)


def test_a_whole_chain_is_whole_in_any_pages() -> None:
    """From the start or from where the page before ended."""
    entries = journal(12)
    link, broken = chain.walk(entries[:5])
    assert (link, broken) == (Link(5, entries[4]["hash"]), None)
    assert chain.walk(entries[5:], link) == (Link(12, entries[-1]["hash"]), None)
    assert chain.walk([]) == (START, None)


def test_entries_of_the_first_builds_are_known_by_how_they_were_sealed() -> None:
    """A chain that was begun without `time` is whole, goes on with it, and its old part cannot be changed either."""
    old = [{k: v for k, v in entry.items() if k != "time"} for entry in journal(3)]
    prev = ""
    for entry in old:
        entry |= {"prev": prev}
        entry["hash"] = prev = chain.seal(entry)
    new = {**journal(4)[3], "prev": prev}
    new["hash"] = chain.seal(new)
    assert chain.walk([*old, new])[1] is None
    assert chain.walk([old[0], {**old[1], "summary": "nothing"}, old[2], new])[1] == Broken(
        2, "its content is not what was sealed"
    )
    without = {k: v for k, v in new.items() if k != "time"}
    assert chain.walk([*old, without])[1] == Broken(4, "its content is not what was sealed")


def test_checkpoints_are_hourly_signed_and_on_disk(tmp_path: Path) -> None:
    """One an hour while the journal goes on, whatever the clock does; only the owner reads file and key."""
    kept = Checkpoints(tmp_path)
    assert kept.note(Link(0, ""), NOW) is None
    assert kept.note(Link(1, "a"), NOW) is not None
    assert kept.note(Link(2, "b"), after(NOW, 0.9)) is None
    assert kept.note(Link(1, "a"), after(NOW, 2)) is None, "nothing new"
    assert kept.note(Link(3, "c"), after(NOW, 2)) is not None
    assert kept.note(Link(4, "d"), after(NOW, -9_000)) is not None, "the clock was set back"
    known = Checkpoints(tmp_path).read()
    assert [one.seq for one in known] == [1, 3, 4]
    assert checkpoints.check(known, Checkpoints(tmp_path).public_key()) is None
    for name in (checkpoints.KEY, checkpoints.FILE):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_line_that_a_crash_cut_short_is_written_over(tmp_path: Path) -> None:
    """It was never told of; the next one stands whole behind the last whole one."""
    kept, file = Checkpoints(tmp_path), tmp_path / checkpoints.FILE
    kept.note(Link(1, "a"), NOW)
    file.write_text(file.read_text() + '{"seq": 2, "ha' + "x" * 900)
    assert [one.seq for one in kept.read()] == [1]
    kept.note(Link(3, "c"), after(NOW, 2))
    assert [one.seq for one in kept.read()] == [1, 3]
    file.write_text("nonsense\n")
    with pytest.raises(Misconfigured, match="no checkpoint"):
        kept.read()


@pytest.mark.parametrize("line", [0, 1, 2])
@pytest.mark.parametrize("how", ["edit", "delete", "forge"])
def test_tampered_checkpoints_are_found(tmp_path: Path, line: int, how: str) -> None:
    """An edited line, a missing one (but the last), one that another key signed."""
    kept, file = Checkpoints(tmp_path), tmp_path / checkpoints.FILE
    for seq in (1, 2, 3):
        kept.note(Link(seq, f"{seq}"), after(NOW, seq * 2))
    lines = file.read_text().splitlines()
    if how == "edit":
        lines[line] = lines[line].replace(f'"hash":"{line + 1}"', '"hash":"9"')
    elif how == "forge":
        (tmp_path / "other").mkdir()
        other = Checkpoints(tmp_path / "other")
        other.note(Link(line + 1, "9"), NOW)
        lines[line] = (tmp_path / "other" / checkpoints.FILE).read_text().strip()
    else:
        del lines[line]
    file.write_text("\n".join(lines) + "\n")
    broken = checkpoints.check(kept.read(), kept.public_key())
    if how == "delete" and line == 2:
        assert broken is None, "the last line is missed by nobody but its copy elsewhere"
    else:
        assert broken is not None


def life(store: Store, count: int) -> None:
    """Some reports."""
    store.apply(report(1, host(), services(service("a", 1))), NOW)
    for seq in range(2, count + 1):
        store.apply(report(seq, host(kernel=str(seq))), after(NOW, seq))


def edit(store: Store, statement: str) -> None:
    """What somebody does to the database directly."""
    store._bolt.write(lambda run: run(statement, {}))


def audited(store: Store, home: Path, first: int = 3) -> Broken | None:
    """The whole audit in small pages."""
    page = audit.page(store, Checkpoints(home), START, first)
    while not page.done:
        page = audit.page(store, Checkpoints(home), page.link, first)
    return page.broken


@pytest.mark.neo4j
@pytest.mark.parametrize(
    ("tampering", "seq", "said"),
    [
        ("MATCH (c:Change {seq: 4}) SET c.report = 'another'", 4, "not what was sealed"),
        ("MATCH (c:Change {seq: 4}) SET c.ops = replace(c.ops, 'kernel', 'kernal')", 4, "not what was sealed"),
        ("MATCH (c:Change {seq: 4}) DELETE c", 4, "missing"),
        ("MATCH (c:Change {seq: 6}) DELETE c", 6, "missing"),
        ("MATCH (c:Change {seq: 6}), (j:Journal) SET j.seq = 5, j.hash = c.prev DELETE c", 6, "knows entry 6"),
        ("MATCH (j:Journal) SET j.hash = 'other'", 6, "another hash"),
        ("MATCH (c:Change {seq: 6}), (j:Journal) SET j.seq = 5, j.hash = c.prev", 6, "nobody wrote it"),
    ],
)  # fmt: skip
def test_tampering_with_the_real_journal_is_found(
    store: Store, tmp_path: Path, tampering: str, seq: int, said: str
) -> None:
    """Whatever is done to the stored entries, the audit names the first that is not what was written."""
    life(store, 6)
    Checkpoints(tmp_path).note(store.head(), NOW)
    assert audited(store, tmp_path) is None
    edit(store, tampering)
    broken = audited(store, tmp_path)
    assert broken is not None and broken.seq == seq and said in broken.reason, broken


@pytest.mark.neo4j
def test_a_history_rewritten_whole_is_found_by_its_checkpoint(store: Store, tmp_path: Path) -> None:
    """Every hash fits again, but a checkpoint outside the database knows better; over GraphQL the same."""
    life(store, 5)
    with parts(tmp_path / "home", store) as served:
        Sweeper(store, served.inbox, lambda: after(NOW, 6), checkpoints=Checkpoints(tmp_path / "home")).step()
        first = ask(served, AUDIT, n=2)["audit"]
        assert (first["seq"], first["head"], first["done"], first["checkpoints"]) == (2, 5, False, 1)
        rest = ask(served, AUDIT, a=first["seq"], h=first["hash"])["audit"]
        assert (rest["seq"], rest["done"], rest["broken"], rest["certain"]) == (5, True, None, 5)
        prev = ""
        for entry in store.sealed_after(0, 9):
            forged = {**entry, "prev": prev, "actor": "mallory"}
            prev = forged["hash"] = chain.seal(forged)
            store._bolt.write(lambda run, e=forged: run("MATCH (c:Change {seq: $e.seq}) SET c = $e", {"e": e}))  # type: ignore[misc]
        store._bolt.write(lambda run: run("MATCH (j:Journal) SET j.hash = $h", {"h": prev}))
        found = ask(served, AUDIT)["audit"]
        assert found["broken"]["seq"] == 5 and "history was rewritten" in found["broken"]["reason"]
        (error,) = answer(served, AUDIT, a=3)["errors"]
        assert "both or neither" in error["message"]
        (error,) = answer(served, AUDIT, n=251)["errors"]
        assert error["extensions"]["code"] == "too_large"
