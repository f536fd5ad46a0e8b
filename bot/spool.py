"""The spool: when the database is slow or gone, what citizens say waits on disk, sealed and synced."""

import itertools
import json
import os
import time
from collections import Counter
from pathlib import Path

import structlog

from content.message import Heard
from storage import Vault, WrongKey

log = structlog.get_logger()


class SpoolFull(Exception):
    """The disk did not take it either: the platform must try again later."""


class Unreadable(Exception):
    """A file of the spool that cannot be opened: written with a lost key, or damaged. It is set aside."""


class Spool:
    """One file an event, named by arrival. While a chat has files here its later events queue behind them."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder, self._vault = folder, vault
        folder.mkdir(0o700, parents=True, exist_ok=True)
        self._order = itertools.count()
        self._chats: Counter[tuple[int, str]] = Counter()
        for path in self.waiting():
            self._count(path)

    def _count(self, path: Path) -> None:
        try:
            account_id, heard = self.open(path)
        except Unreadable:
            return
        self._chats[account_id, heard.chat] += 1

    def holds(self, account_id: int, chat: str) -> bool:
        """Whether earlier words of this chat are still here."""
        return self._chats[account_id, chat] > 0

    def put(self, account_id: int, heard: Heard) -> None:
        """Keep one event; it is on disk when this returns. Raises `SpoolFull`."""
        path = self._folder / f"{time.time_ns():020d}-{next(self._order) % 10_000:04d}.heard"
        body = self._vault.seal(json.dumps({"account": account_id, "heard": heard.to_json()}, ensure_ascii=False))
        try:
            _write_synced(path, body.encode())
        except OSError as error:
            raise SpoolFull(type(error).__name__) from None
        self._chats[account_id, heard.chat] += 1

    def waiting(self) -> list[Path]:
        """The files, oldest first."""
        return sorted(self._folder.glob("*.heard"))

    def open(self, path: Path) -> tuple[int, Heard]:
        """The account and the event in a file. Raises `Unreadable` after setting it aside, `OSError`."""
        try:
            kept = json.loads(self._vault.open(path.read_text()))
            return int(kept["account"]), Heard.from_json(kept["heard"])
        except (WrongKey, ValueError, KeyError, TypeError) as error:
            path.rename(path.with_suffix(".unreadable"))
            log.error("a spooled event cannot be read and was set aside", file=path.name, why=type(error).__name__)
            raise Unreadable(path.name) from None

    def refused(self, path: Path, account_id: int, chat: str) -> None:
        """The database will never take it: kept beside the others for a person, in nobody's way."""
        path.rename(path.with_suffix(".refused"))
        log.error("a spooled event is refused by the database and was set aside", file=path.name)
        self._left(account_id, chat)

    def done(self, path: Path, account_id: int, chat: str) -> None:
        """It is in the database now."""
        path.unlink(missing_ok=True)
        self._left(account_id, chat)

    def _left(self, account_id: int, chat: str) -> None:
        self._chats[account_id, chat] -= 1
        if self._chats[account_id, chat] <= 0:
            del self._chats[account_id, chat]


def _write_synced(path: Path, body: bytes) -> None:
    """Write, sync the file, and sync the folder that names it; what is half written is taken away again."""
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as opened:
            opened.write(body)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
