"""One transaction: a session, the time it began, and the vault. Every question to the database takes one."""

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from storage.erasures import Journal
from storage.vault import Vault

Row = TypeVar("Row", bound=SQLModel)


def insert_of(table: Table, postgres: bool) -> Any:
    """An INSERT that knows ON CONFLICT: the two dialects spell it alike, but each has its own class."""
    return (postgresql if postgres else sqlite).insert(table)


@cache
def _inserting(table: Table) -> Any:
    return table.insert().returning(table.c.id)


@cache
def _defaults(model: type[SQLModel]) -> dict[str, Any]:
    """Of every column but its id, what it holds unless it is said."""
    fields = {name: one for name, one in model.model_fields.items() if name != "id" and not one.is_required()}
    return {name: one.default for name, one in fields.items()}


@dataclass(frozen=True)
class Transaction:
    """`now` is ms UTC, fixed for the whole transaction: nobody asks the clock twice about one decision.

    `erasures` is where it is written down, outside the database, that somebody was erased.
    """

    session: Session
    vault: Vault
    now: int
    erasures: Journal | None = None

    @property
    def postgres(self) -> bool:
        """Whether this runs on PostgreSQL (else SQLite)."""
        return self.session.get_bind().dialect.name == "postgresql"

    def add(self, row: Row) -> Row:
        """Write `row` and give it its id."""
        self.session.add(row)
        self.session.flush()
        return row

    def put(self, row: Row) -> Row:
        """Write a row that nobody changes again in this transaction, and give it its id.

        Every turn writes letters and deliveries: without the ORM's bookkeeping that costs a quarter.
        """
        table = row.__table__  # type: ignore[attr-defined]
        values = {column.name: getattr(row, column.name) for column in table.columns if column.name != "id"}
        row.id = self.run(_inserting(table), values).scalar_one()
        return row

    def insert(self, model: type[SQLModel], **values: Any) -> int:
        """Write a row of which nobody needs more than its id: making the object costs as much as writing it."""
        table = model.__table__  # type: ignore[attr-defined]
        return int(self.run(_inserting(table), {**_defaults(model), **values}).scalar_one())

    def run(self, statement: Any, values: dict[str, Any] | None = None) -> Any:
        """Run a statement built once, with its values; what the session holds back is written first."""
        self.session.flush()
        return self.session.connection().execute(statement, values or {})

    @staticmethod
    def changed(result: Any) -> int:
        """How many rows a statement touched."""
        return int(result.rowcount)
