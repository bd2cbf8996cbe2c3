"""The typed dependencies: always dependent → dependency; failure travels against the arrow as declared."""

from cmdb.words import Failure, RelationType

RUNS_ON = RelationType(
    name="RUNS_ON",
    sentence="The service runs on the host and stops when the host stops.",
    sources=("Service",),
    targets=("Host",),
    failure=Failure.HARD,
)
PART_OF = RelationType(
    name="PART_OF",
    sentence="The part is inside the whole and is gone when the whole is gone.",
    sources=("NetworkInterface", "Filesystem"),
    targets=("Host",),
    failure=Failure.HARD,
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
    sentence="The service was seen using the other service or endpoint and needs it to work.",
    sources=("Service",),
    targets=("Service", "Endpoint"),
    failure=Failure.HARD,
)
COMMUNICATES_WITH = RelationType(
    name="COMMUNICATES_WITH",
    sentence="Some program of the host, not known as a service, was seen talking to the other end.",
    sources=("Host",),
    targets=("Service", "Endpoint"),
    failure=Failure.NEVER,
)
