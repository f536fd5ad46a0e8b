"""What each kind of channel can carry, so that words can be fitted to it before they are stored.

Sources: reference pages of Zalo (OA text 2,000, Bot text 2,000 and caption 2,000) and of the Telegram Bot API
(text 4,096, caption 1,024, callback data 64 bytes). Zalo does not document its unit; UTF-16 units are the safe reading.
"""

from dataclasses import dataclass
from typing import Literal

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Kind:
    """The abilities of one kind of channel. Lengths are UTF-16 code units."""

    name: str
    title: str  # as people call it
    text_limit: int
    caption_limit: int
    buttons: bool
    voice: Literal["mp3", "aac", "link"]  # what a spoken version is sent as
    link_payload: bool  # a link can carry a payload (Telegram start); else the payload is sent as text
    free_window_ms: int | None  # after the citizen's last word; None = no window
    paid_window_ms: int | None
    files: bool = True  # carries a document; else it gets a link


KINDS: dict[str, Kind] = {
    "zalo_oa": Kind("zalo_oa", "Zalo", 2000, 2000, False, "link", False, 48 * HOUR_MS, 7 * 24 * HOUR_MS),
    "zalo_bot": Kind("zalo_bot", "Zalo Bot", 2000, 2000, False, "aac", False, None, None, files=False),
    "telegram": Kind("telegram", "Telegram", 4096, 1024, True, "mp3", True, None, None),
}


def units(text: str) -> int:
    """Length of `text` in UTF-16 code units, the unit of Telegram's limits and the safe reading of Zalo's."""
    return len(text.encode("utf-16-le")) // 2
