"""A virtual network on shared switches."""

from cmdb.words import DECLARED, Attribute, CIClass, IdentityRule

VLAN = CIClass(
    name="Vlan",
    plural="vlans",
    sentence="A virtual network on shared switches.",
    identity=(IdentityRule("domain and vlan id", ("domain", "vlan_id")),),
    owner="network",
    lease=DECLARED,
    attributes=(
        Attribute("vlan_id", "int", "The number from 1 to 4094.", index=True, required=True),
        Attribute("domain", "string", "The switching domain in which the number is unique.", index=True, required=True),
        Attribute("purpose", "string", "What it is for.", search=True),
    ),
)
