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
        Attribute("restarts", "int", "How often it was started again.", unit="restarts", volatile=True),
        Attribute("memory_limit_bytes", "int", "The memory it may use.", unit="bytes"),
    ),
)
