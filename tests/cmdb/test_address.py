"""An address says where packets really go, however it is written."""

from __future__ import annotations

import ipaddress

import pytest

from cmdb.words.address import unwrapped


@pytest.mark.parametrize(
    ("written", "real"),
    [
        ("169.254.169.254", "169.254.169.254"),
        ("::ffff:169.254.169.254", "169.254.169.254"),
        ("64:ff9b::a9fe:a9fe", "169.254.169.254"),
        ("2002:a9fe:a9fe::1", "169.254.169.254"),
        ("2001:0:4136:e378:8000:63bf:5601:5601", "169.254.169.254"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_an_address_inside_another_is_the_one_that_counts(written: str, real: str) -> None:
    """Mapped, translated and tunnelled addresses are the IPv4 address inside them; others are themselves."""
    assert str(unwrapped(ipaddress.ip_address(written))) == real
