"""A company, department, team or supplier."""

from cmdb.words import DECLARED, Attribute, CIClass, IdentityRule

ORGANISATION = CIClass(
    name="Organisation",
    plural="organisations",
    sentence="A company, department, team or supplier.",
    identity=(IdentityRule("registration", ("registration",)), IdentityRule("code", ("code",))),
    owner="service_management",
    lease=DECLARED,
    retention_days=3650,
    attributes=(
        Attribute("code", "string", "The short code people use for it.", search=True, index=True),
        Attribute("registration", "string", "The number in the official register, with its country.", index=True),
        Attribute("kind", "string", "What it is: company, department, team, supplier or customer."),
        Attribute("email", "string", "The shared mail address.", search=True),
        Attribute("phone", "string", "The phone number, in international form."),
    ),
)
