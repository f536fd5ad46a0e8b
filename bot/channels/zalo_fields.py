"""Readers for the fields of Zalo's JSON, which mixes strings and numbers and may hold anything a phone can type."""

import re
from typing import Any

from content.message import Place

MS_FROM = 10**12  # a date below this is in seconds (Zalo reference §10.5)


def text(value: Any) -> str:
    """A string or number as clean text; anything else is "".

    Half a surrogate pair and NUL are legal in JSON but no database takes them.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return ""
    whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "")


def event_word(name: str) -> str:
    """An event's name as a log may hold it: whatever does not look like one may be somebody's words."""
    return name if re.fullmatch(r"[A-Za-z0-9_.]{1,60}", name) else "?"


def mapping(value: Any) -> dict[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[dict[str, Any]]:
    """The JSON objects of a list; [] for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def number(value: Any) -> int:
    """A whole number ≥ 0 from an int, a float or a string of digits; 0 for anything else."""
    try:
        found = int(value) if isinstance(value, (int, float, str)) else 0
    except (ValueError, OverflowError):
        return 0
    return found if 0 <= found < 2**63 else 0


def time_ms(value: Any) -> int:
    """A time as ms UTC from ms or seconds; 0 when there is none."""
    found = number(value)
    return found * 1000 if 0 < found < MS_FROM else found


def place(coordinates: Any) -> Place | None:
    """A point from `{"latitude":"10.79","longitude":"106.78"}` (strings or numbers), or None."""
    pair = mapping(coordinates)
    try:
        lat, lon = float(pair["latitude"]), float(pair["longitude"])
    except (KeyError, TypeError, ValueError):
        return None
    return Place(lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None  # false for NaN too
