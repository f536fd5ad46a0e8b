"""Sealing everything again with the newest key, so that an older one can be thrown away."""

from typing import Any

from sqlalchemy import Column, Table, select, update

from storage.columns import metadata
from storage.database import Database
from storage.transaction import Transaction

BATCH = 500


def sealed_tables() -> list[tuple[Table, list[Column[Any]]]]:
    """Every table with sealed columns: by the house's habit their names end in `_sealed`."""
    found = (
        (table, [one for one in table.columns if one.name.endswith("_sealed")]) for table in metadata.sorted_tables
    )
    return [(table, columns) for table, columns in found if columns]


def batch(tx: Transaction, table: Table, columns: list[Column[Any]], after: Any = None) -> tuple[int, Any]:
    """Seal the next rows of `table` again: how many values changed, and the key to go on after (None: finished).

    A value that somebody else changes meanwhile is left alone: it was sealed with the newest key by that.
    """
    key = next(iter(table.primary_key.columns))
    wanted = select(key, *columns).order_by(key).limit(BATCH)
    rows = tx.session.execute(wanted.where(key > after) if after is not None else wanted).all()
    changed = sum(
        _again(tx, table, key == row[0], column, row[n]) for row in rows for n, column in enumerate(columns, 1)
    )
    return changed, rows[-1][0] if len(rows) == BATCH else None


def _again(tx: Transaction, table: Table, this: Any, column: Column[Any], sealed: str) -> int:
    if not sealed or sealed.startswith(f"{tx.vault.newest}:"):
        return 0
    again = update(table).where(this, column == sealed).values({column: tx.vault.seal(tx.vault.open(sealed))})
    return tx.changed(tx.session.execute(again))


def everything(database: Database) -> dict[str, int]:
    """Seal every sealed value again with the newest key, a batch a transaction; table name → how many."""
    counts: dict[str, int] = {}
    for table, columns in sealed_tables():
        after: Any = None
        counts[table.name] = 0
        while True:
            with database.transaction() as tx:
                changed, after = batch(tx, table, columns, after)
            counts[table.name] += changed
            if after is None:
                break
    return counts
