"""Software that people or other applications use as one whole."""

from cmdb.words import DECLARED, Attribute, CIClass, IdentityRule

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
        Attribute(
            "criticality",
            "string",
            "How much hangs on it: critical, high, medium or low.",
            index=True,
            precedence=("override", "person", "import", "agent"),
        ),
        Attribute(
            "recovery_time_min",
            "int",
            "The longest it may be down.",
            unit="min",
            precedence=("override", "person", "import", "agent"),
        ),
        Attribute("recovery_point_min", "int", "The longest span of data that may be lost.", unit="min"),
    ),
)
