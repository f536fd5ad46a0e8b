"""thontin doctor: what is wrong here and what to do about it."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import shared

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.doctor import Line


def doctor(
    as_json: shared.AsJson = False,
    replay: Annotated[bool, typer.Option("--replay", help="Xử lý lại những tin nhận được mà bị lỗi.")] = False,
) -> None:
    """Khám cấu hình, thư mục, khóa, cơ sở dữ liệu, tài khoản, giọng đọc, đồng hồ và địa chỉ công khai.

    Mỗi dòng một điều, dòng ✘ kèm cách sửa. Mã thoát: 0 mọi thứ tốt, 1 có điều phải sửa, 2 cấu hình không đọc được.
    """
    from bot import log

    log.setup("CRITICAL")  # what is wrong is in the lines; a library's log may quote more than it should
    if replay:
        _replay(as_json)
        return
    lines = asyncio.run(_examine(shared.settings(), as_json))
    good = all(line.ok for line in lines)
    if as_json:
        shared.show({"ok": good, "findings": [line.to_json() for line in lines]})
    raise typer.Exit(0 if good else 1)


async def _examine(settings: "Settings", quiet: bool) -> "list[Line]":
    from bot.database import wall_clock
    from bot.doctor import Doctor

    lines = []
    async for line in Doctor(settings, wall_clock).examine():
        lines.append(line)
        if not quiet:
            sys.stdout.write(f"{'✔' if line.ok else '✘'} {line.area}: {line.what}\n")
            sys.stdout.write(f"    → {line.remedy}\n" if line.remedy else "")
            sys.stdout.flush()
    return lines


def _replay(as_json: bool) -> None:
    from bot.replay import replay
    from bot.work import Work

    with shared.opened() as (settings, database):
        work = Work(database)
        try:
            tried, left = asyncio.run(replay(settings, work))
        finally:
            work.close()
    if as_json:
        shared.show({"tried": tried, "failed": left})
    else:
        sys.stdout.write(f"Đã xử lý lại {tried} tin, còn {left} tin vẫn lỗi.\n")
    raise typer.Exit(1 if left else 0)
