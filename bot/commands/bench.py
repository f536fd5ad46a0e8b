"""thontin bench: one measurement, its last line one JSON object."""

import asyncio
import importlib
import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands import shared

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "bench"


def bench(
    name: Annotated[str, typer.Argument(help="Tên phép đo.")],
    database: Annotated[str, typer.Option(help="Địa chỉ cơ sở dữ liệu; mặc định là SQLite tạm.")] = "",
    size: Annotated[int | None, typer.Option(min=1, help="Cỡ của phép đo.")] = None,
) -> None:
    """Đo tốc độ một phần của chương trình; dòng cuối là một đối tượng JSON. Tên sai thì in các tên có sẵn."""
    names = sorted(path.stem for path in FOLDER.glob("[a-z]*.py") if "def run(" in path.read_text("utf-8"))
    if name not in names:
        shared.stop(f"Không có phép đo {name}. Có: {', '.join(names)}.")
    run = importlib.import_module(f"tests.bench.{name}").run
    takes = inspect.signature(run).parameters
    if database and "database" not in takes:
        shared.stop(f"Phép đo {name} không dùng cơ sở dữ liệu.")
    wanted: dict[str, Any] = {"database": database or None, "size": size}
    result = run(**{key: value for key, value in wanted.items() if value is not None and key in takes})
    shared.show(asyncio.run(result) if inspect.iscoroutine(result) else result)
