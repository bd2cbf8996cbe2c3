"""A bundle of authorities as a folder that OpenSSL finds its way in."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type  # there is no other way to choose it
from cryptography.x509.oid import NameOID

from cmdb_agents.authorities import folder, name_hash

KEY = ec.generate_private_key(ec.SECP256R1())


def authority(*parts: list[x509.NameAttribute[str]], serial: int = 1) -> x509.Certificate:
    """A certificate whose name has these parts."""
    name = x509.Name([x509.RelativeDistinguishedName(part) for part in parts])
    return (
        x509.CertificateBuilder(name, name, KEY.public_key(), serial)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(KEY, SHA256())
    )


def part(
    text: str, kind: x509.ObjectIdentifier = NameOID.COMMON_NAME, coding: str = "UTF8String"
) -> x509.NameAttribute[str]:
    """One value of a name."""
    return x509.NameAttribute(kind, text, _type=_ASN1Type[coding])


def pem(*certificates: x509.Certificate) -> bytes:
    """A bundle, with the remarks that bundles have."""
    return b"".join(b"# one of many\n" + each.public_bytes(Encoding.PEM) for each in certificates)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl says what the hashes are")
@pytest.mark.parametrize(
    "made",
    [
        authority([part("Epicentre Test Root CA")]),
        authority([part("  Many \t  Spaces  ")], [part("ÄÖÜ  Straße")]),
        authority([part("DE", NameOID.COUNTRY_NAME, "PrintableString")],
                  [part("root@example.org", NameOID.EMAIL_ADDRESS, "IA5String")]),
        authority([part("Wide  Ünicode", coding="BMPString")]),
        authority([part("Old Latin é", coding="T61String")]),
        authority([part("two", NameOID.ORGANIZATION_NAME), part("IN ONE"), part("Part", NameOID.LOCALITY_NAME)]),
        authority([part("x" * 60, NameOID.ORGANIZATIONAL_UNIT_NAME)], *[[part("y" * 64)]] * 4),
        authority(),
    ],
    ids=["plain", "spaces", "kinds", "wide", "latin", "several in one", "long", "nobody"],
)  # fmt: skip
def test_the_hash_is_openssls(made: x509.Certificate) -> None:
    """Whatever the name is made of, OpenSSL looks for it under the same hash."""
    done = subprocess.run(
        ["openssl", "x509", "-noout", "-subject_hash"], input=pem(made), capture_output=True, check=True
    )
    assert name_hash(made.public_bytes(Encoding.DER)) == done.stdout.decode().strip()


def test_a_folder_is_made_once_and_again_when_the_bundle_changes(tmp_path: Path) -> None:
    """Each certificate is a file of its own, also two of one name; what is no longer in the bundle is gone."""
    bundle, kept = tmp_path / "bundle.pem", tmp_path / "kept"
    one, renewed, other = authority([part("A")]), authority([part("A")], serial=2), authority([part("B")])
    bundle.write_bytes(pem(one, renewed, other))
    first = folder(bundle, kept)
    names = sorted(path.suffix for path in first.iterdir())
    assert names == [".0", ".0", ".1"]
    assert {x509.load_pem_x509_certificate(path.read_bytes()) for path in first.iterdir()} == {one, renewed, other}
    inode = first.stat().st_ino
    assert folder(bundle, kept).stat().st_ino == inode
    bundle.write_bytes(pem(other))
    os.utime(bundle, ns=(1, 1))
    (path,) = folder(bundle, kept).iterdir()
    assert x509.load_pem_x509_certificate(path.read_bytes()) == other
    assert len(list(kept.iterdir())) == 1


@pytest.mark.parametrize("text", [b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
                                  b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"])  # fmt: skip
def test_a_broken_bundle_makes_no_folder(tmp_path: Path, text: bytes) -> None:
    """A part of the authorities is never taken for all of them."""
    (tmp_path / "bundle.pem").write_bytes(pem(authority([part("A")])) + text)
    for _ in range(2):
        with pytest.raises((ValueError, LookupError)):
            folder(tmp_path / "bundle.pem", tmp_path / "kept")
