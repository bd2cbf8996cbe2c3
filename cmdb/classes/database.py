"""A database inside a database instance or cluster."""

from cmdb.words import Attribute, CIClass, IdentityRule

DATABASE = CIClass(
    name="Database",
    plural="databases",
    sentence="A database inside a database instance or cluster.",
    identity=(
        IdentityRule("uid", ("uid",)),
        IdentityRule("instance key and name", ("instance_key", "name"), exact=True),
    ),
    owner="database",
    attributes=(
        Attribute("uid", "string", "The id the database gives itself.", index=True),
        Attribute("instance_key", "string", "The instance it is in: host name and local key.", index=True),
        Attribute("encoding", "string", "The text encoding."),
        Attribute("size_bytes", "int", "The space it takes now.", unit="bytes", volatile=True),
    ),
)
