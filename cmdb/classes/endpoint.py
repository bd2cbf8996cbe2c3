"""The far end of a connection, until its owner is known."""

from cmdb.words import Attribute, CIClass, IdentityRule

ENDPOINT = CIClass(
    name="Endpoint",
    plural="endpoints",
    sentence="An address and port that somebody connects to and nobody owns yet; it yields to the service found there.",
    identity=(IdentityRule("protocol, address and port", ("key",)),),
    attributes=(
        Attribute("protocol", "string", "The transport: tcp or udp.", required=True),
        Attribute("address", "string", "The IP address.", search=True, index=True, required=True),
        Attribute("port", "int", "The port number.", required=True),
    ),
)
