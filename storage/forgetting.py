"""Forgetting what was said and to whom: when a person is erased, and when it has been kept long enough."""

from sqlalchemy import update
from sqlmodel import col, select

from storage.outbox import Delivery, Letter
from storage.transaction import Transaction


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
