"""What people want of the channel itself, said in their own words: no command, but meant like one."""

from functools import cache, lru_cache

from content import hours
from content.phrases import Phrases
from content.vietnamese import syllables, words
from handlers.turn import Turn

LONGEST = 8  # syllables; a longer text is a story in which these words stand by chance
LONGEST_TEXT = 200  # characters of so few syllables
# Phrases may be typed without marks. Each leads to a question or to something shown, never to a deed; but for the
# day's letter, which we print ourselves ("GỘP TIN") and which is as quickly undone.
_PHRASES = {
    "quiet": (
        *("giờ yên tĩnh", "giờ nhận tin", "giờ gửi tin", "đừng nhắn ban đêm", "đừng gửi ban đêm", "nhắn khuya quá"),
        *("đừng nhắn tin ban đêm", "đừng gửi tin ban đêm", "đừng nhắn đêm", "đừng nhắn khuya", "nhắn ít thôi"),
        *("gửi ít thôi", "nhắn ít lại", "gửi ít lại"),
    ),
    "apart": ("thôi gộp", "đừng gộp", "không gộp"),
    "gather": ("gộp tin", "nhắn gộp", "gửi gộp", "mỗi ngày một tin", "một ngày một tin", "mỗi ngày nhắn một lần"),
    "stop": (
        *("đừng gửi nữa", "đừng nhắn nữa", "đừng gửi tin", "đừng nhắn tin", "dừng gửi", "không nhận nữa"),
        *("không gửi nữa", "không muốn nhận", "thôi không nhận", "bỏ theo dõi", "hủy theo dõi", "hủy nhận tin"),
        *("tắt thông báo", "gửi nhiều quá", "nhắn nhiều quá", "phiền quá"),
    ),
    "person": ("nhờ cán bộ", "gặp cán bộ", "hỏi cán bộ", "nói chuyện với cán bộ", "gặp người thật"),
    "status": (
        *("của tôi tới đâu", "của tôi đến đâu", "của tôi đâu rồi", "của tôi sao rồi", "tới đâu rồi", "đến đâu rồi"),
        *("không thấy trả lời", "chưa thấy trả lời", "chưa ai trả lời", "chưa trả lời", "xem trả lời"),
        *("việc đã gửi", "phản ánh đã gửi", "quên mã", "mất mã", "xem việc"),
    ),
    "places": (
        *("xã tôi tên gì", "xã tôi tên là gì", "xã tôi là xã nào", "tôi ở xã nào", "nhận tin xã nào"),
        *("theo dõi xã nào", "bỏ xã", "thôi xã", "xóa xã"),
    ),
}
_LEAD = frozenset(
    [
        "toi",
        "tui",
        "em",
        "chau",
        "con",
        "minh",
        "ba",
        "bac",
        "ong",
        "anh",
        "chi",
        "cho",
        "da",
        "thua",
        "xin",
        "can",
        "muon",
        "nho",
    ]
)
_ASKS_FOR = frozenset({"xin", "can", "muon", "nho"})
_REPORTS = (["phan", "anh"], ["kien", "nghi"], ["gop", "y"])
_NOT_TOLD = frozenset(["gi", "nao", "dau", "sao", "may", "khong", "ko", "chua", "nhieu"])  # these make a question of it
_OTHER_BAO = frozenset(["hiem", "gio", "nhieu", "lau", "ve", "tien", "mat", "xa", "ai"])  # bảo hiểm, bao giờ, bảo vệ, …


@cache
def _phrases() -> dict[str, Phrases]:
    return {kind: Phrases(phrases) for kind, phrases in _PHRASES.items()}


def wish(turn: Turn) -> str:
    """A key of _PHRASES when they typed such a wish and little else; empty otherwise."""
    if not turn.typed or turn.free:
        return ""
    if hours.wish(turn.text):
        return "quiet"
    return _wished(turn.text) if len(turn.text) <= LONGEST_TEXT else ""


@lru_cache(maxsize=256)  # one turn asks several times
def _wished(text: str) -> str:
    if len(syllables(text)) > LONGEST:
        return ""
    return next((kind for kind, phrases in _phrases().items() if phrases.find(text)), "")


def heard_out(turn: Turn) -> bool:
    """Whether what they typed may open something new: it is no part of a report or of a cry for help."""
    return turn.typed and not turn.free and turn.story not in ("report", "safety")


def asks(text: str) -> bool:
    """Whether it reads like a question."""
    return "?" in text or any(one in _NOT_TOLD for one in syllables(text)[-4:])


def reports(text: str) -> bool:
    """Whether they begin to tell what they want to report: "tôi muốn báo cột điện đổ". Bare "bao" needs the wish."""
    said = syllables(text)
    lead = next((at for at, one in enumerate(said) if one not in _LEAD), len(said))
    rest = said[lead:]
    if len(rest) < 3 or asks(text):
        return False
    if rest[0] == "bao" and rest[1] not in _OTHER_BAO:
        return words(text)[lead].marked == "báo" or bool(_ASKS_FOR.intersection(said[:lead]))
    return rest[:2] in _REPORTS
