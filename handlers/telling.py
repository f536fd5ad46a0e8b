"""Telling an answer: its words, source and day; its forms; what is asked next; and a note of it for a moment.

What is asked next stands under the answer as numbers, and whatever else people type passes it by: step "more" is an
open question only for its own numbers and labels.
"""

from dataclasses import replace

from content.channels import KINDS
from content.dates import when
from content.faq import Attachment, Entry
from handlers import announcements as spoken
from handlers import aside
from handlers.knowledge import NEWS_NOTE
from handlers.turn import Turn
from storage import announcements, media
from storage.announcements import Announcement

LINK_MS = 30 * 24 * 3_600_000  # a form's address works as long as the words around it are kept
LONGEST_LABEL = 80


def answer(turn: Turn, entry: Entry, commune: str, news: tuple[int, ...] = ()) -> None:
    """An entry. `news`: announcements that the question may have been about as well."""
    text = turn.words("faq.answer", answer=entry.answer, source=_source(turn, entry))
    leant = turn.matched.leant and entry.id == turn.note.get("id")
    if leant:
        text = "\n\n".join([turn.words("faq.about", question=entry.question), text])
    if entry.commune and entry.commune != turn.home():
        text = "\n".join([turn.words("faq.elsewhere", commune=turn.place_name(entry.commune)), text])
    lines, documents = _forms(turn, entry)
    _show(turn, "\n".join([text, *lines]), _nexts(turn, entry, commune, news, leant), commune)
    turn.said[-1] = replace(turn.said[-1], documents=documents)
    turn.note = {"id": entry.id, "at": turn.tx.now}


def _source(turn: Turn, entry: Entry) -> str:
    if not entry.source:
        return ""
    if not entry.reviewed_at:
        return turn.words("faq.source", source=entry.cited)
    return turn.words("faq.source_on", source=entry.cited, date=entry.reviewed_at.strftime("%d/%m/%Y"))


def _forms(turn: Turn, entry: Entry) -> tuple[list[str], tuple[str, ...]]:
    """A line for each form, and the files that go along where the channel carries them."""
    if not KINDS[turn.account.channel].files:
        return [_linked(turn, one) for one in entry.attachments], ()
    lines = [turn.words("faq.form_here", name=one.name) for one in entry.attachments]
    return lines, tuple(one.sha for one in entry.attachments)


def _linked(turn: Turn, form: Attachment) -> str:
    base, until = turn.know.manners.public_url, turn.tx.now + LINK_MS
    link = media.signed_address(turn.tx.vault, base, f"{form.sha}.pdf", until)
    return turn.words("faq.form", name=form.name, link=link) if link else turn.words("faq.form_at_hall", name=form.name)


def _nexts(turn: Turn, entry: Entry, commune: str, news: tuple[int, ...], leant: bool) -> list[tuple[str, str]]:
    """What may be chosen under an answer; nothing while a dialogue is open that must go on."""
    if not aside.gives_way(turn.state):
        return []
    entries = [turn.know.faq.entry(id, commune) for id in entry.follow_ups]
    options = [(one.id, one.question) for one in entries if one and one.id != entry.id]
    options = [*(_headline(turn, row) for row in holding(turn, news)[:1]), *options]
    # The last answer once more cannot be all that was asked for.
    return [*options, ("person", turn.words("faq.not_enough"))] if leant else options


def _show(turn: Turn, text: str, options: list[tuple[str, str]], commune: str) -> None:
    if options:
        asked = "\n\n".join([text.rstrip(), turn.words("faq.more")])
        turn.ask("faq", "more", asked, options, words=turn.text[:300], commune=commune)
        return
    turn.say("faq.smalltalk", answer=text)
    if turn.story == "faq":
        turn.end()


def entry(turn: Turn, taken: str, commune: str) -> None:
    """The entry, or the announcement, that was chosen."""
    found = turn.know.faq.entry(taken, commune)
    turn.end()
    if taken.startswith(NEWS_NOTE):
        news(turn, int(taken.removeprefix(NEWS_NOTE)))
    elif found:
        answer(turn, found, commune)
    else:
        turn.say("faq.gone")


def holding(turn: Turn, numbers: tuple[int, ...]) -> list[Announcement]:
    """Those announcements that hold at this moment: what was withdrawn since they were looked up does not."""
    rows = [announcements.of(turn.tx, number) for number in numbers]
    return [row for row in rows if row and announcements.holds(row, turn.tx.now)]


def _headline(turn: Turn, row: Announcement) -> tuple[str, str]:
    return f"{NEWS_NOTE}{row.id}", turn.words("faq.news", title=row.title)[:LONGEST_LABEL]


def headlines(turn: Turn, numbers: tuple[int, ...]) -> list[tuple[str, str]]:
    """Announcements as choices."""
    return [_headline(turn, row) for row in holding(turn, numbers)]


def news(turn: Turn, number: int) -> None:
    """An announcement with its code and its time; what corrected it, if something did."""
    row = announcements.of(turn.tx, number)
    if row and not announcements.holds(row, turn.tx.now):
        row = announcements.stopped_by(turn.tx, number)
    if row is None or not announcements.holds(row, turn.tx.now):
        turn.say("faq.news_over")
        return
    lines = [spoken.words(row, turn.know)]
    if row.priority != "emergency":  # an emergency says it itself
        lines.append(turn.words("announcement.until", until=when(row.valid_until)))
    turn.say("faq.smalltalk", answer="\n".join(lines))
    turn.note = {"id": f"{NEWS_NOTE}{row.id}", "at": turn.tx.now}
    if turn.story == "faq":
        turn.end()
