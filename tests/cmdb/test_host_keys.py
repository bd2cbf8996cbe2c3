"""Hosts that have shown another key than the pinned one: what is known of each after the next look."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from support.runs import place, run, shown, target

from cmdb.discoveries import KEEP_ALARMS, Discoveries, parse
from cmdb.errors import Invalid, TooLarge
from cmdb.host_keys import Alarm, follow

LOOKED = place("10.0.0.5", "nd_c:a")


@pytest.mark.parametrize(
    ("looks", "standing", "since"),
    [
        ([("A", "A"), ("A", "A")], None, 0),  # as it should be: nothing to remember
        ([("A", "B"), ("A", "B")], "changed", 0),  # said once, however many looks say it
        ([("A", "B"), ("A", "C")], "changed", 1),  # another one again
        ([("A", "B"), ("B", "B"), ("B", "B")], "pinned", 1),
        ([("A", "B"), ("C", "C")], "pinned", 1),  # installed anew once more before a person came
        ([("A", "B"), ("A", "A")], "back", 1),
        ([("A", "B"), ("A", "A"), ("A", "B")], "changed", 2),
        ([("A", "B"), ("B", "B"), ("B", "A")], "changed", 2),  # what was the right one is the wrong one now
    ],
)
def test_each_look_is_followed(looks: list[tuple[str, str]], standing: str | None, since: int) -> None:
    """Pinned and shown key of one look after the other, how it stands after them, and since which of them."""
    alarm: Alarm | None = None
    for number, (pinned, key) in enumerate(looks):
        alarm = follow(alarm, "nd_c", LOOKED, shown(key, pinned), str(number))
    assert (alarm and (alarm.standing, alarm.since)) == (standing and (standing, str(since)))


def test_a_jump_host_is_not_the_place_behind_it() -> None:
    """An alarm knows under which id looks at its host report; a jump host's is another than the place's."""
    (own, jump) = (follow(None, "nd_c", LOOKED, shown(at=at), "now") for at in ("10.0.0.5:22", "[fd00::9]:2222"))
    assert own is not None
    assert jump is not None
    assert (own.address, own.node) == ("10.0.0.5", "nd_c:a")
    assert (jump.address, jump.node) == ("fd00::9", "")


def test_what_collectors_tell_is_kept_once_and_bounded(tmp_path: Path) -> None:
    """A run that is told twice says nothing anew; of very many alarms the newest are kept; old runs have no keys."""
    kept = Discoveries(tmp_path / "discoveries.db")
    other = {name: value for name, value in LOOKED.items() if name != "host_keys"}
    runs, _ = parse(orjson.dumps({"runs": [run(1, other)], "targets": [target()]}))
    kept.take("nd_c", 1, runs, [])
    assert kept.alarms() == []
    changed = run(2, place("10.0.0.5", "nd_c:a", "stopped", host_keys=[shown()]))
    kept.take("nd_c", 2, [changed], [], "2026-11-01T00:00:00.000Z")
    kept.take("nd_c", 3, [run(3, place("10.0.0.5", "nd_c:a", host_keys=[shown(pinned="SHA256:b")])), changed], [], "2")
    assert [(one.standing, one.since) for one in kept.alarms()] == [("pinned", "2")]
    many = [shown(at=f"10.0.{n // 250}.{n % 250}:22") for n in range(KEEP_ALARMS + 50)]
    kept.take(
        "nd_c", 4, [run(4, *(place("10.9.9.9", f"nd_c:{n}", host_keys=[one]) for n, one in enumerate(many)))], [], "3"
    )
    kept.take("nd_d", 1, [changed], [], "4")
    assert len(kept.alarms()) == KEEP_ALARMS + 1
    kept.close()


@pytest.mark.parametrize(
    ("keys", "error"), [([{"at": "10.0.0.5:22"}], Invalid), ([shown()] * 11, TooLarge), ("SHA256:b", Invalid)]
)
def test_keys_of_a_wrong_form_are_refused_with_their_place(keys: object, error: type[Exception]) -> None:
    """Each key has three texts, and a place ten of them at most."""
    body = {"runs": [run(1, place("10.0.0.5", "nd_c:a", host_keys=keys))], "targets": []}
    with pytest.raises(error, match=r"runs\[0\]\.places\[0\]\.host_keys"):
        parse(orjson.dumps(body))
