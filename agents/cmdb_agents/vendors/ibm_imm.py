"""IBM and Lenovo management modules of servers."""

from cmdb_agents.vendor import Vendor

IBM_IMM = Vendor(
    name="ibm_imm",
    vendor="IBM",
    sentence="Management modules of IBM and Lenovo servers.",
    object_ids=("1.3.6.1.4.1.2.3.51.3",),
    kind="other",
    serial=("1.3.6.1.4.1.2.3.51.3.1.5.2.1.3.0",),
    model=("1.3.6.1.4.1.2.3.51.3.1.5.2.1.5.0",),
    version=("1.3.6.1.4.1.2.3.51.3.1.5.1.1.3/1",),
    known_by_answers=True,
)
