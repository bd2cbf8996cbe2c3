"""The typed dependencies: always dependent → dependency; failure travels against the arrow as declared.

A hub (VLAN, site, name service) would take everything with it if every neighbour failed with it; the relations to
VLANs, subnets and sites therefore carry no failure. Who really stops with a hub declares DEPENDS_ON.

Where several dependencies of one CI by a relation back each other up, `needs` says so: they share the work (pool
members: fewer are worse), or they are spare to each other (feeds, uplinks: one does as well as two). What no relation
can know, configuration files and people say with the attribute `redundancy`.
"""

from cmdb.words import ANY, Cardinality, Failure, Needs, RelationType

RUNS_ON = RelationType(
    name="RUNS_ON",
    sentence="The program runs on the host or platform and stops when that stops.",
    sources=("Service", "Container", "DatabaseInstance", "Application", "MessageQueue", "LoadBalancer"),
    targets=("Host", "Container", "Cluster", "DatabaseInstance", "Service"),
    failure=Failure.HARD,
)
HOSTED_ON = RelationType(
    name="HOSTED_ON",
    sentence="The virtual computer or database is made by the other and stops with it.",
    sources=("Host", "Database"),
    targets=("Hypervisor", "Cluster", "DatabaseInstance"),
    failure=Failure.HARD,
    cardinality=Cardinality.MANY_TO_ONE,
)
PART_OF = RelationType(
    name="PART_OF",
    sentence="The part is inside the whole and is gone when the whole is gone.",
    sources=(
        "NetworkInterface", "Filesystem", "Disk", "Volume", "Account", "Neighbour", "Lun", "Room", "Rack", "Site",
        "Organisation", "Person",
    ),
    targets=("Host", "NetworkDevice", "StorageArray", "Site", "Room", "Organisation"),
    failure=Failure.HARD,
    cardinality=Cardinality.MANY_TO_ONE,
)  # fmt: skip
CARRIED_BY = RelationType(
    name="CARRIED_BY",
    sentence="The interface sends through the other: a bond or bridge through its members, a VLAN through its parent.",
    sources=("NetworkInterface",),
    targets=("NetworkInterface",),
    failure=Failure.HARD,
    needs=Needs.SPARE,
)
ASSIGNED_TO = RelationType(
    name="ASSIGNED_TO",
    sentence="The address is reachable through the interface.",
    sources=("IPAddress",),
    targets=("NetworkInterface",),
    failure=Failure.HARD,
)
DEPENDS_ON = RelationType(
    name="DEPENDS_ON",
    sentence="The one was seen or declared to use the other and needs it to work.",
    sources=(
        "Service", "Container", "Application", "BusinessService", "DatabaseInstance", "Database", "MessageQueue",
        "WebEndpoint", "Cluster", "Host", "NetworkDevice",
    ),
    targets=(
        "Service", "Endpoint", "Container", "Application", "BusinessService", "DatabaseInstance", "Database",
        "MessageQueue", "WebEndpoint", "VirtualAddress", "Cluster", "Host", "NetworkDevice", "Vlan", "Site", "Lun",
    ),
    failure=Failure.HARD,
)  # fmt: skip
COMMUNICATES_WITH = RelationType(
    name="COMMUNICATES_WITH",
    sentence="It was seen talking to the other end, and nothing says that it needs that: a contact, or monitoring.",
    sources=("Host", "Service", "NetworkDevice", "StorageArray"),
    targets=("Service", "Endpoint"),
    failure=Failure.NEVER,
)
USES = RelationType(
    name="USES",
    sentence="The one is better with the other and goes on, degraded, without it.",
    # Of hosts and devices it is said where only the server's end sees them: which program needs it is not known.
    sources=(
        "Service", "Container", "Application", "BusinessService", "WebEndpoint", "Host", "NetworkDevice",
        "StorageArray",
    ),
    targets=("Service", "Container", "Application", "BusinessService", "Database", "MessageQueue", "WebEndpoint"),
    failure=Failure.SOFT,
)  # fmt: skip
SERVED_BY = RelationType(
    name="SERVED_BY",
    sentence="The address is answered by the load balancer and is gone without it.",
    sources=("VirtualAddress", "WebEndpoint"),
    targets=("LoadBalancer", "Service", "VirtualAddress"),
    failure=Failure.HARD,
)
BALANCES_OVER = RelationType(
    name="BALANCES_OVER",
    sentence="The address sends requests to the pool members: with fewer it is degraded, without any it is down.",
    sources=("VirtualAddress",),
    targets=("Service", "Container", "Host", "Cluster"),
    failure=Failure.HARD,
    needs=Needs.SHARE,
)
FORMED_BY = RelationType(
    name="FORMED_BY",
    sentence="The cluster or pool is formed by the members: with fewer it is degraded, without any it is down.",
    sources=("Cluster",),
    targets=("Host", "DatabaseInstance", "NetworkDevice", "StorageArray", "Service", "Container"),
    failure=Failure.HARD,
    needs=Needs.SHARE,
)
STORED_ON = RelationType(
    name="STORED_ON",
    sentence="The data lies on the storage and cannot be reached without it.",
    sources=("Filesystem", "Volume", "Database", "DatabaseInstance", "Disk", "MessageQueue"),
    targets=("Filesystem", "Volume", "Disk", "Lun", "StorageArray", "Service", "Endpoint"),
    failure=Failure.HARD,
)
SECURED_BY = RelationType(
    name="SECURED_BY",
    sentence="Callers refuse the address or program once the certificate is no longer valid.",
    sources=("WebEndpoint", "Service", "VirtualAddress"),
    targets=("Certificate",),
    failure=Failure.HARD,
)
POWERED_BY = RelationType(
    name="POWERED_BY",
    sentence="The equipment draws power from the feed; with a second feed it goes on without this one.",
    sources=("Host", "NetworkDevice", "StorageArray", "Rack", "Room", "PowerFeed"),
    targets=("PowerFeed",),
    failure=Failure.HARD,
    needs=Needs.SPARE,
)
LOCATED_IN = RelationType(
    name="LOCATED_IN",
    sentence="The thing stands in that place; where a thing stands carries no failure by itself.",
    sources=(
        "Host", "NetworkDevice", "StorageArray", "PowerFeed", "Rack", "Room", "Link", "Cluster", "Person",
        "Organisation",
    ),
    targets=("Rack", "Room", "Site"),
    failure=Failure.NEVER,
    cardinality=Cardinality.MANY_TO_ONE,
)  # fmt: skip
ENDS_AT = RelationType(
    name="ENDS_AT",
    sentence="The link ends at the interface and carries nothing without it.",
    sources=("Link",),
    targets=("NetworkInterface", "NetworkDevice"),
    failure=Failure.HARD,
)
ATTACHED_TO = RelationType(
    name="ATTACHED_TO",
    sentence="It reaches the network only through the device; with a second uplink it goes on without this one.",
    sources=("Host", "StorageArray", "NetworkDevice"),
    targets=("NetworkDevice",),
    failure=Failure.HARD,
    needs=Needs.SPARE,
)
CONNECTED_TO = RelationType(
    name="CONNECTED_TO",
    sentence="The two are joined; being connected carries no failure by itself.",
    sources=("Host", "NetworkDevice", "NetworkInterface", "StorageArray"),
    targets=("NetworkDevice", "NetworkInterface", "Link", "StorageArray"),
    failure=Failure.NEVER,
)
IN_NETWORK = RelationType(
    name="IN_NETWORK",
    sentence="The address, interface or range belongs to the network; a network is a hub and carries no failure.",
    sources=("IPAddress", "NetworkInterface", "VirtualAddress", "Subnet"),
    targets=("Subnet", "Vlan"),
    failure=Failure.NEVER,
)
PROTECTED_BY = RelationType(
    name="PROTECTED_BY",
    sentence="Traffic to the one passes the firewall, which lets nothing through when it is down.",
    sources=("Subnet", "Vlan", "VirtualAddress", "Host", "Application"),
    targets=("Firewall",),
    failure=Failure.SOFT,
)
RUNS_SYSTEM = RelationType(
    name="RUNS_SYSTEM",
    sentence="The host runs that release of an operating system; a release itself cannot fail.",
    sources=("Host", "NetworkDevice", "StorageArray"),
    targets=("OperatingSystem",),
    failure=Failure.NEVER,
    cardinality=Cardinality.MANY_TO_ONE,
)
HAS_SOFTWARE = RelationType(
    name="HAS_SOFTWARE",
    sentence="That version is installed on or run by the one; a version itself cannot fail.",
    sources=("Host", "Container", "Service", "DatabaseInstance", "Application", "NetworkDevice"),
    targets=("SoftwareVersion",),
    failure=Failure.NEVER,
)
OWNED_BY = RelationType(
    name="OWNED_BY",
    sentence="The person or organisation answers for it.",
    sources=(ANY,),
    targets=("Person", "Organisation"),
    failure=Failure.NEVER,
)
SUPPORTED_BY = RelationType(
    name="SUPPORTED_BY",
    sentence="The person or organisation is called when it fails.",
    sources=(ANY,),
    targets=("Person", "Organisation"),
    failure=Failure.NEVER,
)
COVERED_BY = RelationType(
    name="COVERED_BY",
    sentence="The contract covers it.",
    sources=(ANY,),
    targets=("Contract",),
    failure=Failure.NEVER,
)
AGREED_WITH = RelationType(
    name="AGREED_WITH",
    sentence="The contract was made with the organisation.",
    sources=("Contract",),
    targets=("Organisation",),
    failure=Failure.NEVER,
)
DOCUMENTED_BY = RelationType(
    name="DOCUMENTED_BY",
    sentence="The document describes it.",
    sources=(ANY,),
    targets=("Document",),
    failure=Failure.NEVER,
)
