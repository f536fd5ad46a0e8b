"""What the doctor asks of a database: its clock."""

from sqlalchemy import text

from storage.transaction import Transaction


def clock_ms(tx: Transaction) -> int | None:
    """What time the database's own machine has, ms UTC; None for SQLite, which has our clock."""
    if not tx.postgres:
        return None
    return int(tx.session.execute(text("SELECT EXTRACT(EPOCH FROM clock_timestamp()) * 1000")).scalar_one())
