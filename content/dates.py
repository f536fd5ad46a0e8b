"""Dates and times as people in Viet Nam say them. Every time in the project is ms UTC; people live at +7."""

from datetime import UTC, datetime, timedelta, timezone

VIET_NAM = timezone(timedelta(hours=7))
DIGEST_HOUR = 17  # back from the fields, before the evening meal


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


def next_digest(ms: int) -> int:
    """The next moment after `ms` at which the day's letter goes out to those who chose one."""
    at = local(ms)
    today = at.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return int((today if today > at else today + timedelta(days=1)).timestamp() * 1000)
