"""How far it has come: what waits, and how an announcement's deliveries ended, counted from the ledger."""

from sqlalchemy import func
from sqlmodel import col, select

from storage.accounts import Account
from storage.outbox import Delivery
from storage.transaction import Transaction


def counts(tx: Transaction, announcement_id: int) -> dict[str, int]:
    """How many deliveries of an announcement stand in each state."""
    rows = tx.session.exec(
        select(Delivery.state, func.count())
        .where(Delivery.announcement_id == announcement_id)
        .group_by(col(Delivery.state))
    ).all()
    return {row[0]: row[1] for row in rows}


def queued_count(tx: Transaction, account_id: int) -> int:
    """How many deliveries of an account wait."""
    return tx.session.exec(
        select(func.count()).select_from(Delivery).where(Delivery.account_id == account_id, Delivery.state == "queued")
    ).one()


def queued_by_channel(tx: Transaction) -> dict[str, int]:
    """How many deliveries wait on each kind of channel; 0 where none does."""
    queued = (col(Delivery.account_id) == col(Account.id)) & (col(Delivery.state) == "queued")
    counted = select(Account.channel, func.count(col(Delivery.id))).select_from(Account).outerjoin(Delivery, queued)
    return {row[0]: row[1] for row in tx.session.exec(counted.group_by(Account.channel)).all()}
