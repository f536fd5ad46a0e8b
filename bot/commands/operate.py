"""thontin run, worker, demo: the whole at work."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from bot import memory
from bot.commands import shared


def run() -> None:
    """Chạy kênh: nhận tin, gửi tin, trang của cán bộ. Dừng bằng Ctrl+C."""
    memory.begin()
    from bot.service import run as serve

    _operate(serve)


def worker() -> None:
    """Chỉ gửi tin, thêm sức cho run; cần PostgreSQL. Chạy bao nhiêu tiến trình, trên máy nào cũng được."""
    memory.begin()
    from bot.service import work_only

    _operate(work_only)


def _operate(serve: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    from sqlalchemy.exc import SQLAlchemyError

    from bot import log
    from bot.database import AlreadyRunning
    from bot.settings_check import insist

    settings = shared.settings()
    insist(settings)
    log.setup(settings.log_level, settings.log_json)
    try:
        asyncio.run(serve(settings))
    except AlreadyRunning as error:
        shared.stop(str(error))
    except SQLAlchemyError as error:
        shared.stop(shared.no_database(error))
    except OSError as error:
        shared.stop(f"THONTIN_HOST, THONTIN_PORT hoặc THONTIN_DATA_DIR: {error.strerror or error}")


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Cổng của trang điện thoại.")] = 8000,
    fresh: Annotated[bool, typer.Option(help="Bắt đầu lại với dữ liệu trống.")] = True,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Mở trình duyệt.")] = True,
) -> None:
    """Chạy thử cả kênh trên máy này, với ba chiếc điện thoại giả; không cần tài khoản nào. Dừng bằng Ctrl+C."""
    from bot import log
    from bot.database import AlreadyRunning
    from bot.demo import demo as show

    shared.home()
    log.setup("WARNING", False)
    try:
        asyncio.run(show(port, fresh, open_browser))
    except AlreadyRunning as error:
        shared.stop(str(error))
