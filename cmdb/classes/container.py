"""A running container."""

from cmdb.words import LOCAL_KEY, Attribute, CIClass

CONTAINER = CIClass(
    name="Container",
    plural="containers",
    sentence="A running container; its local key is the name its runtime or orchestrator keeps across restarts.",
    identity=(LOCAL_KEY,),
    contained_by="RUNS_ON",
    owner="platform",
    attributes=(
        Attribute("container_id", "string", "The runtime's id of the present instance.", search=True, index=True),
        Attribute("image", "string", "The image's name and tag.", search=True),
        Attribute("image_digest", "string", "The digest of the image.", index=True),
        Attribute("namespace", "string", "The orchestrator's namespace.", search=True),
        Attribute("runtime", "string", "What runs it: docker, podman or containerd."),
        Attribute("owner", "string", "The compose project or pod that it belongs to.", search=True),
        Attribute("labels", "strings", "Its labels as name=value, secrets masked, sorted."),
        Attribute("networks", "strings", "The networks it is plugged into, sorted."),
        Attribute("ports", "strings", "Where the host publishes it, as tcp://address:port, sorted."),
        Attribute("mounts", "strings", "What of the host it sees, as source:destination, sorted."),
        Attribute("restarts", "int", "How often it was started again.", unit="restarts", volatile=True),
        Attribute("memory_limit_bytes", "int", "The memory it may use.", unit="bytes"),
    ),
)
