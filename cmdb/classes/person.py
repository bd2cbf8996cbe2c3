"""Somebody who owns, supports or uses something."""

from cmdb.words import DECLARED, Attribute, CIClass, IdentityRule

PERSON = CIClass(
    name="Person",
    plural="people",
    sentence="Somebody who owns, supports or uses something.",
    identity=(
        IdentityRule("employee id and organisation", ("employee_id", "organisation")),
        IdentityRule("email", ("email",)),
    ),
    owner="service_management",
    lease=DECLARED,
    retention_days=3650,
    attributes=(
        Attribute("employee_id", "string", "The number in the personnel system.", search=True, index=True),
        Attribute("organisation", "string", "The code of the organisation.", index=True),
        Attribute("email", "string", "The mail address, lower case.", search=True, index=True, domain=True),
        Attribute("phone", "string", "The phone number, in international form."),
        Attribute("job", "string", "What they do."),
    ),
)
