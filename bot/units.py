"""The lists of units in use: those that were imported into this deployment, else those that came with the product."""

import csv
import os
import shutil
from pathlib import Path

from bot.config import BadSetting
from content.units import Gazetteer
from content.units.lists import TABLES, Line, ListError, Lists, read_lists
from content.units.loader import DATA

NAME = "units"
BEFORE = "units.before"  # what was in use, for the moment in which the folders change places
MADE = "units.new"


def folder(data_dir: Path) -> Path:
    """Where the lists in use stand."""
    imported = (data_dir.absolute() / NAME, data_dir.absolute() / BEFORE)
    return next((one for one in imported if one.is_dir()), DATA)


def gazetteer(data_dir: Path) -> Gazetteer:
    """The places as this deployment knows them. Raises `BadSetting` when its own lists are broken."""
    used = folder(data_dir)
    if used == DATA:
        return Gazetteer.load()
    try:
        return Gazetteer.load(used)
    except (OSError, KeyError, ValueError) as error:
        raise BadSetting(_broken(used, error)) from None


def in_use(data_dir: Path) -> Lists:
    """The lists in use. Raises `BadSetting` when they are broken."""
    used = folder(data_dir)
    try:
        return read_lists([used])
    except ListError as error:
        raise BadSetting(_broken(used, error)) from None


def _broken(used: Path, error: Exception) -> str:
    first = str(error).splitlines()[:1] or [type(error).__name__]
    return f"{used}: danh sách đơn vị hành chính bị hỏng ({first[0]}); xóa thư mục này thì dùng lại danh sách kèm theo"


def install(data_dir: Path, lists: Lists) -> Path:
    """Put the lists in use, all or none: they are written and read back before they change places with the others."""
    made, used, before = data_dir / MADE, data_dir / NAME, data_dir / BEFORE
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(0o700, parents=True)
    for name in TABLES:
        _write(made / f"{name}.csv", TABLES[name].columns, getattr(lists, name))
    Gazetteer.load(made)
    if used.is_dir():
        shutil.rmtree(before, ignore_errors=True)
        used.rename(before)
    made.rename(used)
    shutil.rmtree(before, ignore_errors=True)
    return used


def _write(path: Path, columns: list[str], lines: list[Line]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(line.row for line in lines)
        file.flush()
        os.fsync(file.fileno())
