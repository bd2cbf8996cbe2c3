"""A question to the service desk."""

from cmdb_processes.incident.catalogue import Item, Kind, Question, Task

ITEM = Item(
    name="information",
    sentence="An answer to a question about a service.",
    kind=Kind.INFORMATION,
    form=(Question("question", "What do you want to know?", most=10_000),),
    tasks=(Task("answer", "Answer it, or say who can.", "service desk"),),
    rank=5,
)
