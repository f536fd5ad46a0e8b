"""Reads a typed text into tokens and says which of them are type words, address words or mere manners."""

import re
from typing import NamedTuple

from content.vietnamese import Word, decode_word, has_marks, nfc, squeeze, syllables, words

LONGEST_TEXT = 2000  # characters that are looked at
MOST_TOKENS = 48
SHORTEST_GLUED = 6  # letters

# What stands before a name, and the level it speaks of: c = commune, d = former district, p = province.
TYPE_WORDS: dict[tuple[str, ...], tuple[str, str]] = {
    ("xa",): ("c", "xa"),
    ("x",): ("c", "xa"),
    ("phuong",): ("c", "phuong"),
    ("p",): ("c", "phuong"),
    ("f",): ("c", "phuong"),
    ("thi", "tran"): ("c", "thi tran"),
    ("tt",): ("c", "thi tran"),
    ("dac", "khu"): ("c", "dac khu"),
    ("dk",): ("c", "dac khu"),
    ("huyen",): ("d", "huyen"),
    ("h",): ("d", "huyen"),
    ("quan",): ("d", "quan"),
    ("q",): ("d", "quan"),
    ("thi", "xa"): ("d", "thi xa"),
    ("tx",): ("d", "thi xa"),
    ("thanh", "pho"): ("dp", "thanh pho"),
    ("tp",): ("dp", "thanh pho"),
    ("tinh",): ("p", "tinh"),
    ("t",): ("p", "tinh"),
}
# Words that begin a hamlet, street or house: what follows is no commune.
ADDRESS_WORDS = frozenset(
    syllables(
        "thôn bản ấp xóm buôn bon plei làng sóc phum khóm tổ kp khu đội tk đường phố ngõ ngách hẻm kiệt nhà số lô"
    )
)
# Words that may stand around a place without making the text a question.
MANNERS = frozenset(
    (word.folded, word.marked)
    for word in words(
        "ở tại nhà tôi tui em anh chị mình quê thuộc là của cũ trước đây này bên đang sống ạ nhé nha ad xin dạ vâng "
        "dân bà con việt nam vn về theo dõi nhận tin chọn muốn cho thì"
    )
)
_PLAIN_MANNERS = frozenset(folded for folded, _ in MANNERS)
_GLUED = re.compile(r"(phuong|quan|p|q|f|thon|to|ap|kp)\.?0*(\d{1,2})")
_BARRIER = re.compile(r"[,;\n|()\[\]/!?:]|\.\s")


class Token(NamedTuple):
    """One typed word. `written` is composed, so that a slip changes one letter of it whatever it does to the tone.

    `barrier`: a comma or line end stands before it, which no name crosses.
    """

    folded: str
    marked: str
    written: str
    barrier: bool

    @property
    def has_marks(self) -> bool:
        """Whether it was typed with a mark."""
        return self.marked != self.folded


class Before(NamedTuple):
    """The type word that ends where a name begins."""

    level: str  # "", c, d, p, dp
    kind: str
    mask: int  # its tokens, one bit each


NOTHING = Before("", "", 0)


def read(text: str, vocabulary: set[str]) -> list[Token]:
    """The first tokens of `text`. Keyboard leftovers are decoded in words that no name has."""
    text = nfc(text[:LONGEST_TEXT])
    tokens: list[Token] = []
    last, last_word = 0, ""
    for word in words(text)[:MOST_TOKENS]:
        gap = text[last : word.start]
        # "x. Thanh Nưa": the dot of an abbreviation is no barrier.
        barrier = bool(tokens) and _BARRIER.search(gap) is not None and not (gap.strip() == "." and len(last_word) < 3)
        last, last_word = word.end, word.folded
        written = composed(word, text) if has_marks(word) else ""
        tokens += _split(word.folded, word.marked, barrier, vocabulary, written)
    return _numbered(tokens)


_SHORT_TYPES = {"p": "phuong", "f": "phuong", "q": "quan"}


