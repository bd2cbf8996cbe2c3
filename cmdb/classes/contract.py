"""A maintenance, licence or supply agreement."""

from cmdb.words import AGREEMENT, DECLARED, Attribute, CIClass, IdentityRule

CONTRACT = CIClass(
    name="Contract",
    plural="contracts",
    sentence="A maintenance, licence or supply agreement.",
    identity=(IdentityRule("supplier and number", ("supplier", "number")),),
    owner="service_management",
    lease=DECLARED,
    lifecycle=AGREEMENT,
    retention_days=3650,
    attributes=(
        Attribute("number", "string", "The contract's number.", search=True, index=True, required=True),
        Attribute("supplier", "string", "The supplier's code.", search=True, index=True, required=True),
        Attribute("kind", "string", "What it is: maintenance, licence, lease, supply or service."),
        Attribute("starts_at", "datetime", "From when it holds."),
        Attribute("ends_at", "datetime", "Until when it holds.", index=True),
        Attribute("notice_days", "int", "How long before its end it must be cancelled.", unit="days"),
        Attribute("annual_cost", "float", "The yearly cost, in the contract's currency.", unit="currency units"),
        Attribute("currency", "string", "The currency as three capitals of ISO 4217."),
    ),
)
