"""Connecting: SQLite (WAL, full sync, immediate transactions) or PostgreSQL, one code path above."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlmodel import Session

from storage.erasures import Journal
from storage.transaction import Transaction
from storage.vault import Vault

RESTED = 1.0  # seconds in which a connection to PostgreSQL is taken to be alive still


class Database:
    """An engine, a vault and a clock: `with database.transaction() as tx` is the only way to a row.

    `now` returns ms UTC. `erasures`: the journal of erasures, where there is one. On SQLite every transaction takes
    the write lock at once (BEGIN IMMEDIATE), because a deferred one that reads and then writes fails with
    SQLITE_BUSY_SNAPSHOT whatever the time-out.
    """

    def __init__(self, url: str, vault: Vault, now: Callable[[], int], erasures: Journal | None = None) -> None:
        self.url, self.vault, self.now, self.erasures = url, vault, now, erasures
        self.engine = connect(url)

    @property
    def sqlite(self) -> bool:
        """Whether this is SQLite, which has one writer."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commit at the end, roll back on any error."""
        with Session(self.engine, expire_on_commit=False, autoflush=True) as session, session.begin():
            yield Transaction(session, self.vault, self.now(), self.erasures)

    @contextmanager
    def shared(self) -> Iterator[Callable[[], AbstractContextManager[Transaction]]]:
        """One commit for several transactions, which the yielded function begins: each stands or falls alone till then.

        If the block ends with an error, nothing of any of them is kept.
        """
        with self.engine.connect() as connection, connection.begin():
            yield lambda: self._within(connection)

    @contextmanager
    def _within(self, connection: Connection) -> Iterator[Transaction]:
        """A transaction in a savepoint of a connection's own."""
        session = Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        with session, session.begin():
            yield Transaction(session, self.vault, self.now(), self.erasures)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that only reads: on SQLite it takes no lock and never waits for the writer."""
        with self.engine.connect() as connection:
            connection = connection.execution_options(thontin_reading=True)
            with Session(connection, expire_on_commit=False) as session:
                yield Transaction(session, self.vault, self.now())
                session.expunge_all()  # what was read stays readable afterwards
                session.rollback()

    def ping(self) -> None:
        """Raise if the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def connect(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql://…` (psycopg 3)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url)
    parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, pool_size=8, max_overflow=8, pool_timeout=5, hide_parameters=True)
    event.listen(engine, "checkin", _rested)
    event.listen(engine, "checkout", partial(_alive, engine.dialect))
    return engine


def _rested(_connection: Any, record: Any) -> None:
    record.info["since"] = time.monotonic()


def _alive(dialect: Any, connection: Any, record: Any, _fairy: Any) -> None:
    """A connection that has rested is asked whether it lives. Between two claims that would cost a twentieth."""
    now = time.monotonic()
    if now - record.info.get("since", now) < RESTED:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _sqlite(url: str) -> Engine:
    connecting = {"check_same_thread": False, "timeout": 10}
    # An error's text must not carry what somebody wrote.
    engine = create_engine(url, connect_args=connecting, hide_parameters=True)
    event.listen(engine, "connect", _pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _pragmas(connection: Any, _record: Any) -> None:
    # The driver must not open transactions of its own: `_begin` does, with the lock it needs.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    reading = connection.get_execution_options().get("thontin_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
