"""A cabinet that holds equipment in height units."""

from cmdb.words import DECLARED, PHYSICAL, Attribute, CIClass, IdentityRule

RACK = CIClass(
    name="Rack",
    plural="racks",
    sentence="A cabinet that holds equipment in height units.",
    identity=(
        IdentityRule("serial and vendor", ("serial", "vendor")),
        IdentityRule("room code and code", ("room_code", "code")),
    ),
    owner="facilities",
    lease=DECLARED,
    lifecycle=PHYSICAL,
    attributes=(
        Attribute(
            "code", "string", "The rack's number or name, unique in its room.", search=True, index=True, required=True
        ),
        Attribute("room_code", "string", "The code of its room, with the site's before it.", index=True),
        Attribute(
            "serial",
            "string",
            "The maker's serial number.",
            search=True,
            index=True,
            precedence=("override", "agent", "import"),
        ),
        Attribute("vendor", "string", "Who made it.", search=True),
        Attribute("height_units", "int", "Its height.", unit="U"),
        Attribute("power_limit_w", "int", "The most power its equipment may draw.", unit="W"),
    ),
)
