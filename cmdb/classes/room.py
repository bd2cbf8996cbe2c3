"""A room, cage or hall at a site where equipment stands."""

from cmdb.words import DECLARED, PHYSICAL, Attribute, CIClass, IdentityRule

ROOM = CIClass(
    name="Room",
    plural="rooms",
    sentence="A room, cage or hall at a site where equipment stands.",
    identity=(IdentityRule("site code and code", ("site_code", "code")),),
    owner="facilities",
    lease=DECLARED,
    lifecycle=PHYSICAL,
    attributes=(
        Attribute("site_code", "string", "The code of the site it is in.", index=True, required=True),
        Attribute(
            "code", "string", "The room's number or name, unique at its site.", search=True, index=True, required=True
        ),
        Attribute("floor", "string", "The floor it is on."),
        Attribute("area_m2", "float", "The floor space.", unit="m²"),
        Attribute("cooling_kw", "float", "The heat its cooling can take away.", unit="kW"),
    ),
)
