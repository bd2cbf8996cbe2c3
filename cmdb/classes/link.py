"""A cable, circuit or wireless connection between interfaces."""

from cmdb.words import DECLARED, PHYSICAL, Attribute, CIClass, IdentityRule

LINK = CIClass(
    name="Link",
    plural="links",
    sentence="A cable, circuit or wireless connection between interfaces.",
    identity=(IdentityRule("circuit id and provider", ("circuit_id", "provider")), IdentityRule("code", ("code",))),
    owner="network",
    lease=DECLARED,
    lifecycle=PHYSICAL,
    attributes=(
        Attribute("code", "string", "The label on the cable, unique in the organisation.", search=True, index=True),
        Attribute("circuit_id", "string", "The number the provider gives the circuit.", search=True, index=True),
        Attribute("provider", "string", "Who provides it.", search=True),
        Attribute("medium", "string", "What it is made of: copper, fibre, radio or leased."),
        Attribute("speed_mbps", "int", "The speed it can carry.", unit="Mbit/s"),
        Attribute("length_m", "float", "Its length.", unit="m"),
    ),
)
