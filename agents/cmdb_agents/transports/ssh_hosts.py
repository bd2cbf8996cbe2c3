"""Host keys that people have pinned, and keys that are offered for pinning. Strict: what is not pinned gets nothing.

One JSON file of the collector. A key that is not known is written down as an offer only while a window is open that an
operator opened; it is trusted only after a person has pinned it by its fingerprint. A pinned key never changes by
itself: a host that shows another one is stopped at, until a person forgets the old key.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cmdb.errors import Invalid, Misconfigured, UnknownName
from cmdb_agents.discover.kind import Place

MAX_OFFERS = 10_000
MAX_KEY = 8_192
_EMPTY: Mapping[str, Any] = {"window": 0, "pinned": {}, "offers": {}}


@dataclass(frozen=True, slots=True)
class HostKey:
    """A public key as its host shows it."""

    type: str
    raw: bytes

    @property
    def fingerprint(self) -> str:
        """As OpenSSH prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.raw).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Offer:
    """A key that waits for a person."""

    place: str
    type: str
    fingerprint: str


class HostKeys:
    """The file `host_keys.json` in a folder; read again when it has changed, written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "host_keys.json"

    def pinned(self, place: Place) -> HostKey | None:
        """The pinned key; a host with several is asked for the one of its type."""
        pinned = self._read()["pinned"].get(at(place))
        return None if pinned is None else HostKey(str(pinned["type"]), base64.b64decode(pinned["key"]))

    def open_window(self, until: int) -> None:
        """Let unknown keys be offered until then (Unix seconds)."""
        with self._changed() as state:
            state["window"] = until

    def offer(self, place: Place, key: HostKey, now: int) -> bool:
        """Write down an unknown key, if a window is open; whether it was."""
        if self._read()["window"] <= now or len(key.raw) > MAX_KEY:
            return False
        with self._changed() as state:
            if len(state["offers"]) < MAX_OFFERS:
                state["offers"][at(place)] = {"type": key.type, "key": _b64(key.raw)}
        return True

    def offers(self) -> tuple[Offer, ...]:
        """What waits for a person."""
        return tuple(
            Offer(at, one["type"], HostKey(one["type"], base64.b64decode(one["key"])).fingerprint)
            for at, one in sorted(self._read()["offers"].items())
        )

    def pin(self, at: str, fingerprint: str) -> None:
        """Trust an offered key, named by place and fingerprint."""
        with self._changed() as state:
            one = state["offers"].get(at)
            if one is None:
                raise UnknownName(f"no host key is offered for {at!r}; see `epicentre discover keys offered`")
            found = HostKey(one["type"], base64.b64decode(one["key"])).fingerprint
            if found != fingerprint:
                raise Invalid(f"{at} offers {found}, not {fingerprint}: compare with the host's own console")
            state["pinned"][at] = state["offers"].pop(at)

    def forget(self, at: str) -> None:
        """No longer trust a place's key: its host was installed anew."""
        with self._changed() as state:
            if state["pinned"].pop(at, None) is None:
                raise UnknownName(f"no host key is pinned for {at!r}")

    def _read(self) -> Mapping[str, Any]:
        try:
            found = self._path.stat()
            return _parsed(self._path, (found.st_ino, found.st_mtime_ns, found.st_size))
        except FileNotFoundError:
            return _EMPTY
        except (OSError, ValueError) as error:
            raise Misconfigured(f"the host keys {self._path} cannot be read: {error}") from error

    @contextmanager
    def _changed(self) -> Iterator[dict[str, Any]]:
        """The state to change, under a lock: several places are looked at in one time."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._path.parent / "host_keys.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Copies: what was read stays as it was for who asks meanwhile.
            state = {name: dict(value) if isinstance(value, dict) else value for name, value in self._read().items()}
            yield state
            temporary = self._path.with_suffix(".new")
            temporary.write_text(json.dumps(state, indent=1, sort_keys=True), encoding="utf-8")
            temporary.chmod(0o600)
            os.replace(temporary, self._path)  # noqa: PTH105  # the one call that is atomic by promise


@lru_cache(maxsize=4)  # each look asks twice, and of ten thousand hosts the file is a MiB
def _parsed(path: Path, stamp: tuple[int, int, int]) -> Mapping[str, Any]:  # noqa: ARG001  # another stamp, another file
    return {**_EMPTY, **json.loads(path.read_text(encoding="utf-8"))}


def at(place: Place) -> str:
    """How a place is named in the file and by people: its address and port."""
    return str(Place(place.address, place.port))


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
