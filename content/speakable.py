"""How a text is read aloud: short forms and figures become the words a village loudspeaker would say.

Speech engines read "UBND", "15/6" and "112" wrongly and stumble over NFD, so everything is written out first.
Facts: Vietnam reference §7.4; the short forms are in speakable_words.toml.
"""

import re
import unicodedata

from content.numbers_vi import cardinal, roman
from content.speakable_figures import RULES as FIGURES
from content.speakable_figures import Match, Rule
from content.speakable_table import TABLE, WORDS, any_of, spell

ABBREVIATIONS: dict[str, str] = TABLE["abbreviations"]
LOANWORDS: dict[str, str] = TABLE["loanwords"]
SYMBOLS = {
    "&": " và ",
    "=": " bằng ",
    "≥": " từ ",
    "≤": " không quá ",
    ">": " lớn hơn ",
    "<": " nhỏ hơn ",
    "~": " khoảng ",
    "≈": " khoảng ",
    "±": " cộng trừ ",
    "%": " phần trăm ",
    "°": " độ ",
    "@": " a còng ",
    "…": ". ",
}
PAUSES = str.maketrans(dict.fromkeys("()[]{}|/–—•·", ", "))
# A bare syllable in capitals is a word ("KHAN"), not an abbreviation ("HTQL").
SYLLABLE = re.compile(r"(?:NGH|NG|NH|GH|GI|CH|KH|PH|QU|TH|TR|[BCDĐGHKLMNPQRSTVX])?[AEIOUY]{1,3}(?:CH|NG|NH|[CMNPT])?")


def speakable(text: str) -> str:
    """`text` as the words to be read: NFC, no digit, no emoji, only letters and `.,;:?!-`; "" if nothing is left.

    Total: takes any string, never raises.
    """
    words = _tidy(text)
    for pattern, said in [*CODES, *FIGURES_AND_NAMES, *CAPITALS]:
        words = pattern.sub(said, words)
    return _polish(words)


