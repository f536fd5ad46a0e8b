"""Words of the officials' pages: states, priorities and channels as people here say them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from content.categories import CATEGORIES
from content.channels import KINDS
from content.dates import VIET_NAM, local
from content.texts import Texts
from content.topics import TOPICS
from storage.outbox import Delivery

PRIORITIES = {"emergency": "Khẩn cấp", "priority": "Ưu tiên", "routine": "Thông thường"}
STATUSES = {"draft": "bản nháp", "waiting": "chờ người thứ hai duyệt", "publishing": "đang gửi", "published": "đã phát"}
REPORT_KINDS = {"feedback": "Góp ý, kiến nghị", "scene": "Phản ánh hiện trường", "rumour": "Tin nghi giả",
                "question": "Câu hỏi"}  # fmt: skip
REPORT_STATES = {
    "filed": "mới gửi, chưa ai nhận",
    "received": "đã nhận",
    "working": "đang giải quyết",
    "more": "cần dân cho biết thêm",
    "refused": "từ chối",
    "answered": "đã trả lời",
    "closed": "đã xong",
}
# The ledger's states in the order people want to read them (design: delivery states).
DELIVERY_STATES = {
    "sent": "đã tới",
    "claimed": "đang gửi",
    "queued": "đang chờ",
    "gone": "chưa liên lạc được (đã chặn, rời kênh)",
    "never": "không gửi được",
    "expired": "quá giờ",
    "unknown": "không rõ đã tới chưa",
    "withdrawn": "thôi gửi (đã ngừng nhận, hoặc tin đã thu hồi)",
    "covered": "chỉ có thể xem ở nhóm hoặc bài chung",
}
NO_HAMLET = "chưa nói thôn"
# What the platforms say in English, by a few of their words.
REASONS = {
    "blocked by the user": "bà con đã chặn kênh",
    "deactivated": "tài khoản không còn dùng",
    "chat not found": "không còn khung chat",
    "no answer": "nền tảng không trả lời",
}
LONG_NUMBER = re.compile(r"\d{5,}|@\w+")  # a telephone, a chat's id, a name: nobody's business here
_TEXTS = Texts.load()


def channel(name: str) -> str:
    """A channel as people call it."""
    return KINDS[name].title if name in KINDS else name


def category(name: str) -> str:
    """What a report is about."""
    return _TEXTS.say("vi", f"report.{name}") if name in CATEGORIES else "Việc khác"


def reached(letter: Delivery | None) -> str:
    """Whether an answer is in the citizen's hands."""
    if letter is None:
        return "đã lâu, không còn giữ dấu vết của lời này"
    if letter.state == "queued" and letter.held:
        return "chưa tới tay dân: Zalo chỉ cho gửi khi bà con nhắn lại, khi đó sẽ tới trước tiên"
    return {"sent": "đã tới tay dân", "queued": "chưa tới tay dân: đang chờ gửi",
            "claimed": "chưa tới tay dân: đang gửi", "unknown": "không rõ đã tới tay dân chưa"}.get(
        letter.state, "không tới được: bà con đã chặn hoặc rời kênh")  # fmt: skip


def reason(why: str) -> str:
    """Why a letter did not come, in plain words and with nothing that leads to a person."""
    known = next((words for said, words in REASONS.items() if said in why.lower()), why)
    return LONG_NUMBER.sub("…", known)


def short(text: str, length: int = 70) -> str:
    """The first words, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def masked(text: str) -> str:
    """Enough to recognise, not enough to call: "N•••", "•••567"."""
    if not text:
        return ""
    return f"•••{text[-3:]}" if text.lstrip("+").isdigit() else f"{text[0]}•••"


def number(value: int) -> str:
    """1.234.567, as numbers are written here."""
    return f"{value:,}".replace(",", ".")


def day(text: str) -> str:
    """2026-11-21 as 21/11/2026."""
    return "/".join(reversed(text.split("-")))


def to_input(ms: int) -> str:
    """A moment for `<input type=datetime-local>`, in Vietnamese time."""
    return local(ms).strftime("%Y-%m-%dT%H:%M")


def from_input(text: str) -> int | None:
    """ms UTC of what such an input sent; None when it is no moment."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 2000 < moment.year < 2100:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=VIET_NAM)
    return int(aware.astimezone(UTC).timestamp() * 1000)


def _in(words: dict[str, str]) -> Callable[[str], str]:
    """A filter that says a name of the code in people's words; what is not in the table stays as it is."""
    return lambda name: words.get(name, name)


FILTERS: dict[str, Callable[..., str]] = {
    "priority": _in(PRIORITIES),
    "status": _in(STATUSES),
    "report_kind": _in(REPORT_KINDS),
    "report_state": _in(REPORT_STATES),
    "topic": _in({"": "không chọn", **TOPICS}),
    "channel": channel,
    "category": category,
    "number": number,
    "day": day,
}
