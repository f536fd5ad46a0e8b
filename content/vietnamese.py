"""Vietnamese as people type it: two views of a text (folded for matching, marked for ranking) and how to get there.

Every function takes any `str` (lone surrogates too), never raises, and gives at most 8 x input + 16 characters.
`nfc`, `clean`, `fold`, `squeeze`, `expand` and `decode` are idempotent.
"""

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

_DATA = Path(__file__).with_name("vietnamese_words.toml")
_TONES = "\u0300\u0301\u0303\u0309\u0323"  # huyền, sắc, ngã, hỏi, nặng
_APOSTROPHES = "'’‘ʼʻ`´′＇"
_BREAKS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
# A word is letters and digits with the marks and apostrophes inside it: "Ea H'Leo" is two, "D'Ran" is one.
_WORD = re.compile(rf"[^\W_](?:[\u0300-\u036f]|[{_APOSTROPHES}](?=[^\W_])|[^\W_])*")
_REPEATS = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_VOWEL = re.compile(r"[aeiouy]")


class Word(NamedTuple):
    """One typed word. `folded` is lower case without marks and apostrophes; `marked` keeps the marks, tone last."""

    folded: str
    marked: str
    start: int  # where it stands in the text it was read from
    end: int


def nfc(text: str) -> str:
    """`text` composed (NFC): iOS and macOS send decomposed letters."""
    return unicodedata.normalize("NFC", text)


