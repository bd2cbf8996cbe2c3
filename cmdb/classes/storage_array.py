"""A system that offers disk space to many hosts."""

from cmdb.words import (
    BY_SERIAL,
    FIRMWARE,
    MANAGEMENT_ADDRESS,
    MODEL,
    PHYSICAL,
    SERIAL,
    VENDOR,
    Attribute,
    CIClass,
    IdentityRule,
)

STORAGE_ARRAY = CIClass(
    name="StorageArray",
    plural="storage_arrays",
    sentence="A system that offers disk space to many hosts.",
    identity=(
        BY_SERIAL,
        IdentityRule("management address", ("management_address",)),
    ),
    owner="storage",
    lifecycle=PHYSICAL,
    attributes=(
        SERIAL,
        VENDOR,
        MODEL,
        MANAGEMENT_ADDRESS,
        FIRMWARE,
        Attribute("capacity_bytes", "int", "The space it can offer.", unit="bytes"),
        Attribute("used_bytes", "int", "The space in use now.", unit="bytes", volatile=True),
    ),
)
