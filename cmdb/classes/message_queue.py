"""A queue or topic that programs exchange messages through."""

from cmdb.words import Attribute, CIClass, IdentityRule

MESSAGE_QUEUE = CIClass(
    name="MessageQueue",
    plural="message_queues",
    sentence="A queue or topic that programs exchange messages through.",
    identity=(IdentityRule("broker, virtual host and name", ("broker", "virtual_host", "name"), exact=True),),
    owner="application",
    attributes=(
        Attribute("broker", "string", "The broker or cluster it is on.", search=True, index=True, required=True),
        Attribute("virtual_host", "string", "The broker's namespace, / if it has no other.", index=True, required=True),
        Attribute("product", "string", "The broker's product."),
        Attribute("durable", "boolean", "Whether messages outlive a restart of the broker."),
        Attribute("depth", "int", "How many messages wait now.", unit="messages", volatile=True),
    ),
)
