"""Column types shared by every table: ids, times in ms UTC, states with a check, names for constraints; and lists."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Integer,
    MetaData,
    TypeDecorator,
    bindparam,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY
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
    every = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({every})", name=column)


class _Listed(TypeDecorator[Any]):
    """A list as PostgreSQL itself writes an array: the driver's own way takes twice as long, and every claim has six.

    https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
    """

    impl = ARRAY
    cache_ok = True

    def __init__(self, item_type: Any) -> None:
        super().__init__(item_type)
        self.item_type = item_type  # by this name it belongs to the key under which a statement is kept

    def bind_processor(self, dialect: Any) -> Any:
        return _written


def _written(values: Sequence[Any]) -> str:
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "NULL" if value is None else str(value)


def listed(name: str, kind: Any) -> Any:
    """A parameter of a statement for PostgreSQL that is a list of numbers, words or truths: an array of `kind`."""
    return bindparam(name, type_=_Listed(kind))


def among(column: Any, postgres: bool, name: str = "which") -> Any:
    """`column` is one of those in a parameter; PostgreSQL plans a list once, however long it is."""
    return column == func.any(listed(name, column.type)) if postgres else column.in_(bindparam(name, expanding=True))
