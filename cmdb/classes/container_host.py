"""A computer that runs containers."""

from cmdb.words import PHYSICAL, Attribute, CIClass

CONTAINER_HOST = CIClass(
    name="ContainerHost",
    plural="container_hosts",
    sentence="A computer that runs containers.",
    kind_of="Host",
    owner="platform",
    lifecycle=PHYSICAL,
    attributes=(
        Attribute("runtime", "string", "The container runtime.", search=True),
        Attribute("runtime_version", "string", "The version of the runtime."),
        Attribute("node_name", "string", "The name its cluster knows it by.", search=True, index=True),
    ),
)
