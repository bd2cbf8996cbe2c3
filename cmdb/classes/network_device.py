"""A switch, router, access point or other device that forwards packets."""

from cmdb.words import PHYSICAL, Attribute, CIClass, IdentityRule

NETWORK_DEVICE = CIClass(
    name="NetworkDevice",
    plural="network_devices",
    sentence="A switch, router, access point or other device that forwards packets.",
    identity=(
        IdentityRule("serial and vendor", ("serial", "vendor")),
        IdentityRule("engine id", ("engine_id",)),
        IdentityRule("management address", ("management_address",)),
    ),
    owner="network",
    lifecycle=PHYSICAL,
    attributes=(
        Attribute("kind", "string", "What it does: switch, router, access point, modem or other.", required=True),
        Attribute(
            "serial",
            "string",
            "The maker's serial number.",
            search=True,
            index=True,
            precedence=("override", "agent", "import"),
        ),
        Attribute("vendor", "string", "Who made it.", search=True),
        Attribute("model", "string", "The maker's product name.", search=True),
        Attribute("engine_id", "string", "The SNMP engine id.", index=True),
        Attribute("management_address", "string", "The address it is managed at.", search=True, index=True),
        Attribute(
            "firmware", "string", "The firmware's version.", search=True, precedence=("override", "agent", "import")
        ),
        Attribute("ports", "int", "How many ports it has.", unit="ports"),
        Attribute("uptime_s", "int", "The time since it started.", unit="s", volatile=True),
    ),
)
