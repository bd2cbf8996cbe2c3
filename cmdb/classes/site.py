"""A place.

A location and a site are one class: a place is a place, and "where is it" must have one answer. How coarse a place is
stands in `kind`, and PART_OF joins a smaller to a larger one.
"""

from cmdb.words import DECLARED, PHYSICAL, Attribute, CIClass, IdentityRule

SITE = CIClass(
    name="Site",
    plural="sites",
    sentence="A place: a region, campus, building, data centre or cloud region; larger ones hold smaller ones.",
    identity=(IdentityRule("code", ("code",)), IdentityRule("country, city and name", ("country", "city", "name"))),
    owner="facilities",
    lease=DECLARED,
    lifecycle=PHYSICAL,
    attributes=(
        Attribute(
            "code",
            "string",
            "The short code people use for it, unique in the organisation.",
            search=True,
            index=True,
            required=True,
        ),
        Attribute("kind", "string", "What sort of place it is: region, campus, building, data centre or cloud region."),
        Attribute("address", "string", "The postal address in one line.", search=True),
        Attribute("city", "string", "The city.", index=True),
        Attribute("country", "string", "The country as two capitals of ISO 3166-1."),
        Attribute("latitude", "float", "Degrees north of the equator.", unit="degrees"),
        Attribute("longitude", "float", "Degrees east of Greenwich.", unit="degrees"),
        Attribute("time_zone", "string", "The name of its time zone, such as Europe/Berlin."),
    ),
)