def _tidy(text: str) -> str:
    """One form for each sign: NFC, ASCII digits, plain spaces; nothing that cannot be said."""
    text = re.sub(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", unicodedata.normalize("NFC", text))
    plain = re.sub(r" *\n[ \n]*", "\n", re.sub(" {2,}", " ", "".join(_sign(one) for one in text)))
    return unicodedata.normalize("NFC", plain)


def _sign(one: str) -> str:
    if (one.isalpha() and one.isascii()) or one in "\n°":
        return one
    kind = unicodedata.category(one)
    if kind == "Nd":
        return str(unicodedata.digit(one))
    if kind in ("No", "Nl") or "！" <= one <= "～":  # ², ½, Ⅷ and full-width forms
        return "".join(each for each in unicodedata.normalize("NFKC", one) if each != "\u2044")
    if kind in ("Zs", "Cc"):
        return " "
    if kind in ("Cf", "Me") or "\ufe00" <= one <= "\ufe0f":
        return ""
    return " " if kind in ("So", "Sk", "Cs", "Co", "Cn") else one


def _code(match: Match) -> str:
    """A code after "mã": it has a digit, or is written in the alphabet of our codes (no I, L, O, U)."""
    code = match["code"]
    ours = len(code) >= 4 and (any(one.isdigit() for one in code) or not re.search("[ILOU]", code))
    return f"{match['lead']}{spell(code)}" if ours else match[0]


def _roman(match: Match) -> str:
    number = roman(match["roman"])
    return match[0] if number is None else f"{match['lead']}{cardinal(number)}"


def _place(match: Match) -> str:
    return f"{TABLE['places'][match[1]]} "


def _abbreviation(match: Match) -> str:
    return ABBREVIATIONS[match[0]]


def _loanword(match: Match) -> str:
    return LOANWORDS[match[0].lower()]


def _capitals(match: Match) -> str:
    """A word all in capitals: said as a word if it can be, else letter by letter."""
    word = match[0]
    if not word.isupper() or SYLLABLE.fullmatch(word) or not re.fullmatch("[A-ZĐ]+", word):
        return word.lower() if word.isupper() else word
    pronounceable = len(word) > 4 and re.search("[AEIOUY]", word)
    return word.lower() if pronounceable else spell(word)


CODES: list[Rule] = [
    (re.compile(r"(?i)(?:https?://|www\.)[^\s<>]*[^\s<>.,;:!?)]"), lambda m: "đường dẫn trong tin"),
    (re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), lambda m: "địa chỉ thư trong tin"),
    (
        re.compile(
            r"(?<!\w)(?P<lead>[Mm]ã(?:\s+(?:số|tin|theo dõi|tra cứu|phản ánh))*\s*:?\s*)"
            r"(?P<code>[0-9A-Z]{2,12}(?:-[0-9A-Z]{2,12})*)(?![\w-])"
        ),
        _code,
    ),
    (re.compile(r"(?<![\w-])PA(?:-[0-9A-Z]{3,5}){1,3}(?![\w-])"), lambda m: spell(m[0])),
]
FIGURES_AND_NAMES: list[Rule] = [
    (re.compile(r"(?<!\w)TP\.?\s?HCM(?!\w)"), lambda m: "thành phố Hồ Chí Minh"),
    (
        re.compile(rf"(?<!\w)(?P<lead>(?i:{any_of(WORDS['roman'])})\s+)(?P<roman>[IVX]{{1,8}})(?!\w)"),
        _roman,
    ),
    (re.compile(r"(?m)(?P<lead>^\s*)(?P<roman>[IVX]{1,8})(?=[.)])"), _roman),
    # Two letters may be the words VI and XI in a heading; more, in capitals around, may not be Roman at all.
    (
        re.compile(r"(?<!\w)(?P<lead>)(?P<roman>(?!VI\b|XI\b)[IVX]{2,8})(?!\w|\s+[A-ZĐ]{2})"),
        _roman,
    ),
    *FIGURES,
    (re.compile(rf"(?<!\w)({any_of(TABLE['places'])})\.\s*(?=[^\W\d_]{{2}})(?-i:(?=[A-ZĐÂÊÔƠƯÁÉÍÓÚÝ]))"), _place),
    (re.compile(r"(?<!\w)(TP|TX|TT)\s+(?=[A-ZĐÂÊÔƠƯÁÉÍÓÚÝ][^\W\d_A-Z])"), _place),
]
CAPITALS: list[Rule] = [
    (re.compile(rf"(?<!\w)(?:{any_of(ABBREVIATIONS)})(?!\w)"), _abbreviation),
    (re.compile(rf"(?i)(?<!\w)(?:{any_of(LOANWORDS)})(?!\w)"), _loanword),
    (re.compile(r"[^\W\d_]{2,}"), _capitals),
]


def _polish(text: str) -> str:
    """Signs become words or pauses, every line a sentence."""
    for sign, said in SYMBOLS.items():
        text = text.replace(sign, said)
    lines = [_line(one) for one in unicodedata.normalize("NFC", text).split("\n")]
    return "\n".join(one for one in lines if one)


def _line(line: str) -> str:
    line = re.sub(r"(?<![^\W\d_])-+|-+(?![^\W\d_])", ", ", line).translate(PAUSES)
    line = "".join(one if _sayable(one) else " " for one in line)
    line = re.sub(r"\s*([.,;:?!])[\s.,;:?!]*", r"\1 ", line)
    line = re.sub(r"\s+", " ", line).strip(" .,;:?!-") + _ending(line)
    return line if any(one.isalpha() for one in line) else ""


def _sayable(one: str) -> bool:
    return one in " .,;:?!-" or unicodedata.category(one)[0] in "LM"


def _ending(line: str) -> str:
    last = line.rstrip()[-1:]
    return last if last in "?!:" and last else "."
