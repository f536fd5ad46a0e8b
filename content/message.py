"""What they said and what we say: one shape for every channel.

`Heard` is one thing a citizen did, read from a platform's webhook or poll. `Said` is one thing the bot wants to
say; `content.letters.fit` turns it into the `Part`s that one kind of channel can carry, one call to the platform each.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

HeardKind = Literal[
    "text",  # they typed something; `text`
    "tap",  # they pressed one of our buttons; `payload` is what we put on it
    "start",  # they opened our link; `payload` is the link's payload ("" when there is none)
    "media",  # photo, voice, video, file or sticker; `attached`, and `text` when there is a caption
    "place",  # a location pin; `place`
    "follow",  # they began to follow the account (Zalo OA) or unblocked us
    "unfollow",  # they left or blocked us
    "withdraw",  # the platform's own "erase my data" (Zalo user_withdraw)
    "unsupported",  # something the platform would not show us; answer politely, store nothing of it
]
MediaKind = Literal["image", "voice", "video", "file", "sticker"]
PartKind = Literal["text", "voice", "photo", "file"]


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the earth in WGS 84 degrees."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Attached:
    """A file a citizen sent. `ref` is a URL (Zalo) or a file id to be asked for (Telegram)."""

    kind: MediaKind
    ref: str
    mime: str = ""
    size: int = 0  # bytes; 0 = the platform did not say
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing a citizen did.

    `at` is the event's own time in ms UTC (never the time of arrival). `key` is unique within the account, the same
    for every redelivery of the same event. An edited message has `edited` set and a key of its own.
    """

    channel: str  # telegram | zalo_oa | zalo_bot
    account: str  # the platform's id of our account: OA id, bot id
    chat: str
    key: str
    at: int
    kind: HeardKind
    text: str = ""
    payload: str = ""
    attached: tuple[Attached, ...] = ()
    place: Place | None = None
    name: str = ""  # display name, chosen by the citizen: never trusted, always quoted and labelled
    edited: bool = False
    group: bool = False  # said in a group, not in a private chat

    def to_json(self) -> dict[str, Any]:
        """Plain data for the (encrypted) inbox row; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Heard":
        """The `Heard` that `to_json` wrote."""
        place = data.get("place")
        return cls(
            **{
                **data,
                "attached": tuple(Attached(**one) for one in data.get("attached", ())),
                "place": Place(**place) if place else None,
            }
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """One numbered answer. `key` is what they type ("1", "11"); `label` what they read or say."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to say. `question` ties its choices to the dialogue that asked: an old button is no answer."""

    text: str
    choices: tuple[Choice, ...] = ()
    question: str = ""
    voice: str = ""  # sha256 of a recording in the media store, sent after the text
    listen: str = ""  # address of the listening page, for channels that cannot carry a voice message
    files: tuple[str, ...] = ()  # sha256 of photos to send after the text
    documents: tuple[str, ...] = ()  # sha256 of forms to send after the text, where the channel carries files
    urgent: bool = False  # an emergency: never silent


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a text. `payload` comes back as `Heard.payload` of a tap."""

    label: str
    payload: str


@dataclass(frozen=True, slots=True)
class Part:
    """One call to the platform. A letter is an ordered list of these."""

    kind: PartKind
    text: str = ""  # the text, or the caption of a photo
    buttons: tuple[Button, ...] = ()
    media: str = ""  # sha256 in the media store
    silent: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain data for a letter's row."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Part":
        """The part that `to_json` wrote."""
        return cls(**{**data, "buttons": tuple(Button(**one) for one in data.get("buttons", ()))})


@dataclass(frozen=True, slots=True)
class Reply:
    """What a story decided to say, in order. Empty is a mistake: a citizen never meets silence."""

    said: tuple[Said, ...] = field(default_factory=tuple)
