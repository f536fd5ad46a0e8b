"""`thontin backup`: the database as of one moment, the files its rows name, imported lists, and, apart, the keys."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from bot import archive, units
from bot.archive import Manifest
from bot.config import ROOT, Settings
from bot.keys import keys_of
from bot.media import MediaStore
from storage import Database, backups
from storage.erasures import sync_folder
from storage.migrate import newest


@dataclass(frozen=True)
class Saved:
    """A backup that was written; `key` is the file of its keys, None when they were left out."""

    path: Path
    manifest: Manifest
    key: Path | None


def key_file(path: Path) -> Path:
    """Where the keys of a backup are written."""
    return path.with_name(f"{path.name}.key")


def save(settings: Settings, database: Database, path: Path, with_key: bool) -> Saved:
    """Write a backup of a service that may be running. Raises `FileExistsError`, `OSError`."""
    store = MediaStore(settings.data_dir / "media", database.vault, "")
    keys = key_file(path) if with_key else None
    made = Manifest(database.now(), newest(), database.engine.dialect.name, _version())
    if keys:
        _write_keys(keys, keys_of(settings))
    try:
        with archive.writing(path, made) as written:
            _fill(written, database, store)
            for name, columns, rows in units.packed(settings.data_dir):
                written.units(name, columns, rows)
            written.finish(lambda digest: database.vault.sign("backup", digest))
    except BaseException:
        if keys:
            keys.unlink(missing_ok=True)
        raise
    return Saved(path, made, keys)


def _fill(written: archive.Writer, database: Database, store: MediaStore) -> None:
    with backups.snapshot(database) as connection:
        written.manifest.keys = backups.key_ids(connection)
        written.manifest.numbers = backups.numbers(connection)
        for table in backups.tables():
            written.table(table.name, [one.name for one in table.columns], backups.rows(connection, table))
        for sha in backups.files(connection):
            written.file(sha, store.path(sha))


def _write_keys(path: Path, keys: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(keys + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    sync_folder(path.parent)


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])
