"""A manual, diagram, runbook or other document."""

from cmdb.words import AGREEMENT, DECLARED, Attribute, CIClass, IdentityRule

DOCUMENT = CIClass(
    name="Document",
    plural="documents",
    sentence="A manual, diagram, runbook or other document.",
    identity=(IdentityRule("url", ("url",)), IdentityRule("number and version", ("number", "version"))),
    owner="service_management",
    lease=DECLARED,
    lifecycle=AGREEMENT,
    retention_days=3650,
    attributes=(
        Attribute("url", "string", "Where it is kept.", search=True, index=True, domain=True),
        Attribute("number", "string", "Its number in the document system.", search=True, index=True),
        Attribute("version", "string", "The version."),
        Attribute("kind", "string", "What it is: manual, diagram, runbook, policy or report."),
        Attribute("review_by", "datetime", "When it must be looked through again."),
    ),
)
