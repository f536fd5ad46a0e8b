"""Knowledge: FAQ, places and sentences, built from content and storage, kept fresh as officials edit."""

from dataclasses import dataclass
from functools import lru_cache

import structlog

from bot.config import Settings
from bot.media import MediaStore
from content.dates import local
from content.faq import SMALLTALK, STARTER, Entry, FaqIndex, Library, load_entries, parse_entry
from content.news import Bulletin, bulletin
from content.texts import Texts
from content.units import Gazetteer
from handlers import Knowledge, Manners
from storage import Transaction, announcements, faq
from storage.announcements import Announcement

log = structlog.get_logger()

MOST_NEWS = 20  # announcements of a commune that a question is held against, newest first


def manners_of(settings: Settings) -> Manners:
    """The settings that change what is said."""
    return Manners(
        controller=settings.controller,
        consent_version=settings.consent_version,
        forward_wait_ms=int(settings.forward_wait_minutes * 60_000),
        public_url=settings.public_url,
    )


def seed(tx: Transaction) -> None:
    """Put the starter entries into a database that has none; afterwards they belong to the officials."""
    if faq.version(tx) == 0:
        for entry in load_entries(STARTER):
            faq.put(tx, entry.to_json())


def build(tx: Transaction, manners: Manners, gazetteer: Gazetteer) -> Knowledge:
    """Everything a turn may know, from the files and the database."""
    know = Knowledge(Library(), FaqIndex(load_entries(SMALLTALK)), gazetteer, Texts.load(), manners)
    refresh(tx, know)
    return know


def keep_recordings(know: Knowledge, store: MediaStore) -> None:
    """Put the recordings of fixed sentences where letters take their voice from."""
    know.recordings = {which: store.keep(path.read_bytes()) for which, path in know.texts.recordings().items()}


@dataclass(frozen=True)
class Changes:
    """What changed since some version, read in one transaction and to be applied outside it."""

    version: int
    at: int  # ms UTC
    entries: list[tuple[Entry, bool]]  # each with whether it was taken out
    news: list[tuple[list[str], Bulletin]]  # newest first, each with its communes


def changes(tx: Transaction, older: int) -> Changes | None:
    """What officials edited or published after version `older`; None when there is nothing."""
    newest = faq.version(tx)
    if newest == older and older:
        return None
    entries = [(parse_entry(data), deleted) for data, deleted in faq.changed_since(tx, older)]
    return Changes(newest, tx.now, entries, [_ready(row) for row in announcements.current(tx)])


def _ready(row: Announcement) -> tuple[list[str], Bulletin]:
    return announcements.communes(row), _bulletin(row.id or 0, row.title, row.body, row.valid_until)


_bulletin = lru_cache(maxsize=2000)(bulletin)  # an edit to the FAQ changes none of them


def apply(know: Knowledge, new: Changes | None) -> None:
    """Put what changed into what a turn may know."""
    if new is None or new.version < know.faq_version:
        return
    know.faq.roll(max(local(new.at).date(), know.faq.day))  # a turn after midnight may have come first
    for entry, deleted in new.entries:
        if deleted:
            know.faq.remove(entry.id)
        else:
            know.faq.put(entry)
    news: dict[str, list[Bulletin]] = {}
    for communes, one in new.news:
        for commune in communes:
            news.setdefault(commune, []).append(one)
    know.news = {commune: tuple(rows[:MOST_NEWS]) for commune, rows in news.items()}
    know.faq_version = new.version


def refresh(tx: Transaction, know: Knowledge) -> None:
    """Both at once."""
    apply(know, changes(tx, know.faq_version))
