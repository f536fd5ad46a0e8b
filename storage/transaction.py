"""One transaction: a session, the time it began, and the vault. Every question to the database takes one."""

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from storage.vault import Vault

Row = TypeVar("Row", bound=SQLModel)


@dataclass(frozen=True)
class Transaction:
    """`now` is ms UTC, fixed for the whole transaction: nobody asks the clock twice about one decision."""

    session: Session
    vault: Vault
    now: int

    @property
    def postgres(self) -> bool:
        """Whether this runs on PostgreSQL (else SQLite)."""
        return self.session.get_bind().dialect.name == "postgresql"

    def insert(self, table: type[SQLModel]) -> Any:
        """An INSERT that knows ON CONFLICT: the two dialects spell it alike, but each has its own class."""
        return (postgresql if self.postgres else sqlite).insert(table)

    def add(self, row: Row) -> Row:
        """Write `row` and give it its id."""
        self.session.add(row)
        self.session.flush()
        return row

    @staticmethod
    def changed(result: Any) -> int:
        """How many rows a statement touched."""
        return int(result.rowcount)
