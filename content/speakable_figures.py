"""How figures are read aloud: documents, dates, times, phone numbers, spans, measures, numbers.

Each rule is a pattern and a function from its match to words; a function that does not recognise its match gives it
back unchanged, for a later rule. After the last one no digit is left. Facts: Vietnam reference §7.4.
"""

import re
from collections.abc import Callable

from content.numbers_vi import cardinal, decimal, digits, integer
from content.speakable_table import DASH, NUMBER, TABLE, UNIT, UNITS, WORDS, any_of, spell

Match = re.Match[str]
Rule = tuple[re.Pattern[str], Callable[[Match], str]]
YEAR = r"(?:19|20)\d\d"
DATE = r"\d{1,2}/\d{1,2}(?:/\d{4})?"
TIME = r"\d{1,2}(?:h\d{2}|h|:\d{2}|g\d{2}|\s?giờ(?:\s\d{2})?)"
DOCUMENTS: dict[str, str] = TABLE["documents"]
ISSUERS: dict[str, str] = TABLE["issuers"]
COUNTED = rf"(?:{any_of(WORDS['counted'])})(?!\w)"
DIALLING = re.compile(rf"(?i)(?<!\w)(?:{any_of(WORDS['dialling'])})(?!\w)[^.!?\n]*$")


def quantity(text: str) -> str:
    """A number as Viet Nam writes it ("1.234,5"), or as computers do ("1,234,567", "2.5"), in words."""
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", text):
        text = text.replace(".", "")
    elif re.fullmatch(r"\d{1,3}(?:,\d{3}){2,}|\d{1,3},000", text):
        text = text.replace(",", "")
    whole, _, fraction = text.replace(".", ",").partition(",")
    if fraction:
        return decimal(whole, fraction)
    return digits(whole) if whole.startswith("0") and len(whole) > 2 else integer(whole)


def _document(match: Match) -> str:
    kind, word, number, year, letters, rest = match.group("kind", "word", "number", "year", "letters", "rest")
    marks = re.split("[-/]", letters + rest)
    if not (kind or word or letters in DOCUMENTS or marks[0].rstrip("0123456789") in ISSUERS):
        return match[0]
    named = DOCUMENTS.get(kind or "", kind) or ("" if word else DOCUMENTS.get(letters, ""))
    said = f"{named} số {integer(number)}" + (f" năm {cardinal(int(year))}" if year else "")
    return said.strip() + _issued(marks)


def _issued(marks: list[str]) -> str:
    for mark in reversed(marks):
        letters, term = re.fullmatch(r"(\D*)(\d*)", mark).groups()  # type: ignore[union-attr]  # it fits anything
        if letters in ISSUERS:
            return f" của {ISSUERS[letters]}" + (f" khóa {integer(term)}" if term else "")
    return "" if marks[0] in DOCUMENTS and len(marks) == 1 else " ký hiệu " + spell("-".join(marks))


def _numbered(match: Match) -> str:
    return f"{match[1]} số {integer(match[2])} năm {cardinal(int(match[3]))}"


def _span(match: Match) -> str:
    """A span of dates or hours, still in figures, for the rules after this one."""
    return f"{match['from'] or 'từ '}{match['a']} đến {match['b']}"


def _days(match: Match) -> str:
    return f"từ ngày {integer(match[1])} đến ngày {match[2]}"


def _date(match: Match) -> str:
    said, day, month, year = match.group("said", "day", "month", "year")
    if not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return match[0]
    if not (said or year) and match["day"] + match["month"] == "247":  # on duty round the clock
        return "hai mươi tư trên bảy"
    words = f"{said or 'ngày '}{cardinal(int(day))} {_month(month)}"
    return words + (f" năm {cardinal(int(year) + (2000 if len(year) == 2 else 0))}" if year else "")


def _month(month: str) -> str:
    return "tháng tư" if int(month) == 4 else f"tháng {cardinal(int(month))}"


def _month_of_year(match: Match) -> str:
    if not 1 <= int(match[1]) <= 12:
        return match[0]
    return f"{_month(match[1])} năm {cardinal(int(match[2]))}"


def _fraction(match: Match) -> str:
    return f"{integer(match[1])} phần {integer(match[2])}"


def _time(match: Match) -> str:
    hour, minute = int(match[1]), int(match[2] or 0)
    if hour > 24 or minute > 59:
        return match[0]
    return f"{cardinal(hour)} giờ" + (f" {cardinal(minute)} phút" if minute else "")


