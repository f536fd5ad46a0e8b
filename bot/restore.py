"""`thontin restore`: a backup into an empty database of either engine. All of it or nothing; afterwards it is paused.

One transaction holds the tables, the rows, what became of them, and the pause. The files and the keys come before its
commit and are taken back if it fails.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sqlalchemy.exc import SQLAlchemyError

from bot import knowledge, units
from bot.archive import BLOCK, Archive, Damaged, Manifest, verified
from bot.config import Settings
from bot.database import journal_of, only_one, wall_clock
from bot.media import MediaStore
from bot.restore_keys import Keys, chosen, installed
from content.channels import KINDS
from handlers.announcements import parts_of
from storage import Database, Transaction, Vault, audit, backups, forgetting, keyless, pause, publishing
from storage.erasures import Erasure, read
from storage.migrate import alone, current, newest, upgrade_to

RANGE = 20_000  # followers at a time of a spread that the backup cut off


class CannotRestore(Exception):
    """Why not, in one sentence. Nothing was changed."""


@dataclass
class Restored:
    """What was done. `held_back`: deliveries whose fate is unclear; `lost`: table.column → values without their key."""

    manifest: Manifest
    keys: Keys
    held_back: int = 0
    journals: list[Path] = field(default_factory=list)
    erased: int = 0
    unreadable: int = 0  # lines of the journals
    files_missing: int = 0
    lost: dict[str, int] = field(default_factory=dict)


def restore(
    settings: Settings,
    path: Path,
    key: Path | None = None,
    without_key: bool = False,
    journals: list[Path] | None = None,
    now: Callable[[], int] = wall_clock,
) -> Restored:
    """Put a backup into the database of the settings, which must be empty.

    Raises `Damaged`, `CannotRestore`, `restore_keys.NoKey`, `AlreadyRunning`; nothing was changed then.
    """
    archive = verified(path)
    if archive.manifest.revision > newest():
        raise CannotRestore(f"{path} do bản chương trình mới hơn viết: cập nhật chương trình rồi phục hồi")
    named = [journal_of(settings).path] if journals is None else journals
    with ExitStack() as stack:
        if settings.database_url.startswith("sqlite"):
            stack.callback(only_one(settings).close)
        keys = chosen(settings, archive, key, without_key)
        done = Restored(archive.manifest, keys, journals=[one for one in named if one.is_file() or journals])
        erasures = _erasures(done)
        undo = stack.enter_context(ExitStack())
        made = _new_file(settings.database_url)
        database = Database(settings.database_url, keys.vault, now)
        if made:
            undo.callback(_remove, made)
        undo.callback(database.close)
        _restore(settings, database, archive, done, erasures, undo)
        undo.pop_all()
        units.settle(settings.data_dir)
        database.close()
    return done


def _restore(
    settings: Settings, database: Database, archive: Archive, done: Restored, erasures: list[Erasure], undo: ExitStack
) -> None:
    troubles = (SQLAlchemyError, OSError, database.engine.dialect.loaded_dbapi.Error)
    try:
        at = current(database.engine)
        if at not in (None, archive.manifest.revision):
            raise CannotRestore(f"Cơ sở dữ liệu đã có bảng của bản {at}: phục hồi vào một cơ sở dữ liệu trống hẳn")
        undo.enter_context(_places(settings, archive))
        store = MediaStore(settings.data_dir / "media", database.vault, "")
        with _files(store, archive, database.vault) as aside, database.transaction() as tx:
            alone(tx.session.connection())
            _fill(tx, archive)
            _settle(tx, settings, done, erasures)
            places = (aside, store)
            done.files_missing = backups.drop_files(tx, lambda sha: not any(one.path(sha).is_file() for one in places))
            undo.enter_context(installed(done.keys))
            undo.enter_context(_journal(settings, erasures))
            os.sync()
            _move(aside, store)  # the last step: only the commit itself can fail now
    except troubles as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        raise CannotRestore(
            f"Phục hồi không xong ({words}): cơ sở dữ liệu vẫn trống như trước, sửa lỗi rồi chạy lại lệnh này"
        ) from error


def _places(settings: Settings, archive: Archive) -> ExitStack:
    """The units as they were known there. Taken back with the rest."""
    try:
        return units.unpacked(settings.data_dir, archive.units())
    except (ValueError, KeyError):
        raise Damaged(f"{archive.path}: danh sách đơn vị hành chính trong bản sao không dùng được") from None


def _fill(tx: Transaction, archive: Archive) -> None:
    """The tables as they were then, their rows, and what the program has changed in them since."""
    full = backups.filled(tx)
    if full:
        raise CannotRestore(f"Cơ sở dữ liệu không trống (bảng {full} đã có dữ liệu): phục hồi vào cơ sở dữ liệu mới")
    connection = tx.session.connection()
    upgrade_to(connection, archive.manifest.revision)
    for name, columns, rows in archive.tables():
        if backups.put(tx, name, columns, rows) != archive.manifest.tables[name].rows:
            raise Damaged(f"{archive.path}: bảng {name} không đủ dòng")
    upgrade_to(connection, "head")
    backups.number_on(tx, archive.manifest.numbers)


def _settle(tx: Transaction, settings: Settings, done: Restored, erasures: list[Erasure]) -> None:
    """Nothing may go out that went out already, nobody may come back who was forgotten, and a person decides when."""
    at = done.manifest.at
    if done.keys.lost:
        done.lost = keyless.give_up(tx)
        _write_letters(tx, settings)
    done.held_back = pause.hold_back(tx, at)
    while publishing.advance(tx, RANGE):  # what the backup caught half spread: everybody has a row, of unclear fate
        pass
    done.held_back += pause.hold_back(tx, at)
    done.erased = forgetting.erase_again(tx, erasures)
    pause.begin(tx, at)
    audit.write(tx, 0, "restored", str(at), detail=f"{done.manifest.rows} rows, {done.held_back} held back")
    tx.session.flush()
    backups.analyse(tx)


def _write_letters(tx: Transaction, settings: Settings) -> None:
    """Announcements in force go out without the lost key: their words are known."""
    know = knowledge.build(tx, knowledge.manners_of(settings), units.gazetteer(settings.data_dir))
    for letter, row in keyless.to_write_again(tx):
        keyless.write_again(tx, letter, parts_of(row, KINDS[letter.channel], know)[0])
    tx.session.flush()


def _erasures(done: Restored) -> list[Erasure]:
    found: list[Erasure] = []
    for path in done.journals:
        try:
            lines = list(read(path))
        except OSError as error:
            raise CannotRestore(f"Không đọc được sổ xóa {path} ({error.strerror})") from None
        found += [one for one in lines if one is not None]
        done.unreadable += sum(one is None for one in lines)
    return found


def _journal(settings: Settings, erasures: list[Erasure]) -> ExitStack:
    """Keep what other machines' journals held: the next restore wants it too. Taken back with the rest."""
    journal, undo = journal_of(settings), ExitStack()
    known = set(read(journal.path)) if journal.path.exists() else set()
    more = [one for one in dict.fromkeys(erasures) if one not in known]
    if more:
        if journal.path.exists():
            undo.callback(os.truncate, journal.path, journal.path.stat().st_size)
        else:
            undo.callback(journal.path.unlink)
        journal.note(*more)
    return undo


