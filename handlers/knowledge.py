"""What a turn may know besides the database: FAQ, places, sentences. Built by bot, read by stories."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from content import news
from content.aspects import aspect, leans, speaks_of
from content.commands import command
from content.dates import local
from content.faq import Entry, FaqIndex, Library, Match
from content.news import Bulletin, Told
from content.placeless import without
from content.texts import Texts
from content.units import Found, Gazetteer
from content.vietnamese import clean

MINUTE_MS = 60_000
NOTE_MS = 10 * MINUTE_MS  # how long "thế mất bao nhiêu tiền" is about the last answer
NEWS_NOTE = "tin:"  # before the id of an announcement, where an entry's id may stand


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
    """`faq` and `smalltalk` are searched; `faq_version` says which edits, and which announcements, they hold."""

    faq: Library
    smalltalk: FaqIndex
    gazetteer: Gazetteer
    texts: Texts
    manners: Manners = field(default_factory=Manners)
    faq_version: int = 0
    # (language, noun.key) → sha256 in the media store of a human's recording (`Texts.recording`)
    recordings: dict[tuple[str, str], str] = field(default_factory=dict)
    news: dict[str, tuple[Bulletin, ...]] = field(default_factory=dict)  # commune → what holds there, newest first

    def recording(self, language: str, text: str) -> str:
        """The sha256 of the recording of a fixed sentence; empty when nobody made one."""
        spoken = self.texts.by_language.get(language, {})
        found = (
            sha for (of, key), sha in self.recordings.items() if of == language and spoken.get(key, "").strip() == text
        )
        return next(found, "")


def note_holds(note: dict[str, Any], now: int) -> bool:
    """Whether what they were answered last was a moment ago."""
    return bool(note) and now - int(note.get("at", 0)) <= NOTE_MS


@dataclass(frozen=True)
class Matched:
    """What was found for a text: by `match` for anybody, before any transaction began; by `fitted` for who asks."""

    faq: Sequence[Match] = ()
    smalltalk: Sequence[Match] = ()
    place: Found | None = None
    news: Told = field(default_factory=Told)
    words: str = ""  # that were searched; "": none
    asked: str = ""  # the same without the commune that they name, if they ask of one
    commune: str = ""  # whose answers these are: the one that the words name, else the asker's
    leant: bool = False  # on the answer before it


LONGEST = 2000  # characters that are looked at: a whole document pasted is still one question


def asks(text: str) -> str:
    """The words of a text that are to be searched; "": a number or a command is an answer to us, not a question."""
    words = clean(text[:LONGEST])
    return "" if not words or words.isdigit() or command(words) else words


def match(know: Knowledge, text: str) -> Matched:
    """Search FAQ, small talk and places for `text`, outside any transaction and whoever asks: what costs most."""
    words = asks(text)
    if not words:
        return Matched()
    place = know.gazetteer.find(words)
    if place.place_only and place.typed:
        return Matched(place=place)  # "xã Thanh Nưa" asks nothing
    named = place.candidates[0].commune if place.typed and place.fits == 1 and place.candidates else None
    asked = without(words, named) if named else words
    commune = named.code if named and asked != words else ""
    return Matched(know.faq.search(asked), know.smalltalk.search(words), place, Told(), words, asked, commune)


def fitted(know: Knowledge, found: Matched, communes: Sequence[str], note: str, now: int) -> Matched:
    """What `match` found, for somebody who follows `communes` (their home first) and was answered `note` last: an
    entry's id, NEWS_NOTE and a number, or nothing; at `now`, ms UTC."""
    if not found.words:
        return found
    know.faq.roll(local(now).date())
    communes = (found.commune,) if found.commune else communes
    commune = next(iter(communes), "")
    holding = _bulletins(know, communes)
    ours = replace(
        found,
        faq=know.faq.narrowed(found.faq, found.asked, commune),
        news=news.find(found.asked, holding, now) if holding else Told(),
        commune=commune,
    )
    return _leaning(know, ours, note) if note else ours


def _bulletins(know: Knowledge, communes: Sequence[str]) -> list[Bulletin]:
    """What holds in these communes, each once."""
    every = [one for commune in communes for one in know.news.get(commune, ())]
    return list({one.number: one for one in every}.values())


def _leaning(know: Knowledge, found: Matched, note: str) -> Matched:
    """The same in the light of the answer before, where the words alone are about nothing."""
    side = aspect(found.words)
    if not side and (_stands(found) or not leans(found.words)):
        return found
    if note.startswith(NEWS_NOTE):
        number = int(note.removeprefix(NEWS_NOTE))
        return replace(found, news=Told((number,), True, True), leant=True) if side else found
    last = know.faq.entry(note, found.commune)
    if last is None:
        return found
    if side:
        return replace(found, faq=[Match(_on(know, last, side, found.commune), 1.0, True)], news=Told(), leant=True)
    # A neighbouring subject: what the two say together may be offered, but it is never sure.
    together = know.faq.search(f"{last.question} {found.words}"[:LONGEST], found.commune)
    return replace(found, faq=[one._replace(confident=False) for one in together], leant=True)


def _stands(found: Matched) -> bool:
    return found.news.sure or any(one.confident for one in (*found.faq[:1], *found.smalltalk[:1]))


def _on(know: Knowledge, last: Entry, side: str, commune: str) -> str:
    """The entry that tells this side of the last one's subject: one that is asked next, else the last itself."""
    nexts = [know.faq.entry(id, commune) for id in last.follow_ups]
    return next((one.id for one in nexts if one and speaks_of(one.question, side)), last.id)


__all__ = ["LONGEST", "NEWS_NOTE", "Knowledge", "Manners", "Matched", "fitted", "match", "note_holds"]
