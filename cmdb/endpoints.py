"""Endpoint keys such as tcp://10.0.0.5:5432 and who answers there. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from cmdb.errors import Invalid

_BYTES = frozenset(map(str, range(256)))


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One transport address."""

    protocol: str
    address: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether it can only be meant by a program of the same host."""
        return _is_loopback(self.address)

    @property
    def key(self) -> str:
        """Its text, the local key of the CI class Endpoint; IPv6 addresses stand in brackets."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.protocol}://{host}:{self.port}"


@lru_cache(maxsize=65_536)
def _is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback


@lru_cache(maxsize=65_536)
def parse(key: str) -> Endpoint:
    """Read a key; the address is brought to its shortest form, an IPv4-mapped IPv6 address to IPv4."""
    protocol, separator, rest = key.partition("://")
    host, colon, port = rest.rpartition(":")
    try:
        # Most are IPv4 as it is written: then there is nothing to bring into another form.
        plain = _BYTES.issuperset(host.split(".")) and host.count(".") == 3
        address = None if plain else ip_address(host.removeprefix("[").removesuffix("]").partition("%")[0])
        number = int(port)
    except ValueError as error:
        raise Invalid(f"{key!r} is not like tcp://10.0.0.5:5432 or tcp://[::1]:5432", where="endpoint") from error
    if not separator or not colon or protocol not in {"tcp", "udp"} or not 0 < number < 65_536:
        raise Invalid(f"{key!r} is not like tcp://10.0.0.5:5432 or udp://[::1]:53", where="endpoint")
    mapped = getattr(address, "ipv4_mapped", None)
    return Endpoint(protocol, host if plain else str(mapped or address), number)


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who listens on one host: `at` maps an endpoint to a service id, `addresses` are the host's own."""

    at: Mapping[Endpoint, str]
    addresses: frozenset[str]

    @classmethod
    def of(cls, services: Iterable[tuple[str, Iterable[str]]], addresses: Iterable[str]) -> Listeners:
        """From (service id, its `listens` keys); of two on one endpoint the first in the given order is meant."""
        at: dict[Endpoint, str] = {}
        for service, keys in services:
            for key in keys:
                at.setdefault(parse(key), service)
        return cls(at, frozenset(addresses))

    def owns(self, endpoint: Endpoint) -> bool:
        """Whether the address is this host's own."""
        return endpoint.loopback or endpoint.address in self.addresses

    def answer(self, endpoint: Endpoint) -> str | None:
        """The service that answers at one of this host's addresses: an exact listener before a wildcard one."""
        if endpoint in self.at:
            return self.at[endpoint]
        # A socket on [::] answers IPv4 too unless it is bound to IPv6 alone, so both wildcards are asked.
        for wildcard in ("0.0.0.0", "::"):  # noqa: S104  # compared, never bound
            found = self.at.get(Endpoint(endpoint.protocol, wildcard, endpoint.port))
            if found is not None:
                return found
        return None


def places(known: Iterable[str], listens: Iterable[str]) -> frozenset[str]:
    """Every endpoint key a service answers at, as far as one is known of each of its host's addresses."""
    found, listening = {parse(key) for key in known}, [parse(key) for key in listens]
    # A socket on [::] answers IPv4 too unless it is bound to IPv6 alone.
    more = {
        Endpoint(at.protocol, at.address, one.port)
        for at in found
        for one in listening
        if one.protocol == at.protocol and one.address in (at.address, "0.0.0.0", "::")  # noqa: S104  # compared, never bound
    }
    return frozenset(one.key for one in found | more)


def answering(
    endpoints: Iterable[str], hosts: Iterable[tuple[frozenset[str], list[tuple[str, tuple[str, ...]]]]]
) -> dict[str, frozenset[str]]:
    """Which services answer at each endpoint key, given other hosts as (addresses, [(service id, listens)]).

    One private address may be in use on many hosts (container bridges): then there are several.
    """
    tables = [Listeners.of(services, own) for own, services in hosts]
    found: dict[str, frozenset[str]] = {}
    for key in endpoints:
        endpoint = parse(key)
        answers = (t.answer(endpoint) for t in tables if endpoint.address in t.addresses)
        found[key] = frozenset(answer for answer in answers if answer)
    return found


def meant(answers: Collection[str], before: str | None) -> str | None:
    """Which of the services that answer at an address is meant; `before` is the one it was, if any.

    Of several nobody is guessed: it stays with the one it was, as long as that answers.
    """
    if len(answers) == 1:
        return next(iter(answers))
    return before if before in answers else None
