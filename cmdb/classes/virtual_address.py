"""An address and port a load balancer answers for others."""

from cmdb.words import DECLARED, Attribute, CIClass, IdentityRule

VIRTUAL_ADDRESS = CIClass(
    name="VirtualAddress",
    plural="virtual_addresses",
    sentence="An address and port a load balancer answers for others.",
    identity=(IdentityRule("domain, address, port and protocol", ("domain", "address", "port", "protocol")),),
    owner="network",
    lease=DECLARED,
    attributes=(
        Attribute("address", "string", "The address in its shortest form.", search=True, index=True, required=True),
        Attribute("port", "int", "The port number.", index=True, required=True),
        Attribute("protocol", "string", "The transport: tcp or udp.", required=True),
        Attribute("domain", "string", "The routing domain in which the address is unique.", index=True),
        Attribute("members_needed", "int", "How many pool members must be up for it to answer.", unit="members"),
    ),
)
