"""A program that serves others on a host."""

from cmdb.words import LOCAL_KEY, Attribute, CIClass

SERVICE = CIClass(
    name="Service",
    plural="services",
    sentence="A systemd unit, a container or a listening program on a host; never identified by a process id.",
    identity=(LOCAL_KEY,),
    contained_by="RUNS_ON",
    attributes=(
        Attribute(
            "kind",
            "string",
            "How it is known: systemd, container, program, or forward, a port that is passed on.",
            index=True,
            required=True,
        ),
        Attribute("program", "string", "The program's file, main class or script.", search=True),
        Attribute("command", "string", "The command line with secrets masked."),
        Attribute("user", "string", "The account it runs as."),
        Attribute("unit", "string", "The systemd unit, if there is one.", search=True),
        Attribute("state", "string", "What its manager says in one word: active, failed, running, exited."),
        Attribute("enabled", "string", "Whether it starts with the host: enabled, disabled, static or masked."),
        Attribute("listens", "strings", "Where it listens, as tcp://address:port, sorted."),
        Attribute("container_id", "string", "The container's id, shortened to twelve characters."),
        Attribute("image", "string", "The container's image.", search=True),
        Attribute("cgroup", "string", "The control group a unit runs in."),
        Attribute("clients", "strings", "Addresses that were seen connected to where it listens, sorted."),
        Attribute("clients_left_out", "boolean", "Whether there may be more than those 128 that are kept."),
        Attribute(
            "refused_clients",
            "strings",
            "Ids of CIs that people say do not use it, though it saw them connected; to unlink such an edge adds one.",
        ),
    ),
)
