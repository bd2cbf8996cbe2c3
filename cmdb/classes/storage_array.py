"""A system that offers disk space to many hosts."""

from cmdb.words import PHYSICAL, Attribute, CIClass, IdentityRule

STORAGE_ARRAY = CIClass(
    name="StorageArray",
    plural="storage_arrays",
    sentence="A system that offers disk space to many hosts.",
    identity=(
        IdentityRule("serial and vendor", ("serial", "vendor")),
        IdentityRule("management address", ("management_address",)),
    ),
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
        Attribute("management_address", "string", "The address it is managed at.", search=True, index=True),
        Attribute("firmware", "string", "The firmware's version.", precedence=("override", "agent", "import")),
        Attribute("capacity_bytes", "int", "The space it can offer.", unit="bytes"),
        Attribute("used_bytes", "int", "The space in use now.", unit="bytes", volatile=True),
    ),
)
