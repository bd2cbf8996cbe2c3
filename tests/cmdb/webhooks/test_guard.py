"""Where webhooks may go: nowhere inside, unless a person named the network."""

import socket

import pytest

from cmdb.errors import Invalid, Misconfigured
from cmdb.webhooks import guard

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.7", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "198.18.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::7",
    "ff02::1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    "2002:7f00:1::", "2001:db8::1", "::127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_no_inner_address_however_it_is_written(address: str) -> None:
    """Loopback, private, link-local (cloud metadata), shared, documentation, multicast; also inside IPv6."""
    with pytest.raises(Invalid, match="no public address"):
        guard.judge(address, (), tls=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_public_addresses_by_tls_only(address: str) -> None:
    """The public internet is open, but not in clear text."""
    guard.judge(address, (), tls=True)
    with pytest.raises(Invalid, match="only https"):
        guard.judge(address, (), tls=False)


def test_a_named_network_is_open_and_its_neighbours_are_not() -> None:
    """What EPICENTRE_WEBHOOK_NETWORKS names may be inside and without TLS, and nothing beside it."""
    allowed = guard.networks("10.1.0.0/16, fd00::/64")
    guard.judge("10.1.2.3", allowed, tls=False)
    guard.judge("::ffff:10.1.2.3", allowed, tls=False)
    guard.judge("fd00::9", allowed, tls=False)
    for outside in ("10.2.0.1", "fd00:0:0:1::9"):
        with pytest.raises(Invalid):
            guard.judge(outside, allowed, tls=True)
    with pytest.raises(Misconfigured, match=r"EPICENTRE_WEBHOOK_NETWORKS='10\.0\.0\.1/8'"):
        guard.networks("10.0.0.1/8")


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a/b", "https://", "https://user@a/", "https://u:p@a/", "https://a/#x", "https://a b/", "https://a:0/",
     "https://a:99999/", "https://ä/", "file:///etc/passwd", "https://a/\r\nX: y", "//a/b", "https://[::1/",
     "x" * 3000],
)  # fmt: skip
def test_what_is_no_url_of_a_webhook(url: str) -> None:
    """Refused before anything is looked up."""
    with pytest.raises(Invalid, match="url: "):
        guard.check_url(url)


def test_every_address_of_a_name_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """One inner address among public ones is enough to refuse the name."""
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 443)) for a in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
    with pytest.raises(Invalid, match=r"10\.0\.0\.1"):
        guard.resolve("https://mixed.example/", ())
    rows.pop()
    assert guard.resolve("https://mixed.example/a?b", ()).address == "93.184.216.34"
    assert guard.resolve("https://mixed.example/a?b", ()).path == "/a?b"


def test_a_name_without_an_address_is_said() -> None:
    """The sentence names the host."""
    with pytest.raises(Invalid, match=r"nowhere\.invalid has no address"):
        guard.resolve("https://nowhere.invalid/", ())
