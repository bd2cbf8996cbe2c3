"""What every made thing says of itself, whatever its class: class files take these instead of saying them again."""

from __future__ import annotations

from cmdb.words.attribute import Attribute
from cmdb.words.ci_class import IdentityRule

BY_SERIAL = IdentityRule("serial and vendor", ("serial", "vendor"))
"""The same serial number is given by several makers: it names a thing only together with who made it."""

SERIAL = Attribute(
    "serial",
    "string",
    "The maker's serial number.",
    search=True,
    index=True,
    precedence=("override", "agent", "import"),  # a label is mistyped more often than firmware lies
)
VENDOR = Attribute("vendor", "string", "Who made it.", search=True)
MODEL = Attribute("model", "string", "The maker's product name.", search=True)
MANAGEMENT_ADDRESS = Attribute("management_address", "string", "The address it is managed at.", search=True, index=True)
FIRMWARE = Attribute("firmware", "string", "The firmware's version.", precedence=("override", "agent", "import"))
