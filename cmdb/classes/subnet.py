"""A range of IP addresses that share a prefix."""

from cmdb.words import DECLARED, Attribute, CIClass, IdentityRule

SUBNET = CIClass(
    name="Subnet",
    plural="subnets",
    sentence="A range of IP addresses that share a prefix.",
    identity=(IdentityRule("domain and cidr", ("domain", "cidr")),),
    owner="network",
    lease=DECLARED,
    attributes=(
        Attribute("cidr", "string", "The range as address and prefix length.", search=True, index=True, required=True),
        Attribute("domain", "string", "The routing domain in which the range is unique.", index=True, required=True),
        Attribute("gateway", "string", "The address of its router."),
        Attribute("purpose", "string", "What it is for.", search=True),
        Attribute(
            "used_addresses", "int", "How many of its addresses are in use now.", unit="addresses", volatile=True
        ),
    ),
)
