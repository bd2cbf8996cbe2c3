"""A mounted filesystem."""

from cmdb.words import LOCAL_KEY, Attribute, CIClass

FILESYSTEM = CIClass(
    name="Filesystem",
    plural="filesystems",
    sentence="A filesystem mounted on a host; its local key is the mount point.",
    identity=(LOCAL_KEY,),
    contained_by="PART_OF",
    attributes=(
        Attribute("mount_point", "string", "Where it is mounted.", search=True, required=True),
        Attribute("device", "string", "The device or remote export it is on.", search=True),
        Attribute("type", "string", "The filesystem's type, such as ext4."),
        Attribute("size_bytes", "int", "Its whole size.", unit="bytes"),
        Attribute("read_only", "boolean", "Whether it is mounted read-only."),
    ),
)
