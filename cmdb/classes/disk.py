"""A disk or solid-state drive in a host."""

from cmdb.words import LOCAL_KEY, PHYSICAL, Attribute, CIClass, IdentityRule

DISK = CIClass(
    name="Disk",
    plural="disks",
    sentence="A disk or solid-state drive in a host; its local key is its serial number or its path.",
    identity=(IdentityRule("serial and vendor", ("serial", "vendor")), LOCAL_KEY),
    contained_by="PART_OF",
    owner="storage",
    lifecycle=PHYSICAL,
    attributes=(
        Attribute(
            "serial",
            "string",
            "The maker's serial number.",
            search=True,
            index=True,
            precedence=("override", "agent", "import"),
        ),
        Attribute("vendor", "string", "Who made it.", search=True),
        Attribute("model", "string", "The maker's product name.", search=True),
        Attribute("device", "string", "The name the host gives it.", search=True),
        Attribute("wwn", "string", "The world-wide name.", search=True, index=True),
        Attribute("kind", "string", "What it is: rotating, solid state or virtual."),
        Attribute("size_bytes", "int", "Its whole size.", unit="bytes"),
        Attribute("firmware", "string", "The firmware's version.", precedence=("override", "agent", "import")),
        Attribute("temperature_c", "float", "The temperature now.", unit="°C", volatile=True),
    ),
)
