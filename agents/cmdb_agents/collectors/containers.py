"""Containers as their runtime describes them; what serves in one runs on it."""

from __future__ import annotations

from cmdb.words import Evidence, Item, Link, Ref, Section
from cmdb_agents.collector import MAX_KEY, Collector, View, clean, item, section
from cmdb_agents.ownership import Found
from cmdb_agents.transports.readings import Container

COMPOSE, NAMESPACE, POD = "com.docker.compose.project", "io.kubernetes.pod.namespace", "io.kubernetes.pod.name"
CRI_NAMESPACE, CRI_POD = "io.kubernetes.cri.sandbox-namespace", "io.kubernetes.cri.sandbox-name"


def collect(view: View) -> Section:
    """A Container item for each running one, and RUNS_ON from the service in it."""
    known = {c.id[:12]: c for c in view.machine.containers}
    items, links = [], []
    for found in view.ownership.services.values():
        if found.kind == "container":
            made = _item(found, known.get(found.container_id))
            items.append(made)
            service = Ref("Service", clean(found.key, MAX_KEY))
            links.append(Link("RUNS_ON", service, made.ref, Evidence("container", "its processes run in it", 1.0)))
    return section("containers", view.machine, items, links)


def _item(found: Found, known: Container | None) -> Item:
    labels = dict(label.partition("=")[::2] for label in known.labels) if known else {}
    namespace = labels.get(NAMESPACE) or labels.get(CRI_NAMESPACE, "")
    return item(
        "Container",
        found.key.removeprefix("container:"),
        found.name,
        container_id=found.container_id,
        image=found.image,
        image_digest=known.digest if known else "",
        namespace=namespace,
        runtime=known.runtime if known else "",
        owner=_owner(labels),
        labels=known.labels if known else (),
        networks=known.networks if known else (),
        ports=known.published if known else (),
        mounts=known.mounts if known else (),
    )


def _owner(labels: dict[str, str]) -> str:
    if project := labels.get(COMPOSE):
        return f"compose {project}"
    pod = labels.get(POD) or labels.get(CRI_POD)
    return f"pod {labels.get(NAMESPACE) or labels.get(CRI_NAMESPACE, '')}/{pod}" if pod else ""


CONTAINERS = Collector("containers", "Containers and what they are part of.", ("Container",), collect)
