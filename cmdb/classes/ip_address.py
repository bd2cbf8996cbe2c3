"""An address assigned to an interface."""

from cmdb.words import LOCAL_KEY, Attribute, CIClass

IP_ADDRESS = CIClass(
    name="IPAddress",
    plural="ip_addresses",
    sentence="An IP address assigned to an interface of a host; its local key is interface and address.",
    identity=(LOCAL_KEY,),
    attributes=(
        Attribute("address", "string", "The address in its shortest form.", search=True, index=True, required=True),
        Attribute("prefix_length", "int", "How many leading bits name the network.", unit="bits"),
        Attribute("family", "string", "IPv4 or IPv6."),
        Attribute("scope", "string", "How far it reaches: host, link or global."),
    ),
)
