"""Opening the database: connect, bring the tables up to date, check the keys, seed an empty one."""

import fcntl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot import seed
from bot.config import BadSetting, Settings
from bot.keys import vault_of
from storage import Database, WrongKey, accounts
from storage.migrate import upgrade


class AlreadyRunning(Exception):
    """Another process has this SQLite file."""


def wall_clock() -> int:
    """Now, ms UTC."""
    return time.time_ns() // 1_000_000


def open_database(settings: Settings, now: Callable[[], int] = wall_clock) -> Database:
    """Connect, bring the tables up to date, and make sure that the keys fit. Raises `BadSetting`."""
    if settings.database_url.startswith("sqlite:///"):
        Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url, vault_of(settings), now)
    try:
        upgrade(database.engine)
        with database.transaction() as tx:
            for row in accounts.every(tx):
                accounts.secrets(tx, row)
            seed.seed(tx, settings)
    except WrongKey as error:
        raise BadSetting(str(error)) from None
    return database


def only_one(settings: Settings) -> Any:
    """SQLite has one writer, so one process: hold a lock file for as long as the result lives."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    held = (settings.data_dir / "lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise AlreadyRunning(f"thontin đang chạy trên {settings.data_dir}; chỉ một tiến trình dùng được SQLite") from None
    return held
