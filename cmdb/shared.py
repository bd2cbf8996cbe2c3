"""Things that no host owns and whose key says all about them: a version of a package, a release of a system. Pure.

A node may point at one and can say nothing else of it, so no node can lie about what others run. The key of a package
is its package URL (pkg:deb/debian/openssl@3.0.15-1?arch=amd64), that of a system os:vendor/product/version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from cmdb.errors import Invalid
from cmdb.words import Ref, Value

SCOPE = "shared/key"
"""Who says what a shared thing is: its own key, so that no agent's silence ends it."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A shared thing as its key describes it."""

    ref: Ref
    name: str
    attributes: Mapping[str, Value]


def is_shared(cls: str) -> bool:
    """Whether nodes point at things of this class by a key that says all."""
    return cls in _READ


def parse(ref: Ref) -> Shared:
    """What a key says; Invalid with an example when it is not one."""
    return _READ[ref.cls](ref)


def _package(ref: Ref) -> Shared:
    head, _, qualifiers = ref.key.partition("?")
    path, at, version = head.removeprefix("pkg:").rpartition("@")
    kind, *names = path.split("/")
    if not ref.key.startswith("pkg:") or not at or not version or not kind or not names or not all(names):
        raise Invalid(f"{ref.key!r} is not like pkg:deb/debian/openssl@3.0.15-1?arch=amd64", where="package")
    given = dict(pair.partition("=")[::2] for pair in qualifiers.split("&") if pair)
    product, number = unquote(names[-1]), unquote(version)
    attributes: dict[str, Value] = {
        "purl": ref.key,
        "vendor": unquote("/".join(names[:-1])) or kind,
        "product": product,
        "version": number,
    }
    if given.get("arch"):
        attributes["architecture"] = unquote(given["arch"])
    return Shared(ref, f"{product} {number}", attributes)


def _system(ref: Ref) -> Shared:
    parts = [unquote(part) for part in ref.key.removeprefix("os:").split("/")]
    if not ref.key.startswith("os:") or len(parts) != 3 or not all(parts):
        raise Invalid(f"{ref.key!r} is not like os:debian/Debian%20GNU%2FLinux/12", where="operating system")
    vendor, product, version = parts
    return Shared(ref, f"{product} {version}", {"vendor": vendor, "product": product, "version": version})


_READ: Mapping[str, Callable[[Ref], Shared]] = {"SoftwareVersion": _package, "OperatingSystem": _system}
