"""CISCO-IMAGE-MIB and CISCO-STACK-MIB: family and version of old Cisco devices that know no ENTITY-MIB."""

from __future__ import annotations

import re

from cmdb_agents.mib import Draft, Mib
from cmdb_agents.snmp_text import real, text
from cmdb_agents.transports.snmp_walk import Walk, oid

IMAGE = oid("1.3.6.1.4.1.9.9.25.1.1.1.2")
MODULE_VERSION = oid("1.3.6.1.4.1.9.5.1.3.1.1.19")
_FAMILY = re.compile(r"CW_FAMILY\$([\w-]+)\$")


def read(walk: Walk, draft: Draft) -> None:
    """Only where nothing surer was told: the family is less than a model."""
    told = [m[1] for value in walk.column(IMAGE).values() if (m := _FAMILY.fullmatch(text(value, 100)))]
    draft.models += [] if draft.models else told[:1]
    draft.versions += [v for value in walk.column(MODULE_VERSION).values() if (v := real(value))][:1]


CISCO_IMAGE = Mib("cisco_image", "Family and version of old Cisco devices.", (IMAGE, MODULE_VERSION), read, order=3)
