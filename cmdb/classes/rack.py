"""A cabinet that holds equipment in height units."""

from cmdb.words import BY_SERIAL, DECLARED, PHYSICAL, SERIAL, VENDOR, Attribute, CIClass, IdentityRule

RACK = CIClass(
    name="Rack",
    plural="racks",
    sentence="A cabinet that holds equipment in height units.",
    identity=(
        BY_SERIAL,
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
        SERIAL,
        VENDOR,
        Attribute("height_units", "int", "Its height.", unit="U"),
        Attribute("power_limit_w", "int", "The most power its equipment may draw.", unit="W"),
    ),
)
