"""Moments as texts: ISO 8601 in UTC with milliseconds, so that they compare as texts do. Pure: reads no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def iso(moment: datetime) -> str:
    """A moment as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_utc(text: str) -> str:
    """Any ISO 8601 text with a zone as ours; ValueError if it is none, or lies outside the years 1 to 9999 in UTC."""
    try:
        return iso(datetime.fromisoformat(text))
    except OverflowError as error:
        raise ValueError(str(error)) from error


def after(text: str, hours: float) -> str:
    """The moment some hours after another (before it, when negative)."""
    return iso(datetime.fromisoformat(text) + timedelta(hours=hours))


def hours(begin: str, end: str) -> float:
    """The hours from one moment to another."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds() / 3600