# ---- files ----


@contextmanager
def _files(store: MediaStore, archive: Archive, vault: Vault) -> Iterator[MediaStore]:
    """All files, beside the media store; gone with the block but for those that `_move` took."""
    aside = MediaStore(store.folder.with_name(f"{store.folder.name}.restoring"), vault, "")
    try:
        for sha, content in archive.files():
            _put_file(aside.path(sha), sha, content)
        yield aside
    finally:
        shutil.rmtree(aside.folder, ignore_errors=True)


def _move(aside: MediaStore, store: MediaStore) -> None:
    """Into the media store: what is whole in a backup replaces what may not be so there."""
    for path in aside.folder.glob("*/*"):
        store.path(path.name).parent.mkdir(0o700, parents=True, exist_ok=True)
        path.replace(store.path(path.name))


def _put_file(path: Path, sha: str, content: IO[bytes]) -> None:
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    with path.open("w+b") as opened:
        shutil.copyfileobj(content, opened, BLOCK)
        opened.seek(0)
        if hashlib.file_digest(opened, "sha256").hexdigest() != sha:
            raise Damaged(f"tệp {sha[:12]} không đúng như trong bản sao")


def _new_file(url: str) -> Path | None:
    """The SQLite file that does not exist yet."""
    path = Path(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///"):
        return None
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    return None if path.exists() and path.stat().st_size else path


def _remove(path: Path) -> None:
    for one in _with_others(path):
        one.unlink(missing_ok=True)


def _with_others(path: Path) -> Iterator[Path]:
    yield path
    for ending in ("-wal", "-shm"):
        yield path.with_name(path.name + ending)
