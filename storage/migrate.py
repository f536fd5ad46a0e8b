"""Bringing a database up to date. The usual case, nothing to do, costs one query and no import of Alembic."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

if TYPE_CHECKING:
    from alembic.config import Config

HERE = Path(__file__).parent / "migrations"


def newest() -> str:
    """The newest revision: migrations are numbered by hand, so the last file name says it."""
    return max(path.stem.partition("_")[0] for path in (HERE / "versions").glob("[0-9]*.py"))


def current(engine: Engine) -> str | None:
    """The revision a database stands at; None for an empty one."""
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DatabaseError:
        return None


def upgrade(engine: Engine) -> None:
    """Run what is missing; on PostgreSQL one process at a time."""
    if current(engine) == newest():
        return
    from alembic import command

    with engine.connect() as connection:
        alone(connection)
        command.upgrade(config(connection), "head")
        connection.commit()


def upgrade_to(connection: Connection, revision: str) -> None:
    """Run what is missing up to `revision` (or "head") within the caller's transaction."""
    from alembic import command

    command.upgrade(config(connection), revision)


def alone(connection: Connection) -> None:
    """Until the end of the transaction nobody else starts; on SQLite nobody else is there."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7210)"))


def config(connection: Connection) -> "Config":
    """Alembic's configuration for one open connection."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(HERE).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made
