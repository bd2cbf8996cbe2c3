"""The example's moments: so many days before the day on which it is made."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


def days_before(today: date, days: float) -> datetime:
    """To the second, in UTC, before the midnight with which that day begins."""
    return datetime.combine(today, time(), UTC) - timedelta(seconds=round(days * 86_400))
