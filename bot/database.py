"""Opening the database: connect, bring the tables up to date, check the keys, seed an empty one."""

import fcntl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from bot import seed
from bot.config import BadSetting, Settings
from bot.keys import vault_of
from storage import Database, WrongKey, accounts
from storage.erasures import Journal
from storage.migrate import alone, upgrade


class AlreadyRunning(Exception):
    """Another process has this SQLite file."""


def wall_clock() -> int:
    """Now, ms UTC."""
    return time.time_ns() // 1_000_000


def journal_of(settings: Settings) -> Journal:
    """Where it is written down that somebody was erased."""
    return Journal(settings.data_dir / "erasures.jsonl")


def open_database(settings: Settings, now: Callable[[], int] = wall_clock) -> Database:
    """Connect, bring the tables up to date, and make sure that the keys fit. Raises `BadSetting`."""
    if settings.database_url.startswith("sqlite:///"):
        _private(Path(settings.database_url.removeprefix("sqlite:///")))
    database = Database(settings.database_url, vault_of(settings), now, journal_of(settings))
    try:
        upgrade(database.engine)
        with database.transaction() as tx:
            alone(tx.session.connection())
            for row in accounts.every(tx):
                accounts.secrets(tx, row)
            seed.seed(tx, settings)
    except BaseException as error:
        database.close()
        if isinstance(error, WrongKey):
            raise BadSetting(str(error)) from None
        raise
    return database


def _private(path: Path) -> None:
    """Nobody else on this machine reads the file, also one that was made without care; SQLite's others follow it."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    path.touch(0o600)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def only_one(settings: Settings) -> Any:
    """SQLite has one writer, so one process: hold a lock beside the file for as long as the result lives."""
    path = Path(make_url(settings.database_url).database or settings.data_dir / "thontin.db")
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    held = path.with_name(f"{path.name}.lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise AlreadyRunning(f"thontin đang chạy trên {path}; chỉ một tiến trình dùng được tệp SQLite này") from None
    return held