def _numbered(tokens: list[Token]) -> list[Token]:
    """ "P 12" is "phuong 12": a number is a name only with its type word in full."""
    for i in range(len(tokens) - 1):
        whole = _SHORT_TYPES.get(tokens[i].folded)
        if whole and tokens[i + 1].folded.isdigit():
            tokens[i] = Token(whole, whole, whole, tokens[i].barrier)
    return tokens


def _split(folded: str, marked: str, barrier: bool, vocabulary: set[str], written: str) -> list[Token]:
    glued = _GLUED.fullmatch(folded)
    if glued:
        kind, number = glued[1], glued[2]
        return [Token(kind, kind, kind, barrier), Token(number, number, number, False)]
    if folded.isdigit():
        number = folded.lstrip("0") or "0"
        return [Token(number, number, number, barrier)]
    if not written and folded not in vocabulary:
        folded = marked = decode_word(squeeze(folded))
    written = written or folded
    cut = next((at for at in _cuts(folded) if folded[:at] in vocabulary and folded[at:] in vocabulary), 0)
    if cut and folded not in vocabulary and len(written) == len(folded):
        first, second = words(f"{written[:cut]} {written[cut:]}")
        return [
            Token(first.folded, first.marked, written[:cut], barrier),
            Token(second.folded, second.marked, written[cut:], False),
        ]
    return [Token(folded, marked, written, barrier)]


def _cuts(folded: str) -> range:
    """Where two words may have been glued together: "thanh nưadien bien". Names are found without spaces anyway."""
    return range(2, len(folded) - 1) if len(folded) >= SHORTEST_GLUED else range(0)


def composed(word: Word, text: str) -> str:
    """A word of `text` (NFC) in lower case with its marks, without apostrophes."""
    return "".join(letter for letter in text[word.start : word.end].lower() if letter.isalnum())


def types_before(tokens: list[Token]) -> list[Before]:
    """For each position the type word right before it."""
    found = [NOTHING] * (len(tokens) + 1)
    for i in range(1, len(tokens) + 1):
        if i < len(tokens) and tokens[i].barrier:
            continue
        for size in (2, 1):
            kind = TYPE_WORDS.get(tuple(token.folded for token in tokens[max(0, i - size) : i])) if i >= size else None
            if kind and not (size == 1 and _marked_otherwise(tokens[i - 1])):
                found[i] = Before(*kind, ((1 << size) - 1) << (i - size))
                break
    return found


_MARKED = {
    word.folded: word.marked
    for word in words(
        "xã phường huyện quận tỉnh thôn bản ấp xóm buôn làng sóc khóm tổ đội đường phố ngõ ngách hẻm kiệt nhà số lô"
    )
}


def _marked_otherwise(token: Token) -> bool:
    """Marked, but as another word: "quán" is no "quận"."""
    return token.has_marks and _MARKED.get(token.folded, token.marked) != token.marked


def manners(tokens: list[Token], before: list[Before]) -> int:
    """The tokens that are mere manners, one bit each. The "thi" of "thi tran" is none, nor is "Thước" a "thuộc"."""
    found = sum(1 << i for i, token in enumerate(tokens) if _mannered(token))
    for one in before:
        found &= ~one.mask if one.mask.bit_count() > 1 else ~0
    return found


def _mannered(token: Token) -> bool:
    return (token.folded, token.marked) in MANNERS or (not token.has_marks and token.folded in _PLAIN_MANNERS)


def address_parts(tokens: list[Token], before: list[Before]) -> list[int]:
    """Hamlet, street and house: one mask for each part, from its address word to the next comma or type word."""
    parts: list[int] = []
    left = 0
    for i, token in enumerate(tokens):
        typed = before[i + 1].level != ""
        if token.barrier or typed:
            left = 0
        if token.folded in ADDRESS_WORDS and not typed and not _marked_otherwise(token):
            left = 5
            parts.append(0)
        if left:
            parts[-1] |= 1 << i
            left -= 1
    return parts