def clean(text: str) -> str:
    """`text` fit to store and show: NFC, no control, zero-width or bidi characters, single spaces, `\\n` line ends."""
    kept = _BREAKS.sub("\n", text).translate(_SIEVE)
    lines = (_SPACES.sub(" ", line).strip() for line in nfc(kept).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


class _Sieve(dict[int, str]):
    """A translation table that fills itself: what cannot be seen becomes nothing. Small, as `_Folder`."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        kept = "" if letter not in "\n\t" and unicodedata.category(letter) in _UNSEEN else letter
        if code < 0x2100:
            self[code] = kept
        return kept


_SIEVE = _Sieve()


def _fold_letter(code: int) -> str:
    """What one character becomes when folded; "" when it is a mark or cannot be seen."""
    letter = chr(code)
    if letter.isspace():
        return " "
    if letter in _APOSTROPHES:
        return "'"
    plain = unicodedata.normalize("NFKD", letter).lower()
    bare = "".join(_BARE.get(c, c) for c in plain if unicodedata.category(c) not in _DROPPED)
    if len(bare) > 4 or any(c.isspace() for c in bare):  # ligatures that spell a sentence stay as they are
        return letter
    return bare


_DROPPED = _UNSEEN | {"Mn", "Me"}
_BARE = {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ı": "i"} | dict.fromkeys(_APOSTROPHES, "'")


class _Folder(dict[int, str]):
    """A translation table that fills itself; only letters that Vietnamese may hold are kept, so it stays small."""

    def __missing__(self, code: int) -> str:
        letter = _fold_letter(code)
        if code < 0x2100:
            self[code] = letter
        return letter


_FOLDER = _Folder()


def fold(text: str) -> str:
    """`text` in lower case without marks: đ and Ð become d, every apostrophe becomes ', spaces are single."""
    return " ".join(text.translate(_FOLDER).split())


@lru_cache(maxsize=8192)
def _views(token: str) -> tuple[str, str]:
    apart = unicodedata.normalize("NFD", token.lower().replace("ð", "đ"))
    tone = next((c for c in apart if c in _TONES), "")
    letters = "".join(c for c in apart if c not in _TONES and c not in _APOSTROPHES)
    return fold(token).replace("'", "").replace(" ", ""), nfc(letters) + tone


def words(text: str) -> list[Word]:
    """The words of `text`. Old and new tone placement give the same `marked` ("hoà" and "hòa", "qúy" and "quý")."""
    found = ((m, *_views(m.group())) for m in _WORD.finditer(nfc(text)))
    return [Word(folded, marked, m.start(), m.end()) for m, folded, marked in found if folded]


def syllables(text: str) -> list[str]:
    """The folded words of `text`, without punctuation: "Ở xã Đ'Ran?" gives o, xa, dran."""
    return [word.folded for word in words(text)]


def has_marks(word: Word) -> bool:
    """Whether the word was typed with a Vietnamese mark (đ counts)."""
    return word.marked != word.folded


def squeeze(text: str) -> str:
    """Letters held down: three or more of one letter become one ("alooo", "xaaa"). Digits are left alone."""
    return _REPEATS.sub(r"\1", text)


# The shape of a Vietnamese syllable without marks: an onset and a rime.
_ONSET = "b|ch|c|d|gh|gi|g|h|kh|k|l|m|ngh|ng|nh|n|ph|p|qu|r|s|th|tr|t|v|x|"
_RIME = (
    "a|ac|ach|ai|am|an|ang|anh|ao|ap|at|au|ay|e|ec|ech|em|en|eng|enh|eo|ep|et|eu|i|ia|ich|iec|iem|ien|ieng|iep|iet|"
    "ieu|im|in|inh|ip|it|iu|o|oa|oac|oach|oai|oam|oan|oang|oanh|oao|oap|oat|oay|oc|oe|oen|oeo|oet|oi|om|on|ong|"
    "op|ot|u|ua|uac|uai|uan|uang|uao|uat|uau|uay|uc|ue|uech|uen|uenh|ueu|ui|um|un|ung|uo|uoc|uoi|uom|uon|uong|uop|"
    "uot|uou|up|ut|uu|uy|uya|uych|uyen|uyet|uyn|uynh|uyp|uyt|uyu|y|yem|yen|yeng|yet|yeu|ym|yn|ynh|yp|yt|yu"
)
_SYLLABLE = re.compile(rf"(?:{_ONSET})(?:{_RIME})")


def is_syllable(folded: str) -> bool:
    """Whether a folded word can be Vietnamese."""
    return _SYLLABLE.fullmatch(folded) is not None


class Words(NamedTuple):
    """The editable word lists of vietnamese_words.toml, keys folded."""

    expand: dict[str, str]
    ambiguous: dict[str, list[str]]
    keep: frozenset[str]
    units: frozenset[str]


@cache
def word_lists() -> Words:
    """The word lists, read once."""
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return Words(data["expand"], data["ambiguous"], frozenset(data["keep"]["words"]), frozenset(data["keep"]["units"]))


def expand(text: str) -> str:
    """`text` with abbreviations and teencode written out ("lam gks ko" gives "lam giấy khai sinh không").

    Whole words without marks only (đ apart: "đc"). What may mean several things ("tt", "dk", "bv") is left alone;
    see `word_lists().ambiguous`.
    """
    composed = nfc(text)
    parts, last = [], 0
    for word in words(composed):
        new = word_lists().expand.get(word.folded)
        if new is not None and word.marked.replace("đ", "d") == word.folded:
            parts += [composed[last : word.start], new]
            last = word.end
    return nfc("".join([*parts, composed[last:]]))


def _from_telex(token: str) -> str:
    token = token.replace("dd", "d").replace("w", "")
    vowel = _VOWEL.search(token)
    if vowel is None:
        return token
    tail = re.sub(r"[sfrxj]", "", token[vowel.start() :])
    return token[: vowel.start()] + re.sub(r"([aeo])(\w*?)\1", r"\1\2", tail)


def _from_vni(token: str) -> str:
    vowel = _VOWEL.search(token)
    digit = re.search(r"\d", token)
    # A digit before the first vowel is a code ("K7A3"), except the 9 of "d9".
    if (
        vowel is None
        or digit is None
        or len(token) < 3
        or (digit.start() < vowel.start() and not token.startswith("d9"))
    ):
        return token
    return re.sub(r"\d", "", token)


def decode_word(folded: str) -> str:
    """A folded word typed with the Vietnamese keyboard off: "ddawng" gives "dang", "tie61ng" gives "tieng".

    A word that is Vietnamese as it stands, is on the list of words to keep, or does not become Vietnamese is returned
    unchanged, so that codes and foreign words pass.
    """
    lists = word_lists()
    if is_syllable(folded) or folded in lists.keep or len(folded) > 12 or not folded[:1].isalpha():
        return folded
    stem = folded.rstrip("0123456789")
    if stem != folded and stem in lists.units:  # "thon3" is hamlet 3, not a tone
        return folded
    plain = _from_telex(folded) if folded.isalpha() else _from_vni(folded)
    return plain if is_syllable(plain) else folded


def decode(text: str) -> str:
    """`text` with the leftovers of Telex and VNI typing taken out; the words changed are lower case without marks.

    A chunk with punctuation inside (an address, a code like PA-7K3M-9QXD) and a word with marks are left alone.
    """
    composed = nfc(text)
    parts, last = [], 0
    for word in words(composed):
        alone = not _joined(composed, word.start - 1) and not _joined(composed, word.end)
        plain = decode_word(word.folded) if alone and not has_marks(word) else word.folded
        if plain != word.folded:
            parts += [composed[last : word.start], plain]
            last = word.end
    return nfc("".join([*parts, composed[last:]]))


def _joined(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at] in "-_/@:#&=%+"


def plain(text: str) -> str:
    """The view for matching: cleaned, letters un-held, keyboard leftovers and abbreviations resolved, folded."""
    return fold(expand(decode(squeeze(clean(text)))))
