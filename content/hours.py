"""Hours of the day in minutes after midnight in Việt Nam: spans of them, how people say them, how we say them back."""

import re
from functools import lru_cache

from content.dates import local
from content.vietnamese import clean, decode, fold

DAY = 24 * 60
MINUTE_MS = 60_000
LONGEST = 16  # syllables of a wish; more is a story in which two hours stand by chance
ODD = 14 * 60  # nobody sleeps longer: "từ 9 giờ đến 5 giờ" begins in the evening

_NUMBERS = ("muoi mot", "muoi hai", "mot", "hai", "ba", "bon", "nam", "sau", "bay", "tam", "chin", "muoi")
_VALUES = (11, 12, *range(1, 11))
_SPELLED = re.compile(rf"\b({'|'.join(_NUMBERS)})(?= gio\b)")
_TIME = r"(\d{1,2})(?: ?(?:h|g|gio|:) ?(\d{2}(?!\d)|ruoi)?)?(?: (?:buoi )?(sang|trua|chieu|toi|dem|khuya))?"
_SPAN = rf"{_TIME} ?(?:cho )?(?:den|toi|-|–|—) ?{_TIME}(?!\d)"
_ALONE = re.compile(rf"(?:tu )?{_SPAN}")
_FEW = r"(?: (?:cho|toi|tin|nua|luc|trong|vao|khoang|gio|minh|em))*"
_STOP = r"\b(?:dung|khong|ko|ngung|tat|thoi)(?: co)? (?:nhan|gui|bao|lam phien|thong bao)"
_WISH = re.compile(rf"{_STOP}{_FEW}(?: tu)? {_SPAN}")
_AFTER_NOON = {"chieu": range(1, 12), "toi": range(1, 12), "trua": range(1, 5), "dem": range(6, 12),
               "khuya": range(6, 12)}  # fmt: skip


def minute(ms: int) -> int:
    """The minute of the day at a moment."""
    at = local(ms)
    return at.hour * 60 + at.minute


def within(start: int, end: int, at: int) -> bool:
    """Whether a minute lies in a span, which may reach over midnight. Equal ends are no span."""
    return (at - start) % DAY < (end - start) % DAY


def ends(ms: int, end: int) -> int:
    """When the span that holds at `ms` and ends at the minute `end` is over, ms UTC."""
    return ms - ms % MINUTE_MS + (end - minute(ms)) % DAY * MINUTE_MS


def shown(at: int) -> str:
    """A minute of the day as "21 giờ 30" or "6 giờ"."""
    hour, rest = divmod(at, 60)
    return f"{hour} giờ {rest:02d}" if rest else f"{hour} giờ"


def span(text: str) -> tuple[int, int] | None:
    """The span that a text is and nothing else: "20h-6h", "8 giờ tối đến 5 giờ sáng", "từ 20 giờ đến 6 giờ"."""
    found = _ALONE.fullmatch(_read(text))
    return _meant(found) if found else None


def wish(text: str) -> tuple[int, int] | None:
    """The span in which they do not want to be written to: "đừng nhắn từ 20 giờ đến 6 giờ"; None: no such wish."""
    return _wished(text) if len(text.split()) <= LONGEST else None


@lru_cache(maxsize=256)  # one turn asks several times
def _wished(text: str) -> tuple[int, int] | None:
    found = _WISH.search(_read(text))
    return _meant(found) if found else None


def _read(text: str) -> str:
    plain = fold(decode(clean(text))).strip(" .!?")
    return _SPELLED.sub(lambda found: str(_VALUES[_NUMBERS.index(found[1])]), plain)


def _meant(found: re.Match[str]) -> tuple[int, int] | None:
    hour, past, part, end_hour, end_past, end_part = found.groups()
    start, end = _minutes(hour, past, part), _minutes(end_hour, end_past, end_part)
    if start is None or end is None or start == end:
        return None
    if not part and start < DAY // 2 and (end - start) % DAY > ODD:
        start += DAY // 2
    return start, end


def _minutes(hour: str, past: str | None, part: str | None) -> int | None:
    """Minutes after midnight of "8", "30" and "toi"; None when there is no such time."""
    at, rest = int(hour), 30 if past == "ruoi" else int(past or 0)
    if at > 24 or rest > 59:
        return None
    if at == 12 and part in ("dem", "khuya", "sang"):
        at = 0
    elif at in _AFTER_NOON.get(part or "", ()):
        at += 12
    return at % 24 * 60 + rest
