"""A volume a storage array offers."""

from cmdb.words import Attribute, CIClass, IdentityRule

LUN = CIClass(
    name="Lun",
    plural="luns",
    sentence="A volume a storage array offers.",
    identity=(
        IdentityRule("wwn", ("wwn",)),
        IdentityRule("array serial and LUN number", ("array_serial", "lun_number")),
    ),
    owner="storage",
    attributes=(
        Attribute("wwn", "string", "The world-wide name, lower case without separators.", search=True, index=True),
        Attribute("array_serial", "string", "The serial number of its array.", index=True),
        Attribute("lun_number", "int", "Its number on the array."),
        Attribute("size_bytes", "int", "Its whole size.", unit="bytes"),
        Attribute("tier", "string", "The class of service it is on."),
        Attribute("used_bytes", "int", "The space in use now.", unit="bytes", volatile=True),
    ),
)
