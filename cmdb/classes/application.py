"""Software that people or other applications use as one whole."""

from cmdb.words import CRITICALITY, DECLARED, RECOVERY_TIME, Attribute, CIClass, IdentityRule

APPLICATION = CIClass(
    name="Application",
    plural="applications",
    sentence="Software that people or other applications use as one whole.",
    identity=(IdentityRule("code", ("code",)), IdentityRule("name and environment", ("name", "environment"))),
    owner="application",
    lease=DECLARED,
    attributes=(
        Attribute(
            "code",
            "string",
            "The short code in the application portfolio, with its environment.",
            search=True,
            index=True,
        ),
        Attribute(
            "environment",
            "string",
            "What it is run for: production, acceptance, test or development.",
            index=True,
            precedence=("override", "person", "import", "agent"),
        ),
        CRITICALITY,
        RECOVERY_TIME,
        Attribute("recovery_point_min", "int", "The longest span of data that may be lost.", unit="min"),
    ),
)
