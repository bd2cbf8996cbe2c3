"""A switch, router, access point or other device that forwards packets."""

from cmdb.words import BY_SERIAL, MANAGEMENT_ADDRESS, MODEL, PHYSICAL, SERIAL, VENDOR, Attribute, CIClass, IdentityRule

NETWORK_DEVICE = CIClass(
    name="NetworkDevice",
    plural="network_devices",
    sentence="A switch, router, access point or other device that forwards packets.",
    identity=(
        BY_SERIAL,
        IdentityRule("engine id", ("engine_id",)),
        IdentityRule("management address", ("management_address",)),
    ),
    owner="network",
    lifecycle=PHYSICAL,
    attributes=(
        Attribute("kind", "string", "What it does: switch, router, access point, modem or other.", required=True),
        SERIAL,
        VENDOR,
        MODEL,
        Attribute("engine_id", "string", "The SNMP engine id.", index=True),
        MANAGEMENT_ADDRESS,
        Attribute(
            "firmware", "string", "The firmware's version.", search=True, precedence=("override", "agent", "import")
        ),
        Attribute("ports", "int", "How many ports it has.", unit="ports"),
        Attribute("uptime_s", "int", "The time since it started.", unit="s", volatile=True),
    ),
)
