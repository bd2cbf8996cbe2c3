"""Targets as people write them, and the addresses that come of them."""

from __future__ import annotations

import pytest

from cmdb.errors import Invalid
from cmdb_agents.discover.targets import parse, places, refused

RACK = """
[target.rack-7]
kind = "ssh"
hosts = ["192.0.2.0/29", "web1.example"]
credentials = ["rack"]
every = "24h"
window = "22:00-05:30"
rate = 120
via = "bastion"
options = { sudo = "yes" }

[target.bastion]
kind = "ssh"
hosts = ["198.51.100.9"]
"""


def test_a_target_is_read_as_written() -> None:
    """Every field of the file arrives, with its unit."""
    rack = parse(RACK)["rack-7"]
    assert (rack.every, rack.window, rack.rate, rack.via, rack.options) == (
        86_400, (1320, 330), 120, "bastion", {"sudo": "yes"},
    )  # fmt: skip
    assert [rack.open_at(m) for m in (1319, 1320, 0, 329, 330)] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('hosts = ["10.0.0.7/24"]', "target.x.hosts: '10.0.0.7/24' is no network"),
        ('hosts = ["10.0.0.0/8"]', "more than 4096 addresses"),
        ('hosts = ["300.1.1.1"]', "'300.1.1.1' is no network, address or name"),
        ("hosts = []", "names no hosts"),
        ('hosts = ["a"]\nevry = "1h"', "has no field 'evry'"),
        ('hosts = ["a"]\nevery = "5"', "target.x.every: is an interval"),
        ('hosts = ["a"]\nwindow = "25:00-01:00"', "target.x.window"),
        ('hosts = ["a"]\nallow = ["everything"]', "not 'everything'"),
        ('hosts = ["a"]\nvia = "nobody"', "target.x.via: 'nobody' is no jump host"),
        ('hosts = ["a"]\nrate = 0', "target.x.rate: is a whole number"),
        ('hosts = "a"', "target.x.hosts: is a list of texts"),
        ("hosts = [", "targets.toml: is no TOML"),
    ],
)
def test_what_is_wrong_is_named(line: str, said: str) -> None:
    """A wrong line is refused with its place and what would be right."""
    with pytest.raises(Invalid) as caught:
        parse(f'[target.x]\nkind = "ssh"\n{line}\n')
    assert said in caught.value.message


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "::1", "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1",
     "2002:7f00:1::", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1"],
)  # fmt: skip
def test_a_collector_cannot_be_sent_to_itself_or_the_metadata(address: str) -> None:
    """Loopback, link-local (where clouds answer secrets), multicast and their disguises are refused."""
    assert refused(address, frozenset())


def test_what_is_allowed_by_word_is_asked() -> None:
    """A target may allow loopback or link-local; neither opens the other."""
    assert refused("127.0.0.1", frozenset({"loopback"})) == ""
    assert refused("fe80::1", frozenset({"link-local"})) == ""
    assert refused("169.254.169.254", frozenset({"loopback"}))
    assert refused("0.0.0.0", frozenset({"loopback"}))


def test_a_name_is_resolved_once_and_pinned() -> None:
    """A name is asked for once in a run, and the place holds the address; one that rebinds to us is left out."""
    asked: list[str] = []

    def look_up(name: str) -> list[str]:
        asked.append(name)
        return ["192.0.2.77"] if len(asked) == 1 else ["127.0.0.1"]

    target = parse(RACK)["rack-7"]
    found, skipped = places(target, 22, look_up)
    assert [p.address for p in found] == [f"192.0.2.{n}" for n in range(1, 7)] + ["192.0.2.77"]
    assert found[-1].name == "web1.example"
    assert asked == ["web1.example"]
    assert skipped == ()
    found, skipped = places(target, 22, look_up)
    assert len(found) == 6
    assert skipped[0].what == "web1.example (127.0.0.1)"


def test_a_name_without_an_address_is_said() -> None:
    """What cannot be resolved is no place, and is not lost either."""

    def look_up(name: str) -> list[str]:
        raise OSError(-2, "Name or service not known")

    found, skipped = places(parse('[target.x]\nkind = "ssh"\nhosts = ["nowhere.example"]\n')["x"], 22, look_up)
    assert found == ()
    assert skipped[0].why == "has no address: Name or service not known"
