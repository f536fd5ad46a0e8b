"""Putting words into the outbox: replies, and announcements for one address."""

from collections.abc import Sequence

from content.channels import KINDS
from content.letters import fit
from content.message import Said
from storage import Transaction, accounts, announcements, corrections, outbox
from storage.accounts import Account
from storage.announcements import LANE, Announcement
from storage.citizens import Address, Citizen
from storage.outbox import Delivery

DAY_MS = 24 * 3_600_000


def reply(tx: Transaction, address: Address, channel: str, said: Sequence[Said]) -> list[int]:
    """What we answer, in order, one letter each, which goes stale after a day; the deliveries' ids."""
    return [_post(tx, address, channel, one, outbox.CONVERSATION, valid_until=tx.now + DAY_MS) for one in said]


def tell(tx: Transaction, address: Address, said: Said, offer: str = "", report_id: int | None = None) -> int:
    """News that nobody asked for at this moment (an answer to a report): never stale, waits for a closed window."""
    account = accounts.of(tx, address.account_id)
    channel = account.channel if account else ""
    return _post(tx, address, channel, said, outbox.STATUS, offer, report_id=report_id)


def _post(
    tx: Transaction, address: Address, channel: str, said: Said, lane: int, offer: str = "", **more: int | None
) -> int:
    letter = outbox.write_letter(tx, channel, fit(said, KINDS[channel]), offer)
    return outbox.enqueue(tx, letter, address.account_id, address.chat, lane, address_id=address.id, **more)


def in_force(tx: Transaction, address: Address, channel: str, commune: str) -> int:
    """Send what an address has missed, and must know: what takes back something it was told, and every emergency
    still in force in a commune; how many went."""
    news = {row.id: row for row in (*_taken_back(tx, address), *announcements.in_force(tx, commune))}
    waiting = [row for row in news.values() if not announcements.reached(tx, row.id or 0, address.id or 0)]
    for row in waiting:
        _send_announcement(tx, address, channel, row)
    return len(waiting)


def _taken_back(tx: Transaction, address: Address) -> list[Announcement]:
    """The last corrections or withdrawals of what they may know; of emergencies alone to who receives nothing else."""
    citizen = tx.session.get(Citizen, address.citizen_id)
    everything = citizen is not None and not citizen.stopped_at
    last = [_last(tx, number) for number in corrections.void(tx, address.id or 0)]
    return [row for row in last if row and row.valid_until > tx.now and (everything or row.priority == "emergency")]


def _last(tx: Transaction, announcement_id: int) -> Announcement | None:
    """What holds now in place of an announcement that was stopped."""
    row = announcements.stopped_by(tx, announcement_id)
    while row and row.stopped_at:
        row = announcements.stopped_by(tx, row.id or 0)
    return row


def _send_announcement(tx: Transaction, address: Address, channel: str, row: Announcement) -> None:
    letter_id = announcements.letters(tx, row.id or 0).get(channel)
    lane = LANE[row.priority]
    if letter_id is None or outbox.revive(tx, row.id or 0, address.id or 0, lane):
        return
    outbox.post_news(
        tx,
        Delivery(
            letter_id=letter_id,
            account_id=address.account_id,
            address_id=address.id,
            chat=address.chat,
            lane=lane,
            due_at=tx.now,
            valid_until=row.valid_until,
            once=row.once,
            announcement_id=row.id,
            commune=row.commune,
            created_at=tx.now,
        ),
    )


def farewell(tx: Transaction, account: Account, chat: str, text: str) -> None:
    """A last word to somebody we have just forgotten: it belongs to no address any more."""
    letter = outbox.write_letter(tx, account.channel, fit(Said(text), KINDS[account.channel]))
    outbox.enqueue(tx, letter, account.id or 0, chat, outbox.CONVERSATION, valid_until=tx.now + DAY_MS)
