"""A circuit, distribution unit or uninterruptible supply that feeds equipment."""

from cmdb.words import BY_SERIAL, DECLARED, PHYSICAL, SERIAL, VENDOR, Attribute, CIClass, IdentityRule

POWER_FEED = CIClass(
    name="PowerFeed",
    plural="power_feeds",
    sentence="A circuit, distribution unit or uninterruptible supply that feeds equipment.",
    identity=(
        BY_SERIAL,
        IdentityRule("site code and code", ("site_code", "code")),
    ),
    owner="facilities",
    lease=DECLARED,
    lifecycle=PHYSICAL,
    attributes=(
        Attribute("code", "string", "The feed's name, unique at its site.", search=True, index=True, required=True),
        Attribute("site_code", "string", "The code of the site it is at.", index=True, required=True),
        Attribute("kind", "string", "What it is: circuit, distribution unit, uninterruptible supply or generator."),
        SERIAL,
        VENDOR,
        Attribute("voltage_v", "int", "The nominal voltage.", unit="V"),
        Attribute("current_limit_a", "float", "The current at which it trips.", unit="A"),
        Attribute("load_w", "float", "The power drawn now.", unit="W", volatile=True),
    ),
)
