"""An X.509 certificate."""

from cmdb.words import AGREEMENT, SEEN_ON_HOST, Attribute, CIClass, IdentityRule

CERTIFICATE = CIClass(
    name="Certificate",
    plural="certificates",
    sentence="An X.509 certificate; one that a host holds has its file there as local key.",
    identity=(
        IdentityRule("fingerprint", ("fingerprint",)),
        IdentityRule("issuer and serial", ("issuer", "serial")),
        SEEN_ON_HOST,
    ),
    owner="security",
    lifecycle=AGREEMENT,
    attributes=(
        Attribute("fingerprint", "string", "The SHA-256 of the certificate, lower case.", search=True, index=True),
        Attribute("subject", "string", "Whom it is for.", search=True, required=True),
        Attribute("issuer", "string", "Who issued it.", search=True, index=True),
        Attribute("serial", "string", "The issuer's serial number, hexadecimal.", index=True),
        Attribute("names", "strings", "The DNS names it is valid for, sorted."),
        Attribute("not_before", "datetime", "From when it is valid."),
        Attribute("not_after", "datetime", "Until when it is valid.", index=True, required=True),
        Attribute("key_type", "string", "The kind and size of its key."),
        Attribute("path", "string", "The file it lies in on the host that holds it.", search=True),
        Attribute("self_signed", "boolean", "Whether it was issued by itself."),
    ),
)
