"""Posts to many at once: the groups of hamlets, and the account's own article. They are rows of the same ledger."""

from content.hamlets import key as keyed
from handlers import terms as agreed
from storage import Transaction, accounts, announcements, groups, outbox, quotas, routes
from storage.accounts import Account
from storage.announcements import LANE, Announcement
from storage.outbox import Delivery

BEFORE_MS = 10  # a post reaches many with one call: it is due before everybody's own letter


def post_collective(tx: Transaction, row: Announcement) -> int:
    """Write down one post for each group that news is for, once it is published and its letters are written; how many.

    A correction follows its original into the groups by the ledger itself.
    """
    letter_id = announcements.letters(tx, row.id or 0).get("zalo_oa")
    if row.corrects_id or letter_id is None:
        return 0
    chosen = groups.alive(tx, announcements.communes(row))
    if row.priority != "emergency" and (named := announcements.hamlets(row)):
        keys = {keyed(name) for name in named}
        chosen = [one for one in chosen if one.hamlet_key in keys]
    for one in chosen:
        _post(tx, row, letter_id, "group", one.account_id, one.chat, one.commune, one.hamlet_key)
    return len(chosen)


def post_article(tx: Transaction, row: Announcement) -> int:
    """Write down one post for each account whose article an official chose to send with it; how many."""
    letter_id, chosen = announcements.letters(tx, row.id or 0).get("zalo_oa"), offered(tx, row)
    if letter_id is None:
        return 0
    for one in chosen:
        _post(tx, row, letter_id, "article", one.id or 0, agreed.of(one).article, row.commune, "")
    return len(chosen)


def offered(tx: Transaction, row: Announcement) -> list[Account]:
    """Accounts whose article may go with news: it means region and city, never a part of a commune.

    One was prepared, the account's commune is the whole area, and the day and the month have room for it.
    """
    urgent = row.priority == "emergency"
    whole = announcements.communes(row) == [row.commune] and (urgent or not announcements.hamlets(row))
    if row.corrects_id or not whole:
        return []
    mine = [one for one in accounts.every(tx) if one.channel == "zalo_oa" and one.commune == row.commune]
    return [one for one in mine if one.status == "active" and _room(tx, one, urgent)]


def _room(tx: Transaction, account: Account, urgent: bool) -> bool:
    terms, number = agreed.of(account), account.id or 0
    if not terms.article or routes.articles_since(tx, number, agreed.today(tx.now)) >= terms.articles_per_day:
        return False
    used = quotas.used(tx, number, agreed.month(tx.now)).get("article", 0)
    return terms.left("article", used, urgent) != 0


def _post(
    tx: Transaction, row: Announcement, letter_id: int, route: str, account_id: int, chat: str, commune: str, place: str
) -> None:
    outbox.post(
        tx,
        Delivery(
            letter_id=letter_id,
            account_id=account_id,
            chat=chat,
            lane=LANE[row.priority],
            due_at=row.published_at - BEFORE_MS,
            valid_until=row.valid_until,
            route=route,
            once=row.once or route == "article",  # a second one would be over what a follower gets a day
            announcement_id=row.id,
            commune=commune,
            hamlet_key=place,
            created_at=tx.now,
        ),
    )
