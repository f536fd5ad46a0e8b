"""Dates, hours, money and ages as people type them ("15/6", "7h30", "1tr5", "76t"), in one form for matching."""

import re
from collections.abc import Callable

from content.chunks import protected
from content.spelling import nfc, syllables

_FREE = r"(?<![\w/.,:+-])"  # nothing that would make it a piece of a code or a phone number
_ENDS = r"(?![\w/:+-]|[.,]\d)"
_DATE = re.compile(rf"{_FREE}(\d{{1,2}})(?:/(\d{{1,2}})(?:/(\d{{4}}|\d\d))?|([.-])(\d{{1,2}})\4(\d{{4}})){_ENDS}")
_MONTH = re.compile(rf"{_FREE}(\d{{1,2}})/((?:19|20)\d\d){_ENDS}")
_HOUR = re.compile(rf"{_FREE}(\d{{1,2}})(?: ?(?:h|giờ)(?: ?(\d\d))?|[:g](\d\d)){_ENDS}", re.IGNORECASE)
_MONEY = re.compile(
    rf"{_FREE}(\d{{1,9}}(?:[.,]\d{{1,3}})*)(?:(k|ng|tr|t[ỷỉy]|đ|vnđ|vnd)(\d{{1,3}})?"
    rf"| (củ|tr|k)(?! ?(?:khoai|sắn|mì))){_ENDS}",
    re.IGNORECASE,
)
_AGE = re.compile(rf"{_FREE}(\d{{1,3}}) ?(t|th|thg)\.?{_ENDS}", re.IGNORECASE)
_UNITS = {"k": "nghìn", "ng": "nghìn", "tr": "triệu", "củ": "triệu", "tỷ": "tỷ", "tỉ": "tỷ", "ty": "tỷ"}
_WEEKDAY = re.compile(rf"\b(thứ|thu) ([2-7]){_ENDS}", re.IGNORECASE)
_WEEKDAYS = ("hai", "ba", "tư", "năm", "sáu", "bảy")
# Before these a slash makes a house, a share or a document, not a day.
_NO_DATE = frozenset(
    syllables("số nhà ngõ ngách hẻm kiệt lô tổ đường thửa tờ tư định quyết luật tt nđ qđ nq mẫu chiếm tỉ lệ khoảng")
)
_BEFORE = re.compile(r"([^\W\d_]+)[ .:]{0,3}$")


def figures(text: str) -> str:
    """`text` with its dates, hours, sums and ages in one readable form, for matching.

    "15/6" gives "ngày 15 tháng 6", "20.11.2026" "ngày 20 tháng 11 năm 2026", "7h30" "7 giờ 30", "1tr5" "1,5 triệu",
    "500k" "500 nghìn", "2 củ" "2 triệu", "76t" "76 tuổi", "8th" "8 tháng". Numbers of documents and houses, phone
    numbers, codes and addresses stay. The words it puts carry their marks, whatever stands around. Idempotent.
    """
    for pattern, spelled in _FORMS:
        text = _put(nfc(text), pattern, spelled)
    return nfc(text)


def _put(text: str, pattern: re.Pattern[str], spelled: Callable[[re.Match[str]], str]) -> str:
    kept = protected(text)
    return pattern.sub(lambda found: found.group() if kept(found.start()) else spelled(found) or found.group(), text)


def _before(found: re.Match[str]) -> str:
    """The word that stands before."""
    word = _BEFORE.search(found.string, max(0, found.start() - 12), found.start())
    return syllables(word[1])[-1] if word and syllables(word[1]) else ""


def _date(found: re.Match[str]) -> str:
    day, month, year = found[1], found[2] or found[5], found[3] or found[6] or ""
    if _before(found) in _NO_DATE or not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return ""
    lead = "" if _before(found) in ("ngay", "mung", "mong") else "ngày "
    year = f" năm {'20' * (len(year) == 2)}{year}" if year else ""
    return f"{lead}{int(day)} tháng {int(month)}{year}"


def _month(found: re.Match[str]) -> str:
    if _before(found) in _NO_DATE or not 1 <= int(found[1]) <= 12:
        return ""
    lead = "" if _before(found) == "thang" else "tháng "
    return f"{lead}{int(found[1])} năm {found[2]}"


def _hour(found: re.Match[str]) -> str:
    minutes = found[2] or found[3] or ""
    if int(found[1]) > 24 or int(minutes or 0) > 59:
        return ""
    return f"{int(found[1])} giờ {minutes}".rstrip()


def _money(found: re.Match[str]) -> str:
    sum_, unit, rest = found[1], (found[2] or found[4]).lower(), found[3] or ""
    if unit in ("đ", "vnđ", "vnd"):
        return "" if rest else f"{sum_} đồng"
    if rest and (unit not in ("tr", "tỷ", "tỉ", "ty") or not sum_.isdigit()):
        return ""
    return f"{sum_}{',' if rest else ''}{rest} {_UNITS[unit]}"


def _age(found: re.Match[str]) -> str:
    return f"{found[1]} {'tuổi' if found[2].lower() == 't' else 'tháng'}"


def _weekday(found: re.Match[str]) -> str:
    return f"{found[1]} {_WEEKDAYS[int(found[2]) - 2]}"


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_DATE, _date),
    (_MONTH, _month),
    (_HOUR, _hour),
    (_MONEY, _money),
    (_AGE, _age),
    (_WEEKDAY, _weekday),
)
