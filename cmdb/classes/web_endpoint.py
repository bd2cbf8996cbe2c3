"""A web address that is called."""

from cmdb.words import Attribute, CIClass, IdentityRule

WEB_ENDPOINT = CIClass(
    name="WebEndpoint",
    plural="web_endpoints",
    sentence="A web address that is called.",
    identity=(IdentityRule("url", ("url",)),),
    owner="application",
    attributes=(
        Attribute(
            "url",
            "string",
            "The address without query or fragment.",
            search=True,
            index=True,
            required=True,
            domain=True,
        ),
        Attribute("method", "string", "The request method checks use."),
        Attribute("expected_status", "int", "The HTTP status that means it works."),
        Attribute("response_ms", "float", "How long the last check took.", unit="ms", volatile=True),
    ),
)
