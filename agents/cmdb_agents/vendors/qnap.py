"""QNAP storage."""

from cmdb_agents.vendor import Vendor

QNAP = Vendor(
    name="qnap",
    vendor="QNAP",
    sentence="QNAP storage.",
    object_ids=("1.3.6.1.4.1.24681", "1.3.6.1.4.1.55062"),
    cls="StorageArray",
    serial=("1.3.6.1.4.1.55062.1.12.5.0",),
    model=("1.3.6.1.4.1.24681.1.2.12.0", "1.3.6.1.4.1.55062.1.12.3.0"),
    version=("1.3.6.1.4.1.55062.1.12.6.0",),
    known_by_answers=True,
)
