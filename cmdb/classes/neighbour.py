"""What a host sees on the wires it is plugged into."""

from cmdb.words import LOCAL_KEY, Attribute, CIClass

NEIGHBOUR = CIClass(
    name="Neighbour",
    plural="neighbours",
    sentence="An entry of a host's neighbour tables; its local key is the interface and what was seen there.",
    identity=(LOCAL_KEY,),
    contained_by="PART_OF",
    owner="network",
    attributes=(
        Attribute("table", "string", "The table it comes from: arp, nd or lldp.", index=True, required=True),
        Attribute("interface", "string", "The interface of the host it was seen at."),
        Attribute("address", "string", "Its IP address.", search=True, index=True),
        Attribute("mac", "string", "Its hardware address, lower case with colons.", search=True, index=True),
        Attribute("gateway", "boolean", "Whether a route of the host leads through it."),
        Attribute("system_name", "string", "The name the device gives itself.", search=True),
        Attribute("system_description", "string", "What the device says it is."),
        Attribute("chassis", "string", "The chassis id the device sends.", search=True, index=True),
        Attribute("port", "string", "The port of the device, as it sends it.", search=True),
        Attribute("port_description", "string", "What the device calls that port."),
    ),
)
