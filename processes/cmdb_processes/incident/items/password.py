"""A new password for somebody who is locked out."""

from cmdb_processes.incident.catalogue import Item, Kind, Question, Task

ITEM = Item(
    name="password",
    sentence="A new password for a person who is locked out.",
    kind=Kind.PASSWORD,
    form=(Question("person", "Who is locked out?"), Question("service", "Of which service?")),
    tasks=(
        Task("identify", "Make sure who it is by a second way.", "service desk"),
        Task("reset", "Set a password that must be changed at once.", "service desk", after=("identify",)),
    ),
    rank=3,
)
