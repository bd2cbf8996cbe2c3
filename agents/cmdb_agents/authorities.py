"""A bundle of authorities as a folder, in which OpenSSL finds the one it needs by the hash of its name.

To read a whole bundle of 150 costs two thirds of a report's CPU. Some systems keep such a folder beside it; where there
is none, this makes one, again whenever the bundle has changed. A hash that were wrong would only make it be not found.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cmdb_agents.ber import tlv
from cmdb_agents.parsers import x509

SMALL = 16 * 2**10
"""Bytes of a bundle that is read as fast as a folder."""

_TEXTS = {
    0x0C: "utf-8", 0x13: "latin-1", 0x14: "latin-1", 0x16: "latin-1", 0x1A: "latin-1", 0x1E: "utf-16-be",
    0x1C: "utf-32-be",
}  # fmt: skip


def folder(bundle: Path, kept: Path) -> Path:
    """The folder of this bundle below `kept`, made when it is not there; raises OSError and ValueError."""
    about = bundle.stat()
    made = kept / f"{about.st_ino:x}-{about.st_size:x}-{about.st_mtime_ns:x}"
    if not made.is_dir():
        from shutil import rmtree

        rmtree(kept, ignore_errors=True)
        fresh = kept / "new"
        fresh.mkdir(mode=0o700, parents=True)
        _fill(fresh, bundle.read_text(encoding="ascii", errors="replace"))
        fresh.rename(made)
    return made


def _fill(fresh: Path, text: str) -> None:
    alike = Counter[str]()
    for pem, der in x509.blocks(text):
        name = name_hash(der)
        (fresh / f"{name}.{alike[name]}").write_text(pem + "\n", encoding="ascii")
        alike[name] += 1


def name_hash(der: bytes) -> str:
    """OpenSSL's hash of a certificate's subject: of the texts in UTF-8, small letters and single spaces."""
    from hashlib import sha1

    canonical = b"".join(
        tlv(0x31, b"".join(sorted(tlv(0x30, kind + _text(tag, body)) for kind, tag, body in part)))
        for part in x509.subject(der)
    )
    return sha1(canonical, usedforsecurity=False).digest()[3::-1].hex()


def _text(tag: int, body: bytes) -> bytes:
    if tag not in _TEXTS:
        return tlv(tag, body)
    text = body.decode(_TEXTS[tag], "replace").encode()
    return tlv(0x0C, b" ".join(text.split()).lower())
