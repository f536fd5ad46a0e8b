"""Commands that run the whole: run, demo, init, doctor, user, account, test, bench."""

import asyncio
import sys
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Hang the commands on the main program."""
    app.command("run")(run)
    app.command("demo")(demo)


def run() -> None:
    """Chạy kênh: nhận tin, gửi tin, trang của cán bộ."""
    from bot import log
    from bot.config import load
    from bot.service import AlreadyRunning
    from bot.service import run as serve

    settings = load()
    log.setup(settings.log_level, settings.log_json)
    try:
        asyncio.run(serve(settings))
    except AlreadyRunning as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(2) from None


def demo(
    port: Annotated[int, typer.Option(help="cổng của trang điện thoại")] = 8000,
    fresh: Annotated[bool, typer.Option(help="bắt đầu lại với dữ liệu trống")] = True,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="mở trình duyệt")] = True,
) -> None:
    """Chạy thử cả kênh trên máy này, với ba chiếc điện thoại giả; không cần tài khoản nào."""
    from bot import log
    from bot.demo import demo as show

    log.setup("WARNING", False)
    asyncio.run(show(port, fresh, open_browser))
