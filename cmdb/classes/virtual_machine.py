"""A computer made by a hypervisor."""

from cmdb.words import Attribute, CIClass

VIRTUAL_MACHINE = CIClass(
    name="VirtualMachine",
    plural="virtual_machines",
    sentence="A computer made by a hypervisor.",
    kind_of="Host",
    owner="infrastructure",
    attributes=(
        Attribute("instance_id", "string", "The id its hypervisor or cloud gives it.", search=True, index=True),
        Attribute("flavour", "string", "The size it was ordered in."),
        Attribute("power_state", "string", "What its hypervisor says: running, stopped, suspended."),
    ),
)
