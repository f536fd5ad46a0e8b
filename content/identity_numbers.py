"""Numbers of identity cards in what people type: nobody here needs them, so they are taken out before anything else.

A citizen's number has twelve digits: 0 and the province's code, one digit for century and sex, two for the year, six
more (Circular 59/2021/TT-BCA, article 3). The older card has nine, as many other numbers have: those count only alone
or right after the card's name. A mobile number has ten digits, or nine without its leading zero.
"""

import re

HIDDEN = "•••"
_GAP = r"[ .\-]?"
_NEW = rf"0{_GAP}[0-9]{_GAP}[0-9]{_GAP}[0-9](?:{_GAP}[0-9]){{8}}"
_OLD = rf"[0-9](?:{_GAP}[0-9]){{8}}"
_CARD = r"(?:c[ăa]n c[ướu]+[ớo]?c(?: c[ôo]ng d[âa]n)?|cccd|cmnd|cmt|cm[tn]nd|ch[ứu]ng minh(?: nh[âa]n d[âa]n| th[ưu])?)"
_BEFORE = rf"(?P<before>{_CARD}(?: [^\W\d_]{{1,4}}){{0,3}}\s?[:.]?\s{{0,2}})"
_ANY_NEW = re.compile(rf"(?<![\w.,+]){_NEW}(?![\w])", re.ASCII)
_NAMED = re.compile(rf"{_BEFORE}(?:{_NEW}|{_OLD}|[0-9]{{12}})(?![0-9])", re.IGNORECASE)
_ALONE = re.compile(rf"\s*(?:{_NEW}|[0-9]{{12}}|{_OLD})\s*[.!]?\s*", re.ASCII)
# A telephone without its zero or with the country's code, as people type it alone.
_PHONE = re.compile(r"\s*(?:\+?84|0)?[ .\-]?[35789][0-9 .\-]{8,11}\s*", re.ASCII)


def hide(text: str, *, phone_asked: bool = False) -> str:
    """`text` without identity numbers. `phone_asked`: nine digits alone are a telephone then."""
    if not any(letter.isdigit() for letter in text):
        return text
    if _ALONE.fullmatch(text) and not (phone_asked and is_phone(text)):
        return HIDDEN
    return _ANY_NEW.sub(HIDDEN, _NAMED.sub(rf"\g<before>{HIDDEN}", text))


def is_phone(text: str) -> bool:
    """Whether a text is a telephone number and nothing else."""
    return _PHONE.fullmatch(text) is not None and sum(letter.isdigit() for letter in text) in (9, 10, 11)
