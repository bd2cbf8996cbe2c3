"""A network device that decides what traffic may pass."""

from cmdb.words import PHYSICAL, Attribute, CIClass

FIREWALL = CIClass(
    name="Firewall",
    plural="firewalls",
    sentence="A network device that decides what traffic may pass.",
    kind_of="NetworkDevice",
    owner="security",
    lifecycle=PHYSICAL,
    attributes=(
        Attribute("rule_count", "int", "How many rules it enforces.", unit="rules"),
        Attribute("policy_version", "string", "The version of the policy installed."),
    ),
)
