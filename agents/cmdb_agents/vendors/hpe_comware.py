"""H3C and HPE devices with Comware."""

from cmdb_agents.vendor import Vendor

HPE_COMWARE = Vendor(
    name="hpe_comware",
    vendor="HPE",
    sentence="H3C and HPE devices with Comware.",
    object_ids=("1.3.6.1.4.1.25506", "1.3.6.1.4.1.43"),
    patterns=(
        r"(?:Product|Software) Version (?:Release )?(?P<version>[^\s,]+(?:,? Release \w+)?)",
        r"Release (?P<version>\w+)",
        r"H3C (?:Switch )?(?P<model>[A-Z]+\d[\w-]*)",
        r"Comware Platform Software (?:H3C )?(?P<model>[A-Z][\w-]+\d\w*)\.?",
        r"HPE? (?P<model>[A-Z]?\w*\d[\w-]+) ",
    ),
)
