"""A computer that runs virtual machines."""

from cmdb.words import PHYSICAL, Attribute, CIClass

HYPERVISOR = CIClass(
    name="Hypervisor",
    plural="hypervisors",
    sentence="A computer that runs virtual machines.",
    kind_of="Host",
    owner="infrastructure",
    lifecycle=PHYSICAL,
    attributes=(
        Attribute("product", "string", "The virtualisation product.", search=True),
        Attribute("product_version", "string", "The version of that product."),
        Attribute("vm_count", "int", "How many virtual machines it runs now.", unit="machines", volatile=True),
    ),
)
