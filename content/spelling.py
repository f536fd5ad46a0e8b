"""The letters of Vietnamese: one Unicode form, text fit to keep, words in two views (folded, marked), syllables."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

TONES = "\u0300\u0301\u0303\u0309\u0323"  # huyền, sắc, ngã, hỏi, nặng
_APOSTROPHES = "'’‘ʼʻ`´′＇"
_BREAKS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
# A word is letters and digits with the marks and apostrophes inside it: "Ea H'Leo" is two, "D'Ran" is one.
_WORD = re.compile(rf"[^\W_](?:[\u0300-\u036f]|[{_APOSTROPHES}](?=[^\W_])|[^\W_])*")
_VOWELS = frozenset(
    letter
    for c in "aeiouy"
    for mark in ("", "\u0306", "\u0302", "\u031b")
    for tone in ("", *TONES)
    if len(letter := unicodedata.normalize("NFC", c + mark + tone)) == 1
)
_RUN = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_MOST_LETTERS = 8192  # different ones that are remembered
_SHORT = 32  # characters; longer words are no words, and not worth remembering
_SHORT_TEXT = 300  # characters; of longer texts the few that come would fill the memory
_LONG = 1000  # characters; in longer texts hostile runs of marks are cut, which cost the square of their length
_MOST_MARKS = 30  # in a row: the limit of the stream-safe text format (UAX 15)


class Word(NamedTuple):
    """One typed word. `folded` is lower case without marks and apostrophes; `marked` keeps the marks, tone last."""

    folded: str
    marked: str
    start: int  # where it stands in the text it was read from
    end: int


def nfc(text: str) -> str:
    """`text` composed (NFC): iOS and macOS send decomposed letters."""
    if len(text) <= _LONG:
        return unicodedata.normalize("NFC", text)
    return _fewer_marks(unicodedata.normalize("NFC", _fewer_marks(text)))


def _fewer_marks(text: str) -> str:
    """`text` with at most thirty marks on a letter."""
    kept, run = [], 0
    for letter in text:
        run = run + 1 if unicodedata.combining(letter) else 0
        kept += [letter] if run <= _MOST_MARKS else []
    return "".join(kept)


def clean(text: str) -> str:
    """`text` fit to store and show: NFC, no control, zero-width or bidi characters, single spaces, `\\n` line ends."""
    kept = _BREAKS.sub("\n", text).translate(_SIEVE)
    lines = (_SPACES.sub(" ", line).strip() for line in nfc(kept).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


class _Sieve(dict[int, str]):
    """A translation table that fills itself, to a size: what cannot be seen becomes nothing."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        kept = "" if letter not in "\n\t" and unicodedata.category(letter) in _UNSEEN else letter
        if len(self) < _MOST_LETTERS:
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
    """A translation table that fills itself, to a size."""

    def __missing__(self, code: int) -> str:
        letter = _fold_letter(code)
        if len(self) < _MOST_LETTERS:
            self[code] = letter
        return letter


_FOLDER = _Folder()


def fold(text: str) -> str:
    """`text` in lower case without marks: đ and Ð become d, every apostrophe becomes ', spaces are single."""
    return " ".join(text.translate(_FOLDER).split())


def _views(token: str) -> tuple[str, str]:
    return _short_views(token) if len(token) <= _SHORT else _both_views(token)


@lru_cache(maxsize=8192)
def _short_views(token: str) -> tuple[str, str]:
    return _both_views(token)


def _both_views(token: str) -> tuple[str, str]:
    apart = unicodedata.normalize("NFD", token.lower().replace("ð", "đ"))
    tone = next((c for c in apart if c in TONES), "")
    letters = "".join(c for c in apart if c not in TONES and c not in _APOSTROPHES)
    return fold(token).replace("'", "").replace(" ", ""), nfc(letters) + tone


def words(text: str) -> list[Word]:
    """The words of `text`. Old and new tone placement give the same `marked` ("hoà" and "hòa", "qúy" and "quý")."""
    return list(_short_text(text)) if len(text) <= _SHORT_TEXT else _words(text)


@lru_cache(maxsize=256)
def _short_text(text: str) -> tuple[Word, ...]:
    """One turn reads a message a dozen times, each story for itself."""
    return tuple(_words(text))


def _words(text: str) -> list[Word]:
    found = ((m, *_views(m.group())) for m in _WORD.finditer(nfc(text)))
    return [Word(folded, marked, m.start(), m.end()) for m, folded, marked in found if folded]


def syllables(text: str) -> list[str]:
    """The folded words of `text`, without punctuation: "Ở xã Đ'Ran?" gives o, xa, dran."""
    return [word.folded for word in words(text)]


def has_marks(word: Word) -> bool:
    """Whether the word was typed with a Vietnamese mark (đ counts)."""
    return word.marked != word.folded


def squeeze(text: str) -> str:
    """Letters held down become one ("alooo", "xaaa", "khônggg"); "cccd", "kkk" and digits are left alone."""
    return _RUN.sub(_squeezed, text)


def _squeezed(run: re.Match[str]) -> str:
    """A vowel, a word's last consonant, or any consonant held very long: "cccd" and "www" are words."""
    letter, text = run.group()[0], run.string
    before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
    last = before.isalpha() and not after.isalnum()
    long = len(run.group()) > 3 and after.lower() in _VOWELS
    return letter if letter.lower() in _VOWELS or last or long else run.group()


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
