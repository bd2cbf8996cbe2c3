"""A partition, logical volume, array or other device that is made of disks."""

from cmdb.words import LOCAL_KEY, Attribute, CIClass

VOLUME = CIClass(
    name="Volume",
    plural="volumes",
    sentence="A partition, logical volume, array or mapped device of a host; its local key is its name there.",
    identity=(LOCAL_KEY,),
    contained_by="PART_OF",
    owner="storage",
    attributes=(
        Attribute("kind", "string", "What it is: partition, lvm, raid, multipath, crypt, loop or mapped."),
        Attribute("size_bytes", "int", "Its whole size.", unit="bytes"),
        Attribute("level", "string", "The level of an array, such as raid1."),
        Attribute("volume_group", "string", "The volume group of a logical volume.", search=True),
        Attribute("wwn", "string", "The world-wide name of what is behind it.", search=True, index=True),
        Attribute("filesystem", "string", "The kind of filesystem or member signature on it."),
        Attribute("uuid", "string", "The UUID of the filesystem on it.", search=True),
    ),
)
