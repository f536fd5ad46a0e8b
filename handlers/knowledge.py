"""What a turn may know besides the database: FAQ, places, sentences. Built by bot, read by stories."""

from dataclasses import dataclass, field

from content.commands import command
from content.faq import Entry, FaqIndex, Match
from content.texts import Texts
from content.units import Found, Gazetteer

MINUTE_MS = 60_000


@dataclass(frozen=True)
class Manners:
    """Settings that change what is said."""

    controller: str = "UBND tỉnh"  # who keeps the data, as the consent says it
    consent_version: int = 1
    forward_wait_ms: int = 10 * MINUTE_MS  # how long a report waits for its sender's name
    public_url: str = ""  # where our own pages are reached; empty = nowhere
    demo: bool = False


@dataclass
class Knowledge:
    """`faq` and `smalltalk` are searched; `faq_version` says which edits they hold."""

    faq: FaqIndex
    smalltalk: FaqIndex
    gazetteer: Gazetteer
    texts: Texts
    manners: Manners = field(default_factory=Manners)
    faq_version: int = 0
    # (language, noun.key) → sha256 in the media store of a human's recording (`Texts.recording`)
    recordings: dict[tuple[str, str], str] = field(default_factory=dict)

    def recording(self, language: str, text: str) -> str:
        """The sha256 of the recording of a fixed sentence; empty when nobody made one."""
        spoken = self.texts.by_language.get(language, {})
        found = (
            sha for (of, key), sha in self.recordings.items() if of == language and spoken.get(key, "").strip() == text
        )
        return next(found, "")

    def entry(self, entry_id: str) -> Entry | None:
        """A served FAQ entry; None when it was taken out meanwhile."""
        try:
            return self.faq.entry(entry_id)
        except KeyError:
            return None


@dataclass(frozen=True)
class Matched:
    """What was found for a text, before any transaction began."""

    faq: list[Match] = field(default_factory=list)
    smalltalk: list[Match] = field(default_factory=list)
    place: Found | None = None


LONGEST = 2000  # characters that are looked at: a whole document pasted is still one question


def match(know: Knowledge, text: str) -> Matched:
    """Search FAQ and places for `text`, outside any transaction."""
    words = text[:LONGEST].strip()
    if not words or words.isdigit() or command(words):
        return Matched()  # a number or a command is an answer to us, not a question
    place = know.gazetteer.find(words)
    if place.place_only and place.typed:
        return Matched(place=place)  # "xã Thanh Nưa" asks nothing
    return Matched(know.faq.search(words), know.smalltalk.search(words), place)
