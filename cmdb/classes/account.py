"""A user account of a host."""

from cmdb.words import LOCAL_KEY, Attribute, CIClass

ACCOUNT = CIClass(
    name="Account",
    plural="accounts",
    sentence="A user account of a host; its local key is its name there.",
    identity=(LOCAL_KEY,),
    contained_by="PART_OF",
    owner="security",
    attributes=(
        Attribute("uid", "int", "Its number.", index=True),
        Attribute("gid", "int", "The number of its first group."),
        Attribute("home", "string", "Its home folder."),
        Attribute("shell", "string", "The program a login starts."),
        Attribute("groups", "strings", "The groups it belongs to, sorted."),
        Attribute("kind", "string", "Whether it is root, system or person, by its number.", index=True),
        Attribute("login", "boolean", "Whether its shell lets somebody work."),
    ),
)
