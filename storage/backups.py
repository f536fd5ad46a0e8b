"""Taking everything out of a database as it was at one moment, and putting it into an empty one of either engine."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Integer, Table, func, inspect, select, text, union, update

from storage import faq
from storage.announcements import Announcement
from storage.columns import metadata
from storage.database import Database
from storage.media import Media
from storage.rekey import sealed_tables
from storage.transaction import Transaction

# Of no use elsewhere: who held which lease, the pace of the last minutes, who was signed in. A pause begins anew.
LEFT_OUT = ("calls", "lease", "official_session", "pause")
AT_ONCE = 1000  # rows in memory
_FEW = {"stream_results": True, "yield_per": AT_ONCE}
_MEDIA = Media.__table__  # type: ignore[attr-defined]
_NEWS = Announcement.__table__  # type: ignore[attr-defined]


def tables() -> list[Table]:
    """What a backup holds, in its order."""
    return sorted((one for one in metadata.tables.values() if one.name not in LEFT_OUT), key=lambda one: one.name)


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """One reading transaction: everything asked through it is as of one moment. It never waits and nobody waits for
    it; on SQLite the file beside the database grows meanwhile."""
    options: dict[str, Any] = {"thontin_reading": True}
    if not database.sqlite:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database.engine.connect() as connection:
        connection = connection.execution_options(**options)
        connection.execute(text("SELECT version_num FROM alembic_version"))  # the moment is that of the first question
        yield connection
        connection.rollback()


def rows(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    """Every row of a table, oldest first, a few in memory at a time."""
    question = select(table).order_by(*table.primary_key.columns)
    with connection.execute(question, execution_options=_FEW) as found:
        yield from found


def key_ids(connection: Connection) -> list[str]:
    """The ids of the keys with which anything is sealed."""
    found: set[str] = set()
    for table, columns in sealed_tables():
        if table.name in LEFT_OUT:
            continue
        for column in columns:
            mark = func.substr(column, 1, _colon(connection, column) - 1)
            found |= set(connection.execute(select(mark).where(column != "").distinct()).scalars())
    return sorted(found)


def _colon(connection: Connection, column: Any) -> Any:
    return func.strpos(column, ":") if connection.dialect.name == "postgresql" else func.instr(column, ":")


def files(connection: Connection) -> Iterator[str]:
    """The sha256 of every file that a row names, each once."""
    named = (_MEDIA.c.sha, _NEWS.c.speech_sha, _NEWS.c.speech_aac_sha)
    question = union(*(select(one.label("sha")).where(one != "") for one in named)).order_by("sha")
    with connection.execute(question, execution_options=_FEW) as found:
        forms = faq.files(connection)
        for sha in found.scalars():
            forms.discard(sha)
            yield sha
    yield from sorted(forms)


def numbers(connection: Connection) -> dict[str, int]:
    """table → the last number that it gave out, also to a row that is gone: no number leads to two people."""
    if connection.dialect.name == "sqlite":
        known = connection.execute(text("SELECT name, seq FROM sqlite_sequence")).all()
        return {str(name): int(last) for name, last in known if name in metadata.tables and name not in LEFT_OUT}
    found = {}
    for table in tables():
        sequence = _sequence(connection, table)
        if sequence:
            last = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"
            found[table.name] = int(connection.execute(text(last)).scalar_one())
    return found


def _sequence(connection: Connection, table: Table) -> str:
    asked = text("SELECT pg_get_serial_sequence(:name, :id)")
    return str(connection.execute(asked, {"name": table.name, "id": "id"}).scalar() or "") if "id" in table.c else ""


# ---- putting it back ----


def filled(tx: Transaction) -> str:
    """The name of a table that already holds something; empty when none does."""
    there = set(inspect(tx.session.connection()).get_table_names())
    for table in tables():
        if table.name in there and tx.run(select(text("1")).select_from(table).limit(1)).first():
            return table.name
    return ""


def put(tx: Transaction, table: str, columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> int:
    """Write rows into an empty table; how many. Columns by their names: a backup may be older than the models."""
    connection = tx.session.connection()
    quote = connection.dialect.identifier_preparer.quote
    listed = f"{quote(table)} ({', '.join(quote(one) for one in columns)})"
    return _copy(connection, listed, lines) if tx.postgres else _insert(connection, listed, len(columns), lines)


def _copy(connection: Connection, listed: str, lines: Iterable[Sequence[Any]]) -> int:
    written = 0
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {listed} FROM STDIN") as copy:
        for line in lines:
            copy.write_row(line)
            written += 1
    return written


def _insert(connection: Connection, listed: str, width: int, lines: Iterable[Sequence[Any]]) -> int:
    written, source = 0, iter(lines)
    statement = f"INSERT INTO {listed} VALUES ({', '.join('?' * width)})"
    while batch := [tuple(line) for line in islice(source, AT_ONCE)]:
        connection.exec_driver_sql(statement, batch)
        written += len(batch)
    return written


def number_on(tx: Transaction, numbers: dict[str, int]) -> None:
    """Let every table go on with its numbers where the other database had come to."""
    for table in tables():
        if "id" not in table.c or not isinstance(table.c.id.type, Integer):
            continue
        highest = int(tx.run(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())
        last = max(highest, numbers.get(table.name, 0))
        if last and tx.postgres:
            _number_on_postgres(tx, table, last)
        elif last and table.dialect_options["sqlite"]["autoincrement"]:
            _number_on_sqlite(tx, table, last)


def _number_on_postgres(tx: Transaction, table: Table, last: int) -> None:
    sequence = _sequence(tx.session.connection(), table)
    if sequence:
        tx.run(text("SELECT setval(CAST(:sequence AS regclass), :last)"), {"sequence": sequence, "last": last})


def _number_on_sqlite(tx: Transaction, table: Table, last: int) -> None:
    tx.run(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
    tx.run(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), {"name": table.name, "last": last})


def drop_files(tx: Transaction, is_missing: Callable[[str], bool]) -> int:
    """Citizens' files that did not come with the backup are said to be missing; how many."""
    gone = [sha for sha in files(tx.session.connection()) if is_missing(sha)]
    for sha in gone:
        lost = {"state": "missing", "sha": "", "why": "không có trong bản sao"}
        tx.run(update(_MEDIA).where(_MEDIA.c.sha == sha).values(lost))
    return len(gone)


def analyse(tx: Transaction) -> None:
    """Tell the planner what came: it must not wait a day to learn that a table holds a million rows."""
    tx.run(text("ANALYZE"))
