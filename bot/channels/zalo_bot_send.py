"""What a Zalo Bot can carry, the bodies of its sends and what a refusal means (Zalo reference §10.2–10.3)."""

import re
from datetime import UTC, datetime

from bot.channels.base import Medium
from bot.channels.zalo_errors import SUSPENDED_WAIT, VIETNAM
from bot.endings import Ending, Later, Never, Unknown
from content.channels import KINDS, units
from content.message import Part

LIMIT = KINDS["zalo_bot"].text_limit

_STYLE = re.compile(r"\{(?=/?[A-Za-z])([^{}]*)\}")


def harmless(words: str) -> str:
    """`words` with `{red}`-like styles and `[@` mentions made inert by look-alike brackets.

    We send without parse mode, so Zalo should show them as typed; this holds even if it does not. The length in
    UTF-16 units stays the same.
    """
    return _STYLE.sub("｛\\1｝", words).replace("[@", "［@")


def _until_next_month(now: int) -> float:
    """Seconds from `now` (ms UTC) to the first of the next month in Viet Nam, when the quota begins anew."""
    here = datetime.fromtimestamp(now / 1000, UTC).astimezone(VIETNAM)
    year, month = (here.year + 1, 1) if here.month == 12 else (here.year, here.month + 1)
    return (datetime(year, month, 1, tzinfo=VIETNAM) - here).total_seconds()


def ending(code: int, now: int) -> Ending:
    """How a send refused with `code` ends (§10.3). `now` is ms UTC."""
    if code == 401:
        return Later(SUSPENDED_WAIT, "Zalo không nhận khóa của bot. Cần lấy khóa mới ở Zalo Bot Creator", suspend=True)
    if code == 429:
        why = "Bot đã hết số tin của tháng. Cần nâng gói hoặc chờ tháng sau"
        return Later(_until_next_month(now), why, budget=True, suspend=True)
    # 403 is documented as "Internal server error": like 408 and 5xx it does not say what was done.
    if code in (403, 408) or code >= 500:
        return Unknown(f"Zalo Bot báo lỗi {code}")
    return Never(f"Zalo Bot không nhận tin này ({code})")


def unfit(part: Part, words: str, medium: Medium | None) -> str:
    """Why the platform cannot carry this part, in Vietnamese; "" when it can."""
    if units(words) > LIMIT:
        return f"chữ dài {units(words)}, Zalo Bot chỉ nhận {LIMIT}"
    if part.kind == "text":
        return "" if words.strip() else "tin không có chữ"
    if part.kind == "file":
        return "Zalo Bot không gửi được tệp"
    if medium is None or not medium.url.startswith(("http://", "https://")):
        return "Zalo Bot cần địa chỉ công khai của tệp"
    if part.kind == "voice" and not medium.url.endswith(".aac"):
        return "Zalo Bot chỉ nhận tin thoại .aac"
    return "Zalo Bot không nhận chữ kèm tin thoại" if part.kind == "voice" and words.strip() else ""


def message(part: Part, words: str, medium: Medium | None) -> tuple[str, dict[str, str]]:
    """The method and its parameters beside `chat_id` (§10.2). Never a parse mode: citizens' words are in there."""
    url = medium.url if medium else ""
    if part.kind == "photo":
        return "sendPhoto", {"photo": url, "caption": words} if words else {"photo": url}
    if part.kind == "voice":
        return "sendVoice", {"voice_url": url}
    return "sendMessage", {"text": words}
