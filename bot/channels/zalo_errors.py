"""What a Zalo OA's error code means for a send: the whole table of Zalo reference §6, as data."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.endings import Ending, Gone, Later, Never

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
MORNING = timedelta(hours=6, minutes=5)

TOKEN = frozenset({-216, -220})  # refresh once, then retry once
UPLOAD_EXPIRED = -100
SEND_FAILED = -200
SUSPENDED_WAIT = 3600.0  # seconds; only how often a suspended account is looked at again


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal: Zalo's code and words, and our clock (ms UTC) when it came."""

    code: int
    words: str
    now: int


Factory = Callable[[Refusal], Ending]


def _later(seconds: float, why: str) -> Factory:
    return lambda refusal: Later(seconds, f"{why} ({refusal.code})")


def _gone(why: str, inactive: bool = False) -> Factory:
    return lambda refusal: Gone(f"{why} ({refusal.code})", inactive)


def _never(why: str) -> Factory:
    return lambda refusal: Never(f"{why} ({refusal.code})")


def _closed(why: str) -> Factory:
    return lambda refusal: Never(f"{why} ({refusal.code})", window=True)


def _suspend(why: str) -> Factory:
    return lambda refusal: Later(SUSPENDED_WAIT, f"{why} (mã {refusal.code})", suspend=True)


def _throttled(refusal: Refusal) -> Ending:
    """Zalo counts calls by the minute. The text alone says whether the app or this OA is over its limit."""
    app = "your application" in refusal.words.lower()
    why = f"{'ứng dụng' if app else 'OA'} gọi quá nhanh ({refusal.code})"
    rest = 60 - (refusal.now / 1000) % 60
    return Later(rest + random.uniform(0.5, 5.0), why, budget=True, app=app)


def _in_the_morning(refusal: Refusal) -> Ending:
    now = datetime.fromtimestamp(refusal.now / 1000, UTC).astimezone(VIETNAM)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    due = today + MORNING
    due = due if due > now else due + timedelta(days=1)
    return Later((due - now).total_seconds(), f"Zalo không cho gửi loại tin này ban đêm ({refusal.code})")


def _tomorrow(refusal: Refusal) -> Ending:
    """A template's own quota is used up for today: it waits, and nothing else of the account does."""
    now = datetime.fromtimestamp(refusal.now / 1000, UTC).astimezone(VIETNAM)
    due = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1) + MORNING
    return Later((due - now).total_seconds(), f"hết lượt gửi mẫu tin hôm nay ({refusal.code})")


def _not_authorized(refusal: Refusal) -> Ending:
    """-223 has two meanings and only the text tells them apart."""
    if "quota" in refusal.words.lower():
        return Later(SUSPENDED_WAIT, f"hết lượt tạo bài viết ({refusal.code})")
    return _suspend("OA chưa cho phép ứng dụng. Quản trị viên OA cần kết nối lại và bấm Cho phép")(refusal)


def _invalid(refusal: Refusal) -> Ending:
    """-201 names the field. A wrong user id is an address nobody has; anything else is a mistake of ours."""
    if "user_id" in refusal.words.lower():
        return Gone(f"Zalo không biết người nhận này ({refusal.code})")
    return Never(f"Zalo báo tham số sai ({refusal.code})")


