"""A computer that runs an operating system."""

from cmdb.words import PHYSICAL, Attribute, CIClass, IdentityRule

HOST = CIClass(
    name="Host",
    plural="hosts",
    lifecycle=PHYSICAL,
    sentence="A physical or virtual computer that runs an operating system.",
    identity=(
        IdentityRule("agent", ("node",)),
        IdentityRule("SMBIOS UUID and serial number", ("smbios_uuid", "serial")),
        IdentityRule("serial number and vendor", ("serial", "vendor")),
        IdentityRule("machine id and a permanent MAC", ("machine_id", "macs")),
        IdentityRule("fully qualified name", ("fqdn",)),
    ),
    attributes=(
        Attribute("hostname", "string", "The short name the host gives itself.", search=True, index=True),
        Attribute(
            "fqdn",
            "string",
            "The fully qualified domain name, if it has a domain.",
            search=True,
            index=True,
            domain=True,
        ),
        Attribute("machine_id", "string", "The id the operating system made at installation.", index=True),
        Attribute("smbios_uuid", "string", "The UUID in the system firmware tables.", index=True),
        Attribute("serial", "string", "The serial number of the product.", search=True, index=True),
        Attribute("board_serial", "string", "The serial number of the mainboard."),
        Attribute("chassis_serial", "string", "The serial number of the chassis."),
        Attribute("vendor", "string", "Who made the machine, as its firmware says.", search=True),
        Attribute("model", "string", "The product name, as its firmware says.", search=True),
        Attribute("bios_version", "string", "The version of the system firmware."),
        Attribute("macs", "strings", "Permanent hardware addresses, lower case with colons, sorted."),
        Attribute("boot_id", "string", "A random id the kernel makes at each start."),
        Attribute("virtualisation", "string", "What the host runs inside (kvm, docker, …), or none."),
        Attribute("os_id", "string", "The distribution's short name, such as debian.", index=True),
        Attribute("os_name", "string", "The operating system's name and release for people.", search=True),
        Attribute("os_version", "string", "The operating system's version id."),
        Attribute("kernel", "string", "The kernel's release."),
        Attribute("architecture", "string", "The processor architecture, such as x86_64."),
        Attribute("cpu_model", "string", "The processor's name."),
        Attribute("cpu_cores", "int", "Physical processor cores.", unit="cores"),
        Attribute("cpu_threads", "int", "Logical processors.", unit="threads"),
        Attribute("memory_bytes", "int", "Installed memory that the kernel can use.", unit="bytes"),
        Attribute("swap_bytes", "int", "Configured swap space.", unit="bytes"),
    ),
)
