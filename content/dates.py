"""Dates and times as people in Viet Nam say them. Every time in the project is ms UTC; people live at +7."""

from datetime import UTC, datetime, timedelta, timezone

VIET_NAM = timezone(timedelta(hours=7))


def local(ms: int) -> datetime:
    """The moment in Vietnamese time."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(VIET_NAM)


def clock(ms: int) -> str:
    """As "9 giờ 05" or "9 giờ"."""
    at = local(ms)
    return f"{at.hour} giờ {at.minute:02d}" if at.minute else f"{at.hour} giờ"


def when(ms: int) -> str:
    """As "9 giờ 05 ngày 22/11"."""
    at = local(ms)
    return f"{clock(ms)} ngày {at.day}/{at.month}"


def date(ms: int) -> str:
    """As "22/11/2026"."""
    return local(ms).strftime("%d/%m/%Y")