ENDINGS: dict[int, Factory] = {
    -32: _throttled,
    -100: _never("tệp đã hết hạn trên Zalo"),
    -200: _later(30, "Zalo báo gửi không được"),
    -201: _invalid,
    -204: _suspend("OA đang bị khóa. Cần mở lại OA trong trang quản trị Zalo"),
    -205: _suspend("Zalo không tìm thấy OA. Cần kiểm tra lại mã OA"),
    -209: _suspend("Ứng dụng Zalo chưa bật. Cần bật ứng dụng trong trang dành cho nhà phát triển"),
    -210: _never("tin dài quá mức Zalo cho phép"),
    -211: _suspend("OA đã hết lượt gửi tin. Cần mua thêm lượt hoặc chờ kỳ sau"),
    -212: _suspend("Ứng dụng chưa đăng ký dùng API gửi tin. Cần đăng ký Official Account API"),
    -213: _gone("người nhận chưa quan tâm OA"),
    -214: _later(60, "Zalo đang xử lý bài viết"),
    -216: _suspend("Zalo không nhận khóa vừa cấp. Cần kết nối lại OA"),
    -217: _gone("người nhận đã chặn OA"),
    -218: _later(3600, "người nhận đã nhận đủ số tin Zalo cho phép"),
    -219: _suspend("Ứng dụng Zalo đã bị gỡ hoặc bị khóa"),
    -220: _suspend("Khóa của OA đã bị thu hồi. Cần kết nối lại OA"),
    -221: _suspend("OA chưa được xác thực. Cần xác thực OA với Zalo"),
    -223: _not_authorized,
    -224: _suspend("Gói dịch vụ của OA không đủ để gửi tin qua API. Cần nâng gói OA"),
    -227: _gone("tài khoản người nhận bị khóa hoặc không dùng quá 45 ngày", inactive=True),
    -230: _closed("người nhận không nhắn cho OA trong 7 ngày qua"),
    -232: _closed("người nhận chưa nhắn cho OA, hoặc lần nhắn cuối đã quá hạn"),
    -233: _never("Zalo không nhận loại tin này"),
    -234: _in_the_morning,
    -235: _suspend("Loại OA này không được gửi tin qua API. Cần đổi loại OA"),
    # Groups only: this group's package is dead, the others go on.
    -237: _gone("nhóm đã bị tắt"),
    -238: _suspend("Gói đã mua trên Zalo đã dùng hết hoặc bị tắt. Cần kiểm tra gói của OA"),
    -240: _suspend("Zalo đã đóng cách gửi cũ. Cần nâng cấp Thôn Tin"),
    -241: _suspend("Gói đã mua trên Zalo đã được dùng. Cần kiểm tra gói của OA"),
    -242: _suspend("Zalo không nhận appsecret_proof. Cần kiểm tra khóa bí mật của ứng dụng"),
    -244: _gone("người nhận không nhận loại tin này từ OA"),
    -248: _never("Zalo cho rằng nội dung trái quy định của nền tảng"),
    # This one template is at fault, not the account.
    -249: _never("mẫu tin không gửi được theo mã người dùng"),
    -320: _suspend("Cần liên kết Zalo Cloud Account với OA"),
    -321: _suspend("Zalo Cloud Account đã hết tiền. Cần nạp thêm"),
    # This one group is at fault, not the account.
    -403: _gone("OA không còn trong nhóm"),
}
# What differs where a template is sent (§7): these codes stand in a table of their own.
TEMPLATES: dict[int, Factory] = {
    -100: _later(60, "Zalo chưa xử lý được mẫu tin"),
    -108: _gone("Zalo không biết người nhận này"),
    -109: _never("mẫu tin không còn trên Zalo"),
    -111: _never("mẫu tin thiếu hoặc sai nội dung"),
    -112: _never("mẫu tin thiếu hoặc sai nội dung"),
    -1121: _never("mẫu tin thiếu hoặc sai nội dung"),
    -1122: _never("mẫu tin thiếu hoặc sai nội dung"),
    -1124: _never("mẫu tin có chỗ quá dài"),
    -114: _never("người nhận không nhận được mẫu tin"),
    -115: _tomorrow,
    -117: _never("OA chưa được dùng mẫu tin này"),
    -118: _never("người nhận không nhận được mẫu tin"),
    -119: _never("người nhận không nhận được mẫu tin"),
    -124: _suspend("Khóa của OA không dùng được. Cần kết nối lại OA"),
    -125: _suspend("Zalo không tìm thấy OA. Cần kiểm tra lại mã OA"),
    -126: _never("mẫu tin chỉ để thử, ví thử đã hết"),
    -127: _never("mẫu tin mới được dùng thử, chưa gửi được cho bà con"),
    -131: _never("mẫu tin chưa được Zalo duyệt"),
    -133: _in_the_morning,
    -135: _never("OA chưa được gửi mẫu tin"),
    -1351: _never("OA chưa được gửi mẫu tin"),
    -136: _never("cần liên kết Zalo Cloud Account với OA"),
    -137: _never("Zalo Cloud Account đã hết tiền"),
    -139: _never("người nhận không nhận loại tin này từ OA"),
    -140: _never("người nhận không nhận loại tin này từ OA"),
    -141: _never("người nhận không nhận loại tin này từ OA"),
    -144: _tomorrow,
    -1441: _tomorrow,
    -145: _never("Zalo không cho OA gửi loại mẫu này"),
    -146: _never("Zalo đã tắt mẫu tin vì chất lượng thấp"),
    -147: _tomorrow,
    -1471: _tomorrow,
    -1472: _tomorrow,
}
UNKNOWN_WAIT = 300.0  # seconds; a code nobody has documented: refused, and worth another try


def ending(code: int, words: str, now: int) -> Ending:
    """How a send refused with `code` ends. `words` (Zalo's message) only choose, they are never repeated.

    `now` is ms UTC.
    """
    factory = ENDINGS.get(code, _later(UNKNOWN_WAIT, "Zalo trả mã lỗi lạ"))
    return factory(Refusal(code, words, now))


def template_ending(code: int, words: str, now: int) -> Ending:
    """How a template refused with `code` ends; what its own table does not name, the table of all sends does."""
    factory = TEMPLATES.get(code)
    return factory(Refusal(code, words, now)) if factory else ending(code, words, now)
