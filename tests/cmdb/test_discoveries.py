"""Runs of collectors on the server: checked, bounded, kept; and the only word that goes back is a target's name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from support.runs import place, run, target

from cmdb.discoveries import KEEP_RUNS, Discoveries, latest, parse, sighted
from cmdb.errors import Invalid, NotAuthenticated, TooLarge, UnknownName


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Discoveries]:
    """An empty file."""
    made = Discoveries(tmp_path / "discoveries.db")
    yield made
    made.close()


def told(*runs: dict[str, Any], targets: tuple[dict[str, Any], ...] = (target(),)) -> bytes:
    """The bytes of a collector's word."""
    return orjson.dumps({"runs": list(runs), "targets": list(targets)})


def test_a_run_is_kept_as_it_was_told(kept: Discoveries) -> None:
    """What a collector tells is what the page shows, newest first, each run once."""
    one, two = run(1, place("192.0.2.1", "nd_c:a")), run(2, place("192.0.2.1", "nd_c:a", "silent", gone=True))
    kept.take("nd_c", 1, *parse(told(one)))
    kept.take("nd_c", 2, *parse(told(one, two)))
    assert [r.fields for r in kept.runs()] == [two, one]
    assert kept.run("run-1").collector == "nd_c"
    assert kept.runs("another") == []
    with pytest.raises(UnknownName):
        kept.run("run-9")


def test_a_request_is_taken_once(kept: Discoveries) -> None:
    """A captured word of a collector changes nothing a second time."""
    kept.take("nd_c", 5, *parse(told()))
    with pytest.raises(NotAuthenticated, match="seen before"):
        kept.take("nd_c", 5, *parse(told(run(1))))
    assert kept.runs() == []


def test_what_is_asked_is_heard_until_it_was_run(kept: Discoveries) -> None:
    """A target that a person asks for is named in each answer until a run of it has ended after that."""
    kept.take("nd_c", 1, *parse(told()))
    kept.ask("nd_c", "rack-7", "ada")
    assert kept.take("nd_c", 2, *parse(told(run(1)))) == ["rack-7"]  # that one had ended long before
    late = run(3, ended_at="2999-01-01T00:00:00Z")
    assert kept.take("nd_c", 3, *parse(told(late))) == []
    with pytest.raises(UnknownName, match="no target 'rack-8'"):
        kept.ask("nd_c", "rack-8", "ada")


def test_only_the_newest_runs_are_kept(kept: Discoveries) -> None:
    """A collector's runs are bounded, and its old ones make room."""
    for n in range(0, KEEP_RUNS + 40, 20):
        many = [
            run(m % 60, id=f"run-{m}", started_at=f"2026-11-01T{m // 60:02}:{m % 60:02}:00Z") for m in range(n, n + 20)
        ]
        kept.take("nd_c", n + 1, *parse(told(*many)))
    assert len(kept.runs()) == KEEP_RUNS
    assert kept.runs()[0].id == f"run-{KEEP_RUNS + 39}"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"[", "body"),
        (b"[]", "$"),
        (b'{"runs": {}, "targets": []}', "$.runs"),
        (told(run(1, started_at="yesterday")), "$.runs[0].started_at"),
        (told(run(1, place("192.0.2.1", "n", seconds="long"))), "$.runs[0].places[0].seconds"),
        (told(run(1, place("192.0.2.1", "n", new=1))), "$.runs[0].places[0].new"),
        (told(run(1, target="../x y")), "$.runs[0].target"),
        (told(run(1, errors=-1)), "$.runs[0].errors"),
        (told(targets=({**target(), "every": None},)), "$.targets[0].every"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, where: str) -> None:
    """A wrong word is refused whole, with its place."""
    with pytest.raises(Invalid) as caught:
        parse(body)
    assert caught.value.where == where


def test_texts_are_cut_and_stripped() -> None:
    """A device's words can neither fill the page nor speak to a terminal."""
    runs, _ = parse(told(run(1, place("192.0.2.1", "n", why="\x1b]0;owned\x07" + "x" * 9000))))
    assert runs[0]["places"][0]["why"].startswith("]0;owned")
    assert len(runs[0]["places"][0]["why"]) <= 500
    with pytest.raises(TooLarge):
        parse(told(run(1, neighbours=["192.0.2.1"] * 10_001)))


def test_what_was_noticed_comes_from_the_newest_runs(kept: Discoveries) -> None:
    """Of each target the newest run counts; silence is no notice, a host that lets nobody in is one."""
    old = run(1, place("192.0.2.9", "nd_c:x"))
    new = run(2, place("192.0.2.1", "nd_c:a"), place("192.0.2.2", "nd_c:b", "not let in"),
              place("192.0.2.3", "nd_c:c", "silent"), neighbours=["192.0.2.1", "192.0.2.77"])  # fmt: skip
    kept.take("nd_c", 1, *parse(told(old, new)))
    assert sighted(latest(kept.runs())) == {
        "192.0.2.1": "ssh: seen", "192.0.2.2": "ssh: not let in", "192.0.2.77": "met by a host on its own link",
    }  # fmt: skip
