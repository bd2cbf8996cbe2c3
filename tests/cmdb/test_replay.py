"""The journal suffices: replayed into an empty graph it gives, at every sequence, the graph that was there."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.lives import BEGIN, Life, by_hand

from cmdb import replay
from cmdb.errors import Invalid
from cmdb.store import Store
from cmdb.webhooks.message import event_of

pytestmark = pytest.mark.neo4j


def entries(store: Store, behind: int) -> Iterator[dict[str, object]]:
    """The journal behind a sequence."""
    yield from store.entries_after(behind, 10_000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 159])
def test_a_replay_is_the_live_graph_at_every_sequence(store: Store, seed: int) -> None:
    """CIs, earlier states, edges, evidence, claims, merges: after each step the same, and as of each sequence again."""
    life, built = Life(store, seed), replay.Graph()
    kinds: set[str] = set()
    moments: dict[int, list[str]] = {}
    claimed: dict[int, list[str]] = {}
    done = 0
    for _ in range(40):
        what = life.step()
        for entry in entries(store, done):
            kinds.add(str(entry["kind"]))
            replay.replay([entry], built)
            done = int(str(entry["seq"]))
            claimed[done] = replay.claims_at(built, done)
            if done % 4 == 0:
                moments[done] = replay.lines_at(built, done)
        assert replay.lines(store.graph()) == replay.lines(built), f"seed {seed}, after {what} at sequence {done}"
    assert done == store.sequence() and kinds >= {"report", "command"}
    live, whole = store.graph(), replay.replay(entries(store, 0))
    assert replay.digest(whole) == replay.digest(live)
    for seq, said in claimed.items():
        assert replay.claims_at(live, seq) == said, f"seed {seed}, claims as of sequence {seq}"
        asked = [
            json.dumps((one["scope"], ci, one["since"], one["trace"], one["said"]), sort_keys=True, ensure_ascii=False)
            for ci, rows in store.claims_of(list(live.cis), seq).items()
            for one in rows
        ]
        assert sorted(asked) == said, f"seed {seed}, asked for claims as of sequence {seq}"
    assert len({tuple(said) for said in claimed.values()}) > 5
    for seq, then in moments.items():
        assert replay.lines_at(live, seq) == then, f"seed {seed}, as of sequence {seq}"


def test_every_kind_of_entry_is_replayed(store: Store) -> None:
    """Reports, holds, conflicts, take-overs, merges, splits, overrides that end, staleness: each op is rebuilt."""
    ops: set[str] = set()
    for name, does in by_hand(store).items():
        before = store.sequence()
        does()
        assert store.sequence() > before, f"{name} left no journal entry"
        assert replay.lines(store.graph()) == replay.lines(replay.replay(store.entries_after(0, 999))), name
    for entry in store.entries_after(0, 999):
        ops |= {step["op"] for step in entry["ops"]}
    assert ops == set(replay._STEPS), "each kind of operation is here, and each that is here has its step"
    live, whole = store.graph(), replay.replay(store.entries_after(0, 999))
    assert replay.digest(live) == replay.digest(whole)
    told = {event_of(step) for entry in store.entries_after(0, 999) for step in entry["ops"]}
    assert "record" in told


def test_a_step_nobody_knows_is_no_silence() -> None:
    """A replay that cannot apply an operation says which entry has it; first-version steps of records are passed by."""
    with pytest.raises(Invalid, match="entry 7 has a step 'conjure'"):
        replay.replay([{"seq": 7, "at": BEGIN, "ops": [{"op": "conjure"}]}])
    assert replay.replay([{"seq": 7, "at": BEGIN, "ops": [{"op": "approve", "record": "rec_1"}]}]) == replay.Graph()
