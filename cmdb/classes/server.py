"""A physical computer in one enclosure."""

from cmdb.words import PHYSICAL, Attribute, CIClass

SERVER = CIClass(
    name="Server",
    plural="servers",
    sentence="A physical computer in one enclosure.",
    kind_of="Host",
    owner="infrastructure",
    lifecycle=PHYSICAL,
    attributes=(
        Attribute("asset_tag", "string", "The number on the sticker of the organisation.", search=True, index=True),
        Attribute("rack_unit", "int", "The lowest height unit it takes in its rack.", unit="U"),
        Attribute("power_w", "float", "The power drawn now.", unit="W", volatile=True),
        Attribute("warranty_until", "datetime", "When the maker's warranty ends."),
    ),
)
