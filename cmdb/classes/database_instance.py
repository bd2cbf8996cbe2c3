"""A running database server on a host."""

from cmdb.words import LOCAL_KEY, Attribute, CIClass

DATABASE_INSTANCE = CIClass(
    name="DatabaseInstance",
    plural="database_instances",
    sentence="A running database server on a host; its local key is the port or instance name.",
    identity=(LOCAL_KEY,),
    contained_by="RUNS_ON",
    owner="database",
    attributes=(
        Attribute("product", "string", "The database product.", search=True, index=True, required=True),
        Attribute("version", "string", "The version of the product.", index=True),
        Attribute("port", "int", "The port it listens on."),
        Attribute("role", "string", "Its part in replication: primary, replica or alone."),
        Attribute("data_folder", "string", "Where its data lies."),
        Attribute("connections", "int", "How many clients are connected now.", unit="connections", volatile=True),
    ),
)
