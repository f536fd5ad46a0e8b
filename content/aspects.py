"""Short questions that lean on the answer before them: "thế mất bao nhiêu tiền?", "ở đâu", "còn giấy tờ thì sao".

Nothing here looks for a subject; it only says that a text has none, and which side of the last subject it asks about.
"""

from content.vietnamese import plain, syllables

LONGEST = 8  # syllables; who says more names what it is about
# Phrases without marks, for they are compared with folded text. The first that stands in a text says the aspect.
ASPECTS: dict[str, tuple[str, ...]] = {
    "fee": (
        "bao nhieu tien",
        "le phi",
        "mat phi",
        "co phi",
        "phi",
        "may tien",
        "bao tien",
        "bao nhieu",
        "ton",
        "mien phi",
    ),
    "time": ("bao lau", "may ngay", "may hom", "mat may", "khi nao", "bao gio", "chung nao", "thoi han", "ngay nao"),
    "hours": ("may gio", "gio nao", "luc nao", "thu may"),
    "place": ("o dau", "cho nao", "noi nao", "o mo", "den dau", "toi dau", "dau", "nop dau"),
    "papers": (
        "giay to gi",
        "giay gi",
        "giay to",
        "ho so",
        "can gi",
        "mang gi",
        "mang theo gi",
        "nhung gi",
        "can nhung",
    ),
    "who": ("gap ai", "hoi ai", "ai lam", "ai ky", "nop cho ai"),
    "online": ("qua mang", "tren mang", "online", "truc tuyen"),
}
# Everything such a text may be made of. One word more, and it has a subject of its own.
_SMALL = """
the vay con thi sao la a nhe nha ha hong khong ko duoc co mat het tien le phi can phai nop lay nhan tra lam viec nay do
cai ay kia ma gi nhu toi tui em minh con chau ong ba cho vao ra den bao gom nhung nua xong ngay gio moi roi da thua oi
ad di mang theo dem them o tai
"""
_GENERIC = frozenset(f"{_SMALL} {' '.join(phrase for phrases in ASPECTS.values() for phrase in phrases)}".split())
# "thế còn …" and "… thì sao" turn to a neighbouring subject; bare "con" and "the" are also a child and a card.
_TURNS = ("the con", "vay con", "the neu", "vay neu", "the thi", "vay thi")
_TURN_ENDS = ("thi sao", "thi the nao", "thi lam sao", "sao a", "thi sao a", "thi sao nhi")


def said(text: str) -> list[str]:
    """The folded syllables of what was typed, abbreviations resolved."""
    return syllables(plain(text[:200]))


def aspect(text: str) -> str:
    """A key of `ASPECTS` when `text` asks about that side of something it does not name; "" otherwise."""
    words = said(text)
    if not words or len(words) > LONGEST or any(word not in _GENERIC for word in words):
        return ""
    return next(iter(_aspects_in(" ".join(words))), "")


def leans(text: str) -> bool:
    """Whether a short text says by its form that it goes on from something: "còn làm lại thì sao"."""
    words = said(text)
    spoken = " ".join(words)
    starts = any(spoken.startswith(f"{one} ") for one in _TURNS)
    return 1 < len(words) <= LONGEST and (starts or any(spoken.endswith(f" {one}") for one in _TURN_ENDS))


def speaks_of(question: str, side: str) -> bool:
    """Whether a full question is about one side of its subject."""
    return side in _aspects_in(" ".join(said(question)))


def _aspects_in(spoken: str) -> list[str]:
    padded = f" {spoken} "
    return [name for name, phrases in ASPECTS.items() if any(f" {phrase} " in padded for phrase in phrases)]
