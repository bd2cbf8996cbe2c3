"""One version of a piece of software, wherever it is installed."""

from cmdb.words import Attribute, CIClass, IdentityRule

SOFTWARE_VERSION = CIClass(
    name="SoftwareVersion",
    plural="software_versions",
    sentence="One version of a piece of software, wherever it is installed.",
    identity=(
        IdentityRule("purl", ("purl",)),
        IdentityRule("vendor, product, version and architecture", ("vendor", "product", "version", "architecture")),
    ),
    owner="platform",
    attributes=(
        Attribute("purl", "string", "The package URL.", search=True, index=True),
        Attribute("vendor", "string", "Who publishes it.", search=True, index=True),
        Attribute("product", "string", "The package's name.", search=True, index=True, required=True),
        Attribute("version", "string", "The version.", index=True, required=True),
        Attribute("architecture", "string", "The processor architecture it was built for."),
        Attribute("licence", "string", "The SPDX expression of its licence."),
        Attribute("supported_until", "datetime", "When security fixes end."),
    ),
)
