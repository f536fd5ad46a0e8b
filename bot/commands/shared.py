"""What several commands need: settings of the right folder, one sentence and exit 2, secrets typed unseen."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bot.config import Settings
    from content.units import Gazetteer
    from storage import Database

AsJson = Annotated[bool, typer.Option("--json", help="In một đối tượng JSON cho chương trình khác đọc.")]


def home() -> Path:
    """The folder of `.env` and data: THONTIN_HOME, which the starter sets, else where we are. We go there."""
    folder = os.environ.get("THONTIN_HOME", "")
    if folder:
        try:
            os.chdir(folder)
        except OSError as error:
            stop(f"THONTIN_HOME: không vào được thư mục {folder} ({error.strerror})")
    return Path.cwd()


def settings() -> "Settings":
    """The settings of this installation. Raises `BadSetting`."""
    home()
    from bot.config import load

    return load()


@contextmanager
def opened() -> Iterator[tuple["Settings", "Database"]]:
    """The settings and the database, up to date. Raises `BadSetting`; no database is one sentence and exit 2."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.database import open_database
    from bot.settings_check import insist

    chosen = settings()
    insist(chosen)
    try:
        database = open_database(chosen)
    except (SQLAlchemyError, OSError) as error:
        stop(no_database(error))
    try:
        yield chosen, database
    finally:
        database.close()


def gazetteer() -> "Gazetteer":
    """The places as this installation knows them. Raises `BadSetting`."""
    from bot import units

    return units.gazetteer(settings().data_dir)


def insist_on_commune(code: str) -> None:
    """Stop with one sentence unless a commune of today has this code."""
    known = gazetteer().commune(code)
    if known is None or known.until:
        stop(f"Không có xã, phường nào mã {code}. Tìm mã bằng: thontin units find “tên xã”")


def no_database(error: BaseException) -> str:
    """One sentence for a database that cannot be opened; the driver's words hold no password."""
    words = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
    return f"THONTIN_DATABASE_URL: không mở được cơ sở dữ liệu ({words[0][:200]})"


def stop(sentence: str, code: int = 2) -> NoReturn:
    """Say why not, and leave."""
    sys.stderr.write(f"{sentence}\n")
    raise typer.Exit(code)


def show(data: Any) -> None:
    """One line of JSON for programs."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")


def typed(question: str, needed: bool = True) -> str:
    """A secret typed at the prompt, unseen."""
    default = None if needed else ""  # None: asked again until something is typed
    return str(typer.prompt(question, default, hide_input=True, show_default=False, err=True)).strip()
