"""A release of an operating system that hosts run."""

from cmdb.words import DECLARED, Attribute, CIClass, IdentityRule

OPERATING_SYSTEM = CIClass(
    name="OperatingSystem",
    plural="operating_systems",
    sentence="A release of an operating system that hosts run.",
    identity=(IdentityRule("vendor, product and version", ("vendor", "product", "version")),),
    owner="platform",
    lease=DECLARED,
    attributes=(
        Attribute("vendor", "string", "Who publishes it.", search=True, index=True, required=True),
        Attribute("product", "string", "The distribution or product.", search=True, index=True, required=True),
        Attribute("version", "string", "The release.", index=True, required=True),
        Attribute("supported_until", "datetime", "When security fixes end."),
    ),
)
