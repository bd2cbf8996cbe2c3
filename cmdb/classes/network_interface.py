"""A network interface of a host."""

from cmdb.words import LOCAL_KEY, Attribute, CIClass

NETWORK_INTERFACE = CIClass(
    name="NetworkInterface",
    plural="network_interfaces",
    sentence="A network interface of a host; its local key is its name there.",
    identity=(LOCAL_KEY,),
    contained_by="PART_OF",
    attributes=(
        Attribute("mac", "string", "The hardware address in use, lower case with colons.", search=True, index=True),
        Attribute("permanent_mac", "string", "The hardware address burnt in, if the interface has one."),
        Attribute("kind", "string", "What it is: ethernet, loopback, bridge, bond, vlan, tunnel or virtual."),
        Attribute("master", "string", "The bond or bridge it belongs to."),
        Attribute("index", "int", "Its number on the host."),
        Attribute("bond_mode", "string", "How a bond shares its members, such as 802.3ad."),
        Attribute("vlan_id", "int", "The VLAN a VLAN interface carries.", index=True),
        Attribute("untagged_vlans", "string", "The VLANs whose frames it carries without a tag, such as 1,10-12."),
        Attribute("tagged_vlans", "string", "The VLANs whose frames it carries with a tag, such as 20,30-39."),
        Attribute("spanning_tree", "string", "Its state in the spanning tree: forwarding, blocking or another."),
        Attribute("driver", "string", "The kernel driver behind it."),
        Attribute("mtu", "int", "The largest packet it sends.", unit="bytes"),
        Attribute("speed_mbps", "int", "The negotiated speed.", unit="Mbit/s"),
        Attribute("state", "string", "Whether it is up or down."),
    ),
)
