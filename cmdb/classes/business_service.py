"""What customers or colleagues get, in their words."""

from cmdb.words import DECLARED, Attribute, CIClass, IdentityRule

BUSINESS_SERVICE = CIClass(
    name="BusinessService",
    plural="business_services",
    sentence="What customers or colleagues get, in their words.",
    identity=(IdentityRule("code", ("code",)), IdentityRule("name", ("name",))),
    owner="service_management",
    lease=DECLARED,
    retention_days=3650,
    attributes=(
        Attribute("code", "string", "The short code in the service catalogue.", search=True, index=True),
        Attribute(
            "criticality",
            "string",
            "How much hangs on it: critical, high, medium or low.",
            index=True,
            precedence=("override", "person", "import", "agent"),
        ),
        Attribute("availability_target", "float", "The share of time it is promised to be available.", unit="%"),
        Attribute(
            "recovery_time_min",
            "int",
            "The longest it may be down.",
            unit="min",
            precedence=("override", "person", "import", "agent"),
        ),
        Attribute("users", "int", "How many people use it."),
        Attribute("service_hours", "string", "When it is promised, such as 24x7."),
    ),
)
