"""The example company's software: databases, applications with their addresses, and what is sold by them."""

from __future__ import annotations

from cmdb_processes.cli.company.inventory import APPS, DATABASES, DOMAIN, PLACES, SOLD, App, Sold
from cmdb_processes.cli.company.making import Making


def software(make: Making) -> None:
    """Everything that runs on the ground."""
    for program in sorted({app.program for app in APPS}):
        version = f"{make.chance.randrange(1, 30)}.{make.chance.randrange(10)}"
        make.rows.ci("SoftwareVersion", f"{program} {version}", product=program, version=version, vendor="upstream")
    _queues(make)
    for number, name in enumerate(DATABASES):
        _database(make, name, number)
    for number, app in enumerate(APPS, start=10):
        _application(make, app, number)
    for app in APPS:
        make.rows.edge(f"app {app.name}", "DEPENDS_ON", *(f"app {one}" for one in app.needs))
        make.rows.edge(f"app {app.name}", "USES", *(f"app {one}" for one in app.likes))
    for sold in SOLD:
        _service(make, sold)


def _queues(make: Making) -> None:
    """The cluster that all queues are on: two of three are a quorum."""
    cluster = make.rows.ci(
        "Cluster", "rabbitmq", kind="message broker cluster", domain="example", product="RabbitMQ", version="4.0",
        members_needed=2, redundancy=["FORMED_BY: 2"],
    )  # fmt: skip
    for member in (1, 2, 3):
        host = make.machine(f"mq-{member}", PLACES[member % len(PLACES)], 2)
        program = make.rows.ci(
            "Service", f"rabbitmq on {host}", parent=host, key="rabbitmq", kind="program",
            listens=["tcp://0.0.0.0:5672"],
        )  # fmt: skip
        make.rows.edge(cluster, "FORMED_BY", program)


def _database(make: Making, name: str, number: int) -> None:
    """A primary and a replica at different sites, as one cluster on which the database lives."""
    version = f"{DATABASES[name]}.{make.chance.randrange(2, 9)}"
    cluster = make.rows.ci(
        "Cluster", f"pg-{name}", kind="database cluster", domain="example", product="PostgreSQL", version=version,
        members_needed=1,
    )  # fmt: skip
    for member, role in enumerate(("primary", "replica"), start=1):
        place = PLACES[(number + member) % len(PLACES)]
        host = make.machine(f"db-{name}-{member}", place, 8)
        instance = make.rows.ci(
            "DatabaseInstance", f"pg-{name}-{member}", parent=host, key="postgresql:5432", product="PostgreSQL",
            version=version, port=5432, role=role,
        )  # fmt: skip
        files = make.rows.ci(
            "Filesystem", f"/var/lib/postgresql on {host}", parent=host, key="/var/lib/postgresql",
            mount_point="/var/lib/postgresql", type="xfs", size_bytes=5 * 10**11,
        )  # fmt: skip
        make.rows.edge(files, "STORED_ON", f"{place.code}-lun-{3 + number % 2}")
        make.rows.edge(instance, "STORED_ON", files)
        make.rows.edge(cluster, "FORMED_BY", instance)
    make.rows.set(cluster, redundancy=["FORMED_BY: 1"])
    database = make.rows.ci("Database", f"db {name}", uid=make.hexadecimal(64), instance_key=f"pg-{name}")
    make.rows.edge(database, "DEPENDS_ON", cluster)


def _application(make: Making, app: App, number: int) -> None:
    """Its programs on their machines, the address they share, and the application that people speak of."""
    programs = [_program(make, app, member) for member in range(1, app.nodes + 1)]
    needed = max(1, app.nodes // 2)
    address = make.rows.ci(
        "VirtualAddress", f"vip {app.name}", address=f"10.1.0.{number}", port=app.port, protocol="tcp",
        domain="example", members_needed=needed,
    )  # fmt: skip
    make.rows.edge(address, "BALANCES_OVER", *programs)
    make.rows.edge(address, "SERVED_BY", *(f"{place.code}-lb-{n}" for place in PLACES for n in (1, 2)))
    whole = max(needed, app.nodes - 1)  # one may be missing before anybody waits longer
    balanced = f"BALANCES_OVER: {needed}" + (f" full {whole}" if whole > needed else "")
    make.rows.set(address, redundancy=[balanced, "SERVED_BY: 1"])
    application = make.rows.ci("Application", f"app {app.name}", code=f"{app.name}.prod", environment="production")
    make.rows.edge(application, "DEPENDS_ON", address)
    make.rows.edge(application, "OWNED_BY", f"team {app.owner}")
    if app.queue is not None:
        queue = make.rows.ci(
            "MessageQueue", f"queue {app.queue}", broker=f"mq.{DOMAIN}", virtual_host="/", product="RabbitMQ"
        )  # fmt: skip
        make.rows.edge(application, "USES", queue)
        make.rows.edge(queue, "RUNS_ON", "rabbitmq")
    if app.public is not None:
        _door(make, f"{app.public}.{DOMAIN}", address)


def _program(make: Making, app: App, member: int) -> str:
    """One of several alike, each on a machine of its own, the sites in turn."""
    host = make.machine(f"{app.name}-{member}", PLACES[member % len(PLACES)], 4)
    program = make.rows.ci(
        "Service", f"{app.program} on {host}", parent=host, key=app.program, kind="program",
        listens=[f"tcp://0.0.0.0:{app.port}"],
    )  # fmt: skip
    make.rows.edge(program, "HAS_SOFTWARE", make.rows.starting("SoftwareVersion", f"{app.program} "))
    if app.database is not None:
        make.rows.edge(program, "DEPENDS_ON", f"db {app.database}")
    return program


def _door(make: Making, host: str, address: str) -> None:
    """What the internet sees, and the certificate that callers look at."""
    certificate = make.rows.ci(
        "Certificate", f"certificate {host}", fingerprint=make.hexadecimal(256), subject=f"CN={host}",
        issuer="CN=Example CA", serial=make.hexadecimal(64), names=[host], not_after=make.later(20, 380),
    )  # fmt: skip
    door = make.rows.ci("WebEndpoint", host, url=f"https://{host}/", method="GET", expected_status=200)
    make.rows.edge(door, "SERVED_BY", address)
    make.rows.edge(door, "SECURED_BY", certificate)


def _service(make: Making, sold: Sold) -> None:
    doors = {app.name: f"{app.public}.{DOMAIN}" for app in APPS if app.public is not None}
    service = make.rows.ci(
        "BusinessService", sold.name, code=sold.code, criticality=sold.criticality, availability_target=sold.target,
        recovery_time_min=sold.rto, service_hours=sold.hours, users=sold.users,
    )  # fmt: skip
    make.rows.edge(service, "DEPENDS_ON", *(f"app {name}" for name in sold.needs))
    make.rows.edge(service, "DEPENDS_ON", *(doors[name] for name in sold.needs if name in doors))
    make.rows.edge(service, "USES", *(f"app {name}" for name in sold.likes))
    make.rows.edge(service, "OWNED_BY", f"team {sold.owner}")
    page = f"https://wiki.{DOMAIN}/services/{sold.code.lower()}"
    plan = make.rows.ci("Document", f"continuity plan {sold.code}", url=page, kind="continuity plan")
    make.rows.edge(service, "DOCUMENTED_BY", plan)
