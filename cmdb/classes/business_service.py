"""What customers or colleagues get, in their words."""

from cmdb.words import CRITICALITY, DECLARED, RECOVERY_TIME, Attribute, CIClass, IdentityRule

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
        CRITICALITY,
        Attribute("availability_target", "float", "The share of time it is promised to be available.", unit="%"),
        RECOVERY_TIME,
        Attribute("users", "int", "How many people use it.", unit="people"),
        Attribute("service_hours", "string", "When it is promised, such as 24x7."),
    ),
)
