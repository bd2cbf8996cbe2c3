"""A disk or solid-state drive in a host."""

from cmdb.words import BY_SERIAL, FIRMWARE, LOCAL_KEY, MODEL, PHYSICAL, SERIAL, VENDOR, Attribute, CIClass

DISK = CIClass(
    name="Disk",
    plural="disks",
    sentence="A disk or solid-state drive in a host; its local key is its serial number or its path.",
    identity=(BY_SERIAL, LOCAL_KEY),
    contained_by="PART_OF",
    owner="storage",
    lifecycle=PHYSICAL,
    attributes=(
        SERIAL,
        VENDOR,
        MODEL,
        Attribute("device", "string", "The name the host gives it.", search=True),
        Attribute("wwn", "string", "The world-wide name.", search=True, index=True),
        Attribute("kind", "string", "What it is: rotating, solid state or virtual."),
        Attribute("size_bytes", "int", "Its whole size.", unit="bytes"),
        FIRMWARE,
        Attribute("temperature_c", "float", "The temperature now.", unit="°C", volatile=True),
    ),
)
