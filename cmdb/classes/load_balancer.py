"""A device or program that spreads requests over several servers."""

from cmdb.words import PHYSICAL, Attribute, CIClass

LOAD_BALANCER = CIClass(
    name="LoadBalancer",
    plural="load_balancers",
    sentence="A device or program that spreads requests over several servers.",
    kind_of="NetworkDevice",
    owner="network",
    lifecycle=PHYSICAL,
    attributes=(
        Attribute("algorithm", "string", "How it chooses the next server."),
        Attribute("mode", "string", "Whether it works on connections (layer 4) or requests (layer 7)."),
    ),
)
