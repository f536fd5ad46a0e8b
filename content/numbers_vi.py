"""How Vietnamese says a number: không trăm, linh, mươi, mốt, tư, lăm."""

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
GROUPS = ("", "nghìn", "triệu")
BILLION = 1_000_000_000
LARGEST = 10**15 - 1  # beyond this a listener is better served by the digits
ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def cardinal(number: int, odd: str = "linh") -> str:
    """`number` in words; `odd` joins a lone unit to its hundred ("linh" in the north, "lẻ" in the south).

    Numbers beyond `LARGEST` are read digit by digit.
    """
    if number < 0:
        return f"âm {cardinal(-number, odd)}"
    if number > LARGEST:
        return digits(str(number))
    if number == 0:
        return DIGITS[0]
    return " ".join(_words(number, odd, leading=True))


def digits(text: str) -> str:
    """The ASCII digits of `text` one by one, everything else dropped: "112" → "một một hai"."""
    return " ".join(DIGITS[int(one)] for one in text if one in "0123456789")


def decimal(whole: str, fraction: str, odd: str = "linh") -> str:
    """A decimal from its two digit strings: ("2", "5") → "hai phẩy năm", ("0", "05") → "không phẩy không năm"."""
    short = len(fraction) <= 2 and not fraction.startswith("0")
    return f"{integer(whole, odd)} phẩy {integer(fraction, odd) if short else digits(fraction)}"


def integer(text: str, odd: str = "linh") -> str:
    """A digit string in words; as digits when it is too long for a number."""
    return digits(text) if len(text) > 15 else cardinal(int(text), odd)


def roman(text: str) -> int | None:
    """The value of a well-formed Roman numeral in capitals, None for anything else: "XIII" → 13, "IIX" → None."""
    if not text or any(one not in ROMAN for one in text) or len(text) > 15:
        return None
    values = [ROMAN[one] for one in text]
    total = sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True))
    return total if _roman_spelling(total) == text else None


def _roman_spelling(number: int) -> str:
    steps = ["M1000", "CM900", "D500", "CD400", "C100", "XC90", "L50", "XL40", "X10", "IX9", "V5", "IV4", "I1"]
    spelled = ""
    for step in steps:
        letters = step.rstrip("0123456789")
        count, number = divmod(number, int(step[len(letters) :]))
        spelled += letters * count
    return spelled


def _words(number: int, odd: str, leading: bool) -> list[str]:
    if number >= BILLION:
        billions, rest = divmod(number, BILLION)
        tail = _words(rest, odd, leading=False) if rest else []
        return [*_words(billions, odd, leading), "tỷ", *tail]
    words: list[str] = []
    for power in (2, 1, 0):
        group = number // 1000**power % 1000
        if group:
            words += _hundreds(group, odd, leading and not words)
            words += [GROUPS[power]] if power else []
    return words


def _hundreds(group: int, odd: str, leading: bool) -> list[str]:
    """Three digits in words; a group that follows another says its empty hundred ("không trăm")."""
    hundred, rest = divmod(group, 100)
    words = [] if leading and not hundred else [DIGITS[hundred], "trăm"]
    if not rest:
        return words
    return words + (_tens(rest) if rest >= 10 else [*([odd] if words else []), DIGITS[rest]])


def _tens(number: int) -> list[str]:
    ten, unit = divmod(number, 10)
    words = ["mười"] if ten == 1 else [DIGITS[ten], "mươi"]
    if unit == 0:
        return words
    if unit == 5:
        return [*words, "lăm"]
    special = {1: "mốt", 4: "tư"} if ten > 1 else {}
    return [*words, special.get(unit, DIGITS[unit])]