def _phone(match: Match) -> str:
    count = sum(one.isdigit() for one in match[0])
    if not 8 <= count <= 13:
        return match[0]
    groups = re.findall(r"\d+", match[0])
    if len(groups) == 1 and count >= 10:
        groups = [groups[0][:4], groups[0][4:7], groups[0][7:]]
    return ("cộng " if match[0].startswith("+") else "") + ", ".join(digits(one) for one in groups)


def _emergency(match: Match) -> str:
    """112 is dialled after "gọi", or where nothing is counted: "112 hộ" stays a number."""
    after = match.string[match.end() :]
    before = match.string[max(0, match.start() - 40) : match.start()]
    if re.match(rf"\s*(?:{COUNTED}|{UNIT})", after):
        return match[0]
    dialled = DIALLING.search(before) or not re.match(r"\s*\w", after)
    return digits(match[0]) if dialled else match[0]


def _range(match: Match) -> str:
    a, b = match["a"], match["b"]
    if _value(a) >= _value(b):
        return match[0]
    lead = match["label"] or match["from"] or "từ "
    return f"{lead}{a}{match['unit'] or ''} đến {b}"


def _value(text: str) -> float:
    whole, _, fraction = text.partition(",")
    return float(f"{whole.replace('.', '')[:300]}.{fraction or 0}")


def _measure(match: Match) -> str:
    sign, number, unit, per = match.group("sign", "number", "unit", "per")
    said = f"{'âm ' if sign else ''}{quantity(number)} {UNITS[unit]}"
    if per == "24h":
        return f"{said} trong hai mươi tư giờ"
    if per in UNITS:
        return f"{said} trên {UNITS[per]}"
    return f"{said} mỗi {per}" if per else said


def _mixed(match: Match) -> str:
    """Letters and figures in one word: "H24" and "1A" by number, "K7M3" by character."""
    word = match[0]
    if found := re.fullmatch(r"([A-ZĐ]{1,3})(\d{1,4})", word):
        return f" {spell(found[1])} {integer(found[2])} "
    if found := re.fullmatch(r"(\d{1,4})([A-Za-zĐđ])", word):
        return f" {integer(found[1])} {spell(found[2])} "
    return f" {spell(word)} "


def _road(match: Match) -> str:
    return f"{TABLE['roads'][match[1]]} {match[2]}"


