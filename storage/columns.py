"""Column types shared by every table: ids, times in ms UTC, states with a check, names for constraints."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, MetaData
from sqlmodel import Field, SQLModel

# SQLite gives row ids only to a column declared INTEGER; its integers are 64 bits wide all the same.
BigId = BigInteger().with_variant(Integer, "sqlite")

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata: MetaData = SQLModel.metadata


def key() -> Any:
    """A bigint primary key that the database numbers."""
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def big(**options: Any) -> Any:
    """A bigint: an id of another table, or a time in ms UTC."""
    return Field(sa_type=BigInteger, **options)


def one_of(column: str, *words: str) -> CheckConstraint:
    """A check that `column` holds one of `words`."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
