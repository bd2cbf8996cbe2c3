"""Impact answers as the GraphQL question gives them, for what draws and tells them."""

from __future__ import annotations

import random
from typing import Any

DAY = 86_400.0
Answer = dict[str, Any]


def ci(name: str, cls: str = "Service") -> dict[str, Any]:
    """A CI; its id is its name."""
    return {"id": f"ci_{name}", "name": name, "class": cls}


def hit(
    name: str, cls: str, on: str, degree: str = "DOWN", hops: int = 1, reason: str | None = None, age: float = 30.0
) -> dict[str, Any]:
    """An impacted CI that the failure reaches through `on`."""
    condition = "needs {}, which is down" if degree == "DOWN" else "uses {}, which is down"
    hop = {
        "type": "DEPENDS_ON", "from": {"name": name}, "to": {"id": f"ci_{on}", "name": on}, "ageSeconds": age,
        "evidence": {"kind": "socket", "detail": "tcp 10.0.0.5:5432", "confidence": 0.9},
    }  # fmt: skip
    return {
        "ci": ci(name, cls), "before": "UP", "degree": degree, "hops": hops, "path": [hop], "freshnessSeconds": age,
        "reason": condition.format(on) if reason is None else reason,
    }  # fmt: skip


def answer(of: list[Any], items: list[Any], at_risk: list[Any] | None = None, **more: Any) -> Answer:
    """An answer."""
    return {
        "sequence": 4711, "at": "2030-01-10T09:00:00Z", "hash": "0f" * 32, "verdict": "If it stops, things happen.",
        "truncated": None, "of": of, "items": items, "atRisk": at_risk or [], "counts": [],
        "risks": [], "services": [], "users": None, "context": [], "problems": [], "seenLately": None, **more,
    }  # fmt: skip


def database() -> Answer:
    """A database with five dependents in two arms, one of them seen long ago, and a pool with nothing to spare."""
    items = [
        hit("orders", "Database", "db-17", reason="only DB is db-17"),
        hit("orders-api", "Service", "orders", hops=2),
        hit("reporting", "Application", "orders", "DEGRADED", 2, age=9 * DAY),
        hit("Checkout", "BusinessService", "orders-api", hops=3),
        hit("Monthly figures for the board", "BusinessService", "reporting", "DEGRADED", 3),
    ]
    verdict = "If db-17 stops, 3 CIs go down (orders, orders-api and Checkout) and 2 CIs are degraded."
    return answer([ci("db-17", "DatabaseInstance")], items, [ci("db-pool", "Cluster")], verdict=verdict)


HOSTILE = "<script>alert('&')</script>\u202e\x07\ud800"
LONG = "数据库集群-very-long-name-without-a-space-" * 12


def hypervisor() -> Answer:
    """Forty hits: a dozen machines and their services, what hangs on these, and names that mean harm."""
    items = [hit(f"vm-{n:02}", "VirtualMachine", "hv-3", reason="is hosted on hv-3, which is down") for n in range(12)]
    for n in range(12):
        reason = f"runs on vm-{n:02}, which is down"
        items.append(hit(f"svc-{n:02}", "Service", f"vm-{n:02}", hops=2, reason=reason, age=30 if n else 12 * DAY))
    items.append(hit("pool-a", "Cluster", "hv-3", "DEGRADED", reason="3 of 4 left, 2 needed: hv-3 lost"))
    for n in range(7):
        items.append(hit(f"app-{n}", "Application", f"svc-{n:02}", "DOWN" if n % 3 else "DEGRADED", 3))
    for n in range(5):
        items.append(hit(f"Business {n}", "BusinessService", f"app-{n}", "DOWN" if n % 3 else "DEGRADED", 4))
    items.append(hit(LONG, "Service", "pool-a", "DEGRADED", 2, "needs " + "x" * 300))
    items.append(hit(HOSTILE, "Web<b>", "pool-a", hops=2, reason='a & b < c "quoted"'))
    items.append(hit("vip-1", "VirtualAddress", "svc-03", "DEGRADED", 3, "1 of 2 left, 1 needed: svc-03 lost"))
    return answer([ci("hv-3", "Hypervisor")], items, [ci(f"risk-{n}") for n in range(3)])


TIERS = (
    ("Server", 200), ("VirtualMachine", 800), ("Service", 1600), ("DatabaseInstance", 300), ("Database", 300),
    ("Application", 900), ("WebEndpoint", 500), ("BusinessService", 400),
)  # fmt: skip


def estate() -> Answer:
    """Five thousand hits over eight hops."""
    chance, items, last = random.Random(7), [], ["core-1"]  # seeded: the same at every call
    for hops, (cls, count) in enumerate(TIERS, start=1):
        names = [f"{cls.lower()}-{n:04}" for n in range(count)]
        for name in names:
            degree = "DOWN" if chance.random() < 0.7 else "DEGRADED"
            age = 30.0 if chance.random() < 0.99 else 40 * DAY
            items.append(hit(name, cls, chance.choice(last), degree, hops, age=age))
        last = names
    risks = [ci(f"risk-{n}", ("Service", "Server")[n % 2]) for n in range(60)]
    cores = [ci("core-1", "NetworkDevice"), ci("core-2", "NetworkDevice")]
    return answer(cores, items, risks, truncated="more than 50,000 CIs are reached")
