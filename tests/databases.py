"""PostgreSQL databases for tests: emptied and used again, because making one takes twenty times as long."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

TEMPLATE = "template_thontin"
PATIENCE_MS = 2000
# Whoever still holds on to it goes (a process that a test killed, and its locks).
_ALONE = text("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()""")
_EMPTY = text("""DO $$ DECLARE one text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', one);
    END LOOP;
    FOR one IN SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', one);
    END LOOP;
END $$""")
# What a test may have changed of the tables themselves: then the database is thrown away.
_SHAPE = text("""SELECT (SELECT string_agg(version_num, ',') FROM alembic_version), (SELECT count(*) FROM pg_trigger),
    (SELECT md5(string_agg(conname, ',' ORDER BY conname)) FROM pg_constraint),
    (SELECT md5(string_agg(concat(relname, attname, atttypid, attnotnull), ',' ORDER BY relname, attnum))
     FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid WHERE relnamespace = 'public'::regnamespace),
    (SELECT count(*) FROM pg_db_role_setting)""")


def psycopg(url: str) -> str:
    """The address as SQLAlchemy wants it."""
    return url.replace("postgresql://", "postgresql+psycopg://")


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection on which every sentence is committed."""
    engine = create_engine(psycopg(url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def admin(server: str, *sentences: str) -> None:
    """Say something to the server. `server` is its address, with `{}` where the database stands."""
    with connected(server.format("postgres")) as connection:
        for one in sentences:
            connection.execute(text(one))


class Spare:
    """Copies of the template, each lent to one test at a time."""

    def __init__(self, server: str) -> None:
        """The template stands on this server, migrated."""
        self._server, self._numbers, self._free = server, count(1), list[str]()
        with connected(server.format(TEMPLATE)) as connection:
            self._shape = connection.execute(_SHAPE).one()

    def take(self) -> str:
        """The name of a database that holds nothing."""
        if self._free:
            return self._free.pop()
        name = f"spare{next(self._numbers)}"
        admin(self._server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    def give_back(self, name: str) -> None:
        """Keep it for the next test, if it can be made as it was."""
        if self._emptied(name):
            self._free.append(name)
        else:
            admin(self._server, f"DROP DATABASE {name} WITH (FORCE)")

    def _emptied(self, name: str) -> bool:
        try:
            with connected(self._server.format(name)) as connection:
                connection.execute(text(f"SET lock_timeout = {PATIENCE_MS}"))
                connection.execute(_ALONE)
                connection.execute(_EMPTY)
                return bool(connection.execute(_SHAPE).one() == self._shape)
        except SQLAlchemyError:
            return False
