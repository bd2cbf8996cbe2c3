"""Several CIs that do one job together, or a pool of resources to draw from."""

from cmdb.words import DECLARED, Attribute, CIClass, IdentityRule

CLUSTER = CIClass(
    name="Cluster",
    plural="clusters",
    sentence="Several CIs that do one job together, or a pool of resources to draw from.",
    identity=(IdentityRule("uid", ("uid",)), IdentityRule("kind, domain and name", ("kind", "domain", "name"))),
    owner="platform",
    lease=DECLARED,
    attributes=(
        Attribute("uid", "string", "The id the cluster gives itself.", search=True, index=True),
        Attribute(
            "kind", "string", "What it is: container, database, virtualisation, storage or load pool.", required=True
        ),
        Attribute(
            "domain", "string", "The domain or environment in which its name is unique.", search=True, index=True
        ),
        Attribute("product", "string", "The software that forms it.", search=True),
        Attribute("version", "string", "The version of that software."),
        Attribute("members_needed", "int", "How many members must be up for it to do its job.", unit="members"),
    ),
)
