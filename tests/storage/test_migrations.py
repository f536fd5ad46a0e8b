"""The tables that the migrations make are those that the models describe."""

from concurrent.futures import ThreadPoolExecutor

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from storage import Vault, metadata
from storage.database import connect
from storage.migrate import current, newest, upgrade
from storage.rekey import sealed_tables


def test_migrations_match_the_models(empty_url: str) -> None:
    engine = connect(empty_url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_an_empty_database_is_brought_up_to_date_and_a_new_one_is_left_alone(empty_url: str) -> None:
    engine = connect(empty_url)
    assert current(engine) is None
    upgrade(engine)
    assert current(engine) == newest()
    upgrade(engine)
    assert set(inspect(engine).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()


def test_two_processes_that_start_at_once_make_the_tables_once(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        return  # SQLite has one process

    def start(_: int) -> str | None:
        engine = connect(empty_url)
        upgrade(engine)
        found = current(engine)
        engine.dispose()
        return found

    with ThreadPoolExecutor(3) as processes:
        assert list(processes.map(start, range(3))) == [newest()] * 3


def test_what_is_sealed_can_be_sealed_again(database_url: str, vault: Vault) -> None:
    names = {f"{table.name}.{column.name}" for table, columns in sealed_tables() for column in columns}
    assert {"account.secrets_sealed", "report.text_sealed", "inbox.payload_sealed", "letter.parts_sealed"} <= names
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    assert engine.dialect.name in ("sqlite", "postgresql")
    engine.dispose()
    assert vault.newest
