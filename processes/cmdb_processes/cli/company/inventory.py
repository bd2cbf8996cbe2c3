"""What the example company has, as data: a trading house with two sites, its applications and what it sells by them.

Names under example.com and addresses under 10.0.0.0/8 and 198.51.100.0/24 belong to nobody (RFC 2606, 1918, 5737).
"""

from __future__ import annotations

from dataclasses import dataclass

COMPANY = "Example Trading"
DOMAIN = "example.com"


@dataclass(frozen=True, slots=True)
class Place:
    """One of the sites: `net` is the second number of its addresses."""

    code: str
    name: str
    city: str
    country: str
    time_zone: str
    net: int
    racks: int = 4
    hypervisors: int = 5


PLACES = (
    Place("vie", "Vienna data centre", "Vienna", "AT", "Europe/Vienna", 10),
    Place("grz", "Graz data centre", "Graz", "AT", "Europe/Vienna", 20),
)

TEAMS = {
    "platform": "Platform", "network": "Network", "data": "Data", "commerce": "Commerce", "office": "Workplace",
}  # fmt: skip
PEOPLE = (
    ("Ada Novak", "platform"), ("Ben Fischer", "network"), ("Cleo Marin", "data"), ("Dan Okafor", "commerce"),
    ("Eva Lindt", "office"), ("Finn Berger", "platform"), ("Gita Rao", "commerce"), ("Hugo Weiss", "network"),
    ("Ines Kofler", "data"), ("Jon Aas", "commerce"), ("Kim Sato", "office"), ("Lea Brandt", "platform"),
)  # fmt: skip
SYSTEMS = (("Debian", "Debian", "12"), ("Proxmox", "Proxmox VE", "8.2"))
KERNELS = ("6.1.0-23-amd64", "6.1.0-25-amd64", "6.1.0-26-amd64", "6.1.0-28-amd64")
"""Of the virtual machines, month by month."""
FIRMWARE = {"Arista": ("4.31.2F", "4.32.1F"), "Fortinet": ("7.4.4", "7.4.7")}
"""Of what forwards packets, by maker, oldest first."""
SUPPLIERS = {"isp-1": "Carrier One", "isp-2": "Carrier Two", "hw": "Hardware House"}


@dataclass(frozen=True, slots=True)
class Sold:
    """A business service. `target`: percent of the time; `hours`: when it is promised; `rto`: minutes down at most.

    `users`: how many people.
    """

    code: str
    name: str
    criticality: str
    target: float
    rto: int
    users: int
    hours: str
    owner: str
    needs: tuple[str, ...]
    likes: tuple[str, ...] = ()


SOLD = (
    Sold(
        "SHOP", "Online shop", "critical", 99.95, 30, 12_000, "24x7", "commerce", ("shop-web", "checkout"), ("search",)
    ),
    Sold("PAY", "Payments", "critical", 99.95, 30, 9_000, "24x7", "commerce", ("payments",)),
    Sold("ORD", "Order handling", "high", 99.9, 60, 260, "24x7", "commerce", ("orders",), ("delivery",)),
    Sold("WMS", "Warehouse", "high", 99.9, 60, 140, "Mon-Sat 05:00-22:00", "commerce", ("warehouse",), ("delivery",)),
    Sold("CARE", "Customer care", "high", 99.5, 120, 85, "Mon-Sat 07:00-20:00", "commerce", ("crm",), ("orders",)),
    Sold("FIN", "Accounting", "medium", 99.5, 240, 24, "Mon-Fri 07:00-18:00", "office", ("ledger",)),
    Sold("HR", "Payroll", "medium", 99.0, 480, 12, "Mon-Fri 07:00-18:00", "office", ("payroll",)),
    Sold("BI", "Reporting", "low", 98.0, 1440, 30, "Mon-Fri 07:00-18:00", "data", ("reporting",)),
    Sold("MAIL", "Mail and calendar", "high", 99.5, 120, 310, "24x7", "office", ("mail",)),
    Sold("FILE", "Files and printing", "medium", 99.0, 240, 310, "Mon-Fri 06:00-20:00", "office", ("files",)),
    Sold("SSO", "Sign-on", "critical", 99.95, 30, 12_400, "24x7", "platform", ("identity",)),
    Sold("WEB", "Company web site", "low", 99.0, 480, 5_000, "24x7", "commerce", ("website",)),
)


@dataclass(frozen=True, slots=True)
class App:
    """An application: `nodes` programs on machines of their own, spread over the sites, behind one address.

    `public`: its name on the internet. `needs` are applications it cannot do without, `likes` those it is better with.
    """

    name: str
    owner: str
    nodes: int
    program: str
    port: int
    database: str | None = None
    needs: tuple[str, ...] = ()
    likes: tuple[str, ...] = ()
    queue: str | None = None
    public: str | None = None


APPS = (
    App("identity", "platform", 4, "keycloak", 8443, "identity", public="login"),
    App("catalog", "commerce", 4, "catalog", 8080, "catalog"),
    App("search", "commerce", 3, "opensearch", 9200),
    App("orders", "commerce", 4, "orders", 8080, "orders", likes=("identity",), queue="orders"),
    App("payments", "commerce", 4, "payments", 8080, "payments", queue="payments", public="pay"),
    App("checkout", "commerce", 4, "checkout", 8080, needs=("orders", "payments")),
    App("shop-web", "commerce", 6, "nginx", 443, needs=("catalog",), likes=("search", "identity"), public="shop"),
    App("delivery", "commerce", 2, "delivery", 8080, needs=("orders",), public="track"),
    App("warehouse", "commerce", 4, "warehouse", 8080, "warehouse", likes=("orders",), queue="stock"),
    App("crm", "commerce", 4, "crm", 8080, "crm", needs=("identity",), public="care"),
    App("ledger", "office", 2, "ledger", 8080, "ledger", needs=("identity",)),
    App("payroll", "office", 2, "payroll", 8080, "payroll", needs=("identity",)),
    App("reporting", "data", 2, "metabase", 3000, "reporting", likes=("identity",)),
    App("mail", "office", 4, "postfix", 25, public="mail"),
    App("files", "office", 2, "smbd", 445, needs=("identity",)),
    App("website", "commerce", 2, "nginx", 443, public="www"),
    App("backup", "platform", 2, "bacula", 9102),
    App("monitoring", "platform", 2, "prometheus", 9090),
)

DATABASES = {
    "identity": 16, "catalog": 16, "orders": 16, "payments": 16, "warehouse": 15, "crm": 15, "ledger": 15,
    "payroll": 15, "reporting": 16,
}  # fmt: skip
"""Each with a primary at one site and a replica at the other; the number is PostgreSQL's."""
