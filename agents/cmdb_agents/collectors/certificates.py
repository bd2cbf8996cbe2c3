"""Certificates on the host with their expiry, and the services that show them."""

from __future__ import annotations

from cmdb.words import Evidence, Item, Link, Ref, Section
from cmdb_agents.collector import MAX_KEY, Collector, View, clean, item, section
from cmdb_agents.matching import services_of
from cmdb_agents.transports.readings import Certificate


def collect(view: View) -> Section:
    """A Certificate item for each, and a SECURED_BY link from each service whose configuration names it."""
    items = {one.path: _item(one) for one in view.machine.certificates}
    links = [
        Link("SECURED_BY", Ref("Service", clean(service, MAX_KEY)), items[one.path].ref,
             Evidence("configuration", f"named in the configuration of {user}", 0.8))
        for one in view.machine.certificates
        for user in one.users
        for service in services_of(view.ownership.services, user, "")
    ]  # fmt: skip
    return section("certificates", view.machine, items.values(), links)


def _item(one: Certificate) -> Item:
    return item(
        "Certificate",
        one.path,
        _common_name(one.subject) or one.path,
        fingerprint=one.fingerprint,
        subject=one.subject,
        issuer=one.issuer,
        serial=one.serial,
        names=one.names,
        not_before=one.not_before,
        not_after=one.not_after,
        key_type=one.key_type,
        path=one.path,
        self_signed=one.subject == one.issuer,
    )


def _common_name(subject: str) -> str:
    return subject.partition("CN=")[2].partition(", ")[0]


CERTIFICATES = Collector("certificates", "Certificates and when they end.", ("Certificate",), collect)
