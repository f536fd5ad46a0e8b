"""The lists of units in use: those that were imported into this deployment, else those that came with the product."""

import csv
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from bot.config import BadSetting
from content.units import Gazetteer
from content.units.lists import TABLES, ListError, Lists, Row, read_lists
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
    rows = {name: [line.row for line in getattr(lists, name)] for name in TABLES}
    used, _ = _swapped(data_dir, rows)
    settle(data_dir)
    return used


def _swapped(data_dir: Path, tables: dict[str, list[Row]]) -> tuple[Path, Path]:
    """Where the new lists stand now, and where those do that were in use, if there were any."""
    made, used, before = data_dir / MADE, data_dir / NAME, data_dir / BEFORE
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(0o700, parents=True)
    for name, rows in tables.items():
        _write(made / f"{name}.csv", TABLES[name].columns, rows)
    Gazetteer.load(made)
    if used.is_dir():
        shutil.rmtree(before, ignore_errors=True)
        used.rename(before)
    made.rename(used)
    return used, before


Packed = tuple[str, list[str], Iterator[list[str]]]  # of a list its name, its columns, its rows


def packed(data_dir: Path) -> Iterator[Packed]:
    """The lists that were imported, for a backup; none where those that came with the product are in use."""
    used = folder(data_dir)
    for name in TABLES if used != DATA else ():
        with (used / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            yield name, next(rows), rows


def unpacked(data_dir: Path, lists: Iterable[Packed]) -> ExitStack:
    """Lists of a backup in use; what is returned takes them back, until `settle`. Raises `OSError`, `ValueError`,
    `KeyError` when they cannot be used."""
    undo, tables = ExitStack(), {name: [dict(zip(of, row, strict=True)) for row in rows] for name, of, rows in lists}
    if tables:
        used, before = _swapped(data_dir, tables)
        if before.is_dir():
            undo.callback(before.rename, used)
        undo.callback(shutil.rmtree, used, ignore_errors=True)
    return undo


def settle(data_dir: Path) -> None:
    """Keep the lists in use: those before them are not wanted any more."""
    if (data_dir / NAME).is_dir():
        shutil.rmtree(data_dir / BEFORE, ignore_errors=True)


def _write(path: Path, columns: list[str], rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        file.flush()
        os.fsync(file.fileno())
