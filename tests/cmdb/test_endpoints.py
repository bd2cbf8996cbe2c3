"""Endpoint keys and who answers there."""

import pytest

from cmdb.endpoints import Listeners, parse
from cmdb.errors import Invalid


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("tcp://10.0.0.5:5432", "tcp://10.0.0.5:5432"),
        ("tcp://[::1]:7687", "tcp://[::1]:7687"),
        ("tcp://[::ffff:127.0.0.1]:80", "tcp://127.0.0.1:80"),
        ("udp://[2001:DB8:0:0::1]:53", "udp://[2001:db8::1]:53"),
        ("tcp://[fe80::1%eth0]:22", "tcp://[fe80::1]:22"),
    ],
)
def test_a_key_has_one_shortest_form(text: str, key: str) -> None:
    """However an address is written, its key is the same."""
    assert parse(text).key == key


@pytest.mark.parametrize("text", ["", "tcp://", "10.0.0.5:80", "tcp://x:80", "tcp://1.2.3.4:0", "sctp://1.2.3.4:5",
                                  "tcp://1.2.3:80", "tcp://1.2.3.4.5:80", "tcp://256.1.1.1:80", "tcp://010.0.0.1:80",
                                  "tcp://1..2.3:80", "tcp://1.2.3.4:65536", "tcp://1.2.3.4:x",
                                  "tcp://1.2.3.4"])  # fmt: skip
def test_what_is_no_endpoint_is_refused_with_an_example(text: str) -> None:
    """The error names what was sent and shows what is wanted."""
    with pytest.raises(Invalid, match="is not like"):
        parse(text)


def test_an_exact_listener_answers_before_a_wildcard_and_protocols_are_kept_apart() -> None:
    """The service bound to the very address is meant; TCP is not UDP."""
    table = Listeners.of(
        [("any", ["tcp://0.0.0.0:80"]), ("exact", ["tcp://10.0.0.5:80"]), ("six", ["tcp://[::]:81"])], ["10.0.0.5"]
    )
    assert table.answer(parse("tcp://10.0.0.5:80")) == "exact"
    assert table.answer(parse("tcp://127.0.0.1:80")) == "any"
    assert table.answer(parse("tcp://127.0.0.1:81")) == "six"
    assert table.answer(parse("udp://127.0.0.1:80")) is None
    assert table.owns(parse("tcp://127.0.0.1:9"))
    assert table.owns(parse("tcp://10.0.0.5:9"))
    assert not table.owns(parse("tcp://10.0.0.6:9"))