RULES: list[Rule] = [
    (
        re.compile(
            rf"(?:(?<!\w)(?P<kind>(?i:{any_of(WORDS['document'])})|{any_of(DOCUMENTS)})\s+)?(?P<word>số\s*:?\s*)?(?<![\w/.,])(?P<number>\d{{1,5}})"
            rf"(?:/(?P<year>{YEAR}))?[/-](?P<letters>[A-ZĐ][A-Za-zĐ]+)(?P<rest>\d{{0,2}}(?:[-/][A-ZĐ][A-ZĐa-z]*\d{{0,2}})*)(?!\w)"
        ),
        _document,
    ),
    (re.compile(rf"(?i)(?<!\w)({any_of(WORDS['document'])})\s+(?:số\s+)?(\d{{1,5}})/({YEAR})(?![\d/])"), _numbered),
    (re.compile(rf"(?i)(?<!\w)(quý\s+[^\W_]+)/({YEAR})(?!\d)"), lambda m: f"{m[1]} năm {m[2]}"),
    (re.compile(rf"(?i)(?P<from>từ\s+)?(?<![\w/.,])(?P<a>{DATE}){DASH}(?P<b>{DATE})(?![\w/])"), _span),
    (re.compile(rf"(?i)(?P<from>từ\s+)?(?<![\w/.,])(?P<a>\d{{1,2}}|{TIME}){DASH}(?P<b>{TIME})(?!\w)"), _span),
    (re.compile(rf"(?i)(?:từ\s+)?(?:ngày\s+)?(?<![\w/.,])(\d{{1,2}}){DASH}({DATE})(?![\w/])"), _days),
    (re.compile(rf"(?<![\w/.,-])(?P<said>)(?P<year>{YEAR})-(?P<month>\d\d)-(?P<day>\d\d)(?![\w-])"), _date),
    (
        re.compile(
            r"(?i)(?<!\w)(?P<said>(?:ngày|mùng|mồng)\s+)?(?<![\w/.,-])(?P<day>\d{1,2})(?P<by>[/.-])(?P<month>\d{1,2})"
            r"(?P=by)(?P<year>\d{4}|\d\d)(?![\w/-])"
        ),
        _date,
    ),
    (re.compile(rf"(?i)(?<![\w/.,])(?:tháng\s+)?(\d{{1,2}})/({YEAR})(?![\w/])"), _month_of_year),
    (re.compile(rf"(?<![\w/.,])(\d)/(\d)(?=\s+(?:{any_of(WORDS['fraction'])})(?!\w))"), _fraction),
    (
        re.compile(
            r"(?i)(?:(?<!\w)(?P<said>(?:ngày|mùng|mồng)\s+))?(?<![\w/.,-])(?P<day>\d{1,2})/(?P<month>\d{1,2})(?P<year>)"
            r"(?!\w|[/,.-]\d)"
        ),
        _date,
    ),
    (
        re.compile(
            r"(?i)(?<!\w)(?P<said>(?:ngày|mùng|mồng)\s+)(?P<day>\d{1,2})-(?P<month>\d{1,2})(?P<year>)(?!\w|[/,.-]\d)"
        ),
        _date,
    ),
    (
        re.compile(
            rf"(?<![\w/.,:])(\d{{1,2}})\s?(?:giờ|h)\s?(\d\d)(?!\w|[.,/]\d|\s*{COUNTED})(?:\s?(?:phút|p|['’′])(?!\w))?"
        ),
        _time,
    ),
    (re.compile(r"(?<![\w/.,:])(\d{1,2})g(\d\d)(?!\w)"), _time),
    (re.compile(r"(?<![\w/.,:])(\d{1,2}):(\d\d)(?::\d\d)?(?![\w:])"), _time),
    (re.compile(r"(?<![\w/.,:])(\d{1,2})h(?!\w)()"), _time),
    (re.compile(r"(?<![\w/.,])(?:\+84[ .-]?|0|\(0)\d{1,4}\)?(?:[ .-]?\d{2,4}){1,4}(?!\w|[.,]\d)"), _phone),
    (re.compile(r"(?<![\w/.,])1[89]00[ .]?\d{2}[ .]?\d{2,4}(?!\w|[.,]\d)"), _phone),
    (re.compile(rf"(?<![\w/.,+-])(?:{any_of(WORDS['emergency'])})(?![\w/%°]|[.,]\d)"), _emergency),
    (
        re.compile(
            rf"(?i)(?:(?<!\w)(?P<from>từ\s+)|(?<!\w)(?P<label>(?:{any_of(WORDS['label'])})\s+))?(?<![\w/.,-])(?P<a>{NUMBER})"
            rf"(?P<unit>\s?(?-i:{UNIT}))?{DASH}(?P<b>{NUMBER})(?![-–]\d)"
        ),
        _range,
    ),
    (re.compile(r"(?<=\d)\s?[x×]\s?(?=\d)"), lambda m: " nhân "),
    (re.compile(rf"(?<!\w)({any_of(TABLE['roads'])})\.?\s?(\d{{1,4}}[A-Z]?)(?!\w|[.,]\d)"), _road),
    (
        re.compile(
            rf"(?:(?<!\S)(?P<sign>[-−](?=\S+\s?°)|−))?(?<![\w/])(?P<number>{NUMBER})\s?(?P<unit>{any_of(UNITS)})(?!\w)"
            rf"(?:/(?P<per>24h|{any_of(UNITS)}|[^\W\d_]+)(?!\w))?"
        ),
        _measure,
    ),
    (re.compile(r"(?i)(?<!\w)((?:tháng|thứ)\s+)0?4(?!\w|[.,/]\d)"), lambda m: f"{m[1]}tư"),
    (re.compile(r"(?i)(?<!\w)((?<!lần )thứ\s+)1(?!\w|[.,/]\d)"), lambda m: f"{m[1]}nhất"),
    (re.compile(r"(?<=\d)/(?=\d)"), lambda m: " trên "),
    (re.compile(r"(?<=\d)\+(?=\d)"), lambda m: " cộng "),
    (re.compile(r"(?<!\w)(đồng|nghìn|triệu|tỷ|lần|lượt|suất)/(?=[^\W\d_])"), lambda m: f"{m[1]} mỗi "),
    (re.compile(r"(?<=[^\W\d_])-(?=\d)"), lambda m: " "),
    (re.compile(r"(?<![^\W_])(?=\w*[A-Za-zĐđ])(?=\w*\d)[0-9A-Za-zĐđ]+(?![^\W_])"), _mixed),
    (re.compile(NUMBER), lambda m: f" {quantity(m[0])} "),
]
