"""Forgetting what was said and to whom: when a person is erased, and when it has been kept long enough."""

from collections.abc import Iterable

from sqlalchemy import update
from sqlmodel import col, select

from storage import citizens, inbox, media, reports
from storage.citizens import Citizen
from storage.erasures import Erasure
from storage.outbox import Delivery, Letter
from storage.transaction import Transaction


def erase(tx: Transaction, citizen: Citizen) -> None:
    """Forget a person at once; what the law keeps stays without anything that leads to them.

    The journal beside the database is told first: a backup that is restored later must forget them again.
    """
    number = citizen.id or 0
    if tx.erasures:
        tx.erasures.note(Erasure(tx.now, number, citizen.created_at))
    citizens.consent(tx, citizen, "withdrawn", citizen.consent_version, "")
    for one in citizens.addresses(tx, number):
        forget_address(tx, one.id or 0)
        inbox.forget_chat(tx, one.account_id, one.chat)
    for report in reports.of_citizen(tx, number, 100_000):
        if report.state in reports.SETTLED:
            reports.forget_place(tx, report)
    tx.session.flush()
    reports.pseudonymise(tx, number)
    citizens.erase(tx, citizen)


def erase_again(tx: Transaction, erasures: Iterable[Erasure]) -> int:
    """Forget again whom a restored backup has brought back; how many people."""
    found = 0
    for one in erasures:
        citizen = tx.session.get(Citizen, one.citizen)
        if citizen is not None and citizen.created_at == one.since:
            drop_drafts(tx, citizen)
            erase(tx, citizen)
            found += 1
    return found


def drop_drafts(tx: Transaction, citizen: Citizen) -> None:
    """Files of reports that were begun and never sent."""
    for address in citizens.addresses(tx, citizen.id or 0):
        state = citizens.state_of(tx, address)
        for one in (state, *state.get("aside", {}).values()):
            for number in one.get("data", {}).get("files", []):
                media.drop(tx, number)


def forget_address(tx: Transaction, address_id: int) -> None:
    """Erase who a delivery went to and what was said to them alone; the tally stays."""
    said = select(Delivery.letter_id).where(Delivery.address_id == address_id)
    private = update(Letter).where(col(Letter.id).in_(said), col(Letter.announcement_id).is_(None))
    tx.session.execute(private.values(parts_sealed=""), execution_options={"synchronize_session": False})
    tx.session.execute(
        update(Delivery)
        .where(col(Delivery.address_id) == address_id, col(Delivery.state).in_(("queued", "claimed")))
        .values(state="withdrawn", why="xóa dữ liệu")
    )
    tx.session.execute(
        update(Delivery).where(col(Delivery.address_id) == address_id).values(address_id=None, chat="", message_id="")
    )


def forget_farewells(tx: Transaction) -> int:
    """Last words to erased people have left by now: forget where they went."""
    over = update(Delivery).where(
        col(Delivery.address_id).is_(None),
        col(Delivery.letter_id).is_not(None),
        col(Delivery.chat) != "",
        col(Delivery.state).not_in(("queued", "claimed")),
    )
    return tx.changed(tx.session.execute(over.values(chat="", message_id="")))


def forget_letters(tx: Transaction, before: int, most: int = 2000) -> int:
    """Empty what was said in conversations before `before`, where nothing of it waits any more; how many letters."""
    waits = select(Delivery.id).where(Delivery.letter_id == Letter.id, col(Delivery.state).in_(("queued", "claimed")))
    old = (
        select(Letter.id)
        .where(col(Letter.announcement_id).is_(None), Letter.parts_sealed != "", Letter.created_at < before)
        .where(~waits.exists())
        .limit(most)
    )
    ids = list(tx.session.exec(old).all())
    emptied = update(Letter).where(col(Letter.id).in_(ids)).values(parts_sealed="")
    return tx.changed(tx.session.execute(emptied, execution_options={"synchronize_session": False})) if ids else 0
