"""Vertiv, Liebert and Emerson power supplies and cooling."""

from cmdb_agents.vendor import Vendor

VERTIV = Vendor(
    name="vertiv",
    vendor="Vertiv",
    sentence="Vertiv, Liebert and Emerson power supplies and cooling.",
    object_ids=("1.3.6.1.4.1.476", "1.3.6.1.4.1.13400"),
    kind="other",
    serial=("1.3.6.1.4.1.476.1.42.2.1.4.0",),
    model=("1.3.6.1.4.1.476.1.42.2.1.2.0", "1.3.6.1.4.1.13400.2.1.2.1.1.1.0"),
    version=("1.3.6.1.4.1.476.1.42.2.1.3.0", "1.3.6.1.4.1.13400.2.1.2.1.2.1.0"),
)
