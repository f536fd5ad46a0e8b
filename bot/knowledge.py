"""Knowledge: FAQ, places and sentences, built from content and storage, kept fresh as officials edit."""

from datetime import date

import structlog

from bot.config import Settings
from bot.media import MediaStore
from content.dates import local
from content.faq import SMALLTALK, STARTER, FaqIndex, load_entries, parse_entry
from content.texts import Texts
from content.units import Gazetteer
from handlers import Knowledge, Manners
from storage import Transaction, faq

log = structlog.get_logger()


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


def build(tx: Transaction, manners: Manners) -> Knowledge:
    """Everything a turn may know, from the files and the database."""
    know = Knowledge(FaqIndex(), FaqIndex(load_entries(SMALLTALK)), Gazetteer.load(), Texts.load(), manners)
    refresh(tx, know)
    return know


def keep_recordings(know: Knowledge, store: MediaStore) -> None:
    """Put the recordings of fixed sentences where letters take their voice from."""
    know.recordings = {which: store.keep(path.read_bytes()) for which, path in know.texts.recordings().items()}


def refresh(tx: Transaction, know: Knowledge) -> None:
    """Apply the entries that officials changed since; what is draft, expired or taken out leaves the index."""
    newest, today = faq.version(tx), local(tx.now).date()
    for data, deleted in faq.changed_since(tx, know.faq_version):
        _apply(know, data, deleted, today)
    know.faq_version = newest


def _apply(know: Knowledge, data: dict[str, object], deleted: bool, today: date) -> None:
    entry = parse_entry(data)
    if not deleted and entry.served_on(today):
        know.faq.add(entry)
    elif know.entry(entry.id):
        know.faq.remove(entry.id)
