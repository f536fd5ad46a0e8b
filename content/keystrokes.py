"""A syllable while it is being typed with Telex or VNI: what each key does to it."""

import re
import unicodedata

from content.spelling import TONES, nfc

VOWELS = frozenset("aeiouyăâêôơư")
TELEX_TONES = dict(zip("fsxrj", TONES, strict=True))
_VNI_TONES = dict(zip("21435", TONES, strict=True))
_HATS = {"a": "â", "e": "ê", "o": "ô"}
_HOOKS = {"a": "ă", "o": "ơ", "u": "ư"}


class Keys:
    """A syllable while it is being typed."""

    def __init__(self) -> None:
        self.letters: list[str] = []
        self.tone = ""
        self.sure = False  # a key pattern that no other language has: dd, aa, ow, 61
        self.late = False  # a key far from its letter, which people seldom type

    def vowels(self) -> list[int]:
        """Where the vowels stand, without the u of "qu"."""
        start = 2 if self.letters[:2] == ["q", "u"] else 0
        return [at for at, c in enumerate(self.letters) if at >= start and c in VOWELS]

    def put_tone(self, tone: str) -> bool:
        """Set the tone; a second one is a slip, or another language ("cars")."""
        if self.tone:
            return False
        self.tone = tone
        return True

    def bar(self) -> bool:
        """The second d."""
        if self.letters[:1] != ["d"]:
            return False
        self.sure |= len(self.letters) == 1
        self.late |= len(self.letters) > 1
        self.letters[0] = "đ"
        return True

    def hat(self, letter: str, *, late: bool = True) -> bool:
        """Put the hat on the last `letter`; `late`: even if another one was typed since."""
        if letter not in self.letters or not (late or self.letters[-1] == letter):
            return False
        at = len(self.letters) - 1 - self.letters[::-1].index(letter)
        self.sure |= at == len(self.letters) - 1
        self.late |= at != len(self.letters) - 1
        self.letters[at] = _HATS[letter]
        return True

    def hook(self, of: str) -> bool:
        """Put the horn or the bow on a letter of `of`: on both of "uo", on the u of "ua"."""
        vowels = "".join(self.letters[at] for at in self.vowels())
        if not vowels:
            return False
        at = self.vowels()[0]
        if "uo" in vowels and "o" in of:
            self.letters[at : at + 2] = ["ư", "ơ"]
        elif "ua" in vowels and "u" in of:
            self.letters[at] = "ư"
        else:
            found = next((c for c in "aou" if c in of and c in vowels), "")
            if not found:
                return False
            self.letters[self.letters.index(found, at)] = _HOOKS[found]
        self.sure = True
        return True

    def word(self) -> tuple[str, str]:
        """Letters with their marks, and the tone."""
        letters = "".join(self.letters).replace("ưo", "ươ")
        letters = re.sub("uơ(?=[a-z])", "ươ", letters)
        return re.sub("ươ$", "uơ", letters), self.tone


def telex(token: str, *, late: bool = True) -> Keys | None:
    """The keys of Telex; None where they make no syllable. `late`: a hat may come long after its letter."""
    keys = Keys()
    for c in token:
        voiced = bool(keys.vowels())
        if c in TELEX_TONES and voiced:
            done = keys.put_tone(TELEX_TONES[c])
        elif c == "w":
            done = keys.hook("aou") or _horned(keys)
        elif c in "dđ" and keys.letters == ["đ"]:  # barred already, and typed again: "đđơn"
            done = keys.sure = True
        elif (c == "d" and keys.letters and keys.bar()) or (c in _HATS and keys.hat(c, late=late)):
            done = True
        else:
            done = _letter(keys, c)
        if not done:
            return None
    return keys


def _horned(keys: Keys) -> bool:
    """A w that stands for ư itself ("nhwng"), or repeats what is hooked already ("nguwowif")."""
    if not keys.vowels():
        keys.letters.append("ư")
        keys.sure = True
    return any(c in "ăơư" for c in keys.letters)


def vni(token: str) -> Keys | None:
    """The keys of VNI; None where they make no syllable."""
    keys = Keys()
    for c in token:
        if c in _VNI_TONES:
            done = bool(keys.vowels()) and keys.put_tone(_VNI_TONES[c])
        elif c == "6":
            done = any(keys.hat(one) for one in reversed(keys.letters) if one in _HATS)
            keys.sure, keys.late = True, False
        elif c in "78":
            done = keys.hook("ou" if c == "7" else "a")
        elif c == "9":
            done = keys.bar()
            keys.sure, keys.late = True, False
        else:
            done = _letter(keys, c)
        if not done:
            return None
    return keys


def _letter(keys: Keys, c: str) -> bool:
    """A plain letter, or one that carries its mark already ("đươngf")."""
    apart = unicodedata.normalize("NFD", c)
    tone = next((one for one in apart if one in TONES), "")
    keys.letters.append(nfc(apart.replace(tone, "")) if tone else c)
    return not c.isdigit() and (not tone or keys.put_tone(tone))
