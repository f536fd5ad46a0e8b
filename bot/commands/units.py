"""thontin units: find a commune in what people type; import a newer official list."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import shared
from content.units import Candidate, Found, Gazetteer

if TYPE_CHECKING:
    from content.units.merging import Change, Report

app = typer.Typer(help="Places: find a commune in what people type; import a newer list.", no_args_is_help=True)

CHANGES = {
    "provinces": "Tỉnh, thành phố thay đổi",
    "new": "Mới",
    "renamed": "Đổi tên",
    "retyped": "Đổi loại",
    "moved": "Sang tỉnh khác",
    "merged": "Nhập vào đơn vị khác",
    "vanished": "Không còn, chưa rõ nhập vào đâu",
}
MOST_SHOWN = 30  # of each kind; --json has all


@app.callback()
def units() -> None:
    """Places: today's communes and what they were called before."""


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="A name, an old name or an address, as people type it.")],
    province: Annotated[str | None, typer.Option(help="Two-digit code of the province to look in first.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Find the communes that TEXT may mean. Exit code 0: found; 1: nothing found; 2: wrong use."""
    gazetteer = shared.gazetteer()
    if province is not None and province not in {one.code for one in gazetteer.provinces()}:
        typer.echo(f"No province has the code {province!r}; codes have two digits, like 11.", err=True)
        raise typer.Exit(2)
    found = gazetteer.find(text, province)
    if as_json:
        shared.show({"candidates": [one.to_json() for one in found.candidates], "ask": found.ask})
    else:
        typer.echo("\n".join(_lines(found, gazetteer)))
    raise typer.Exit(0 if found.candidates or found.ask else 1)


@app.command("import")
def import_lists(
    lists: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Các tệp CSV, hoặc thư mục có chúng.")],
    since: Annotated[
        str, typer.Option("--from", help="Ngày thay đổi có hiệu lực, như 2026-09-20; để trống = hôm nay.")
    ] = "",
    allow_vanished: Annotated[
        bool, typer.Option("--allow-vanished", help="Nhận cả khi nhiều xã mất đi mà danh sách không nói nhập vào đâu.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ xem sẽ đổi gì, không ghi.")] = False,
    as_json: shared.AsJson = False,
) -> None:
    """Nhận danh sách xã, phường mới hơn; tên cũ vẫn tìm được. Mã thoát 0: xong; 2: không nhận gì, lý do từng dòng."""
    from bot import units as lists_in_use
    from content.units.lists import ListError, read_lists
    from content.units.merging import Merge

    data_dir = shared.settings().data_dir
    day = _day(since)
    try:
        merge = Merge(lists_in_use.in_use(data_dir), read_lists(lists), day, allow_vanished=allow_vanished)
    except ListError as error:
        shared.stop(str(error))
    written = merge.report.changed and not dry_run
    if written:
        try:
            lists_in_use.install(data_dir, merge.done)
        except OSError as error:
            shared.stop(f"Không ghi được vào {data_dir}: {error.strerror}")
    if as_json:
        shared.show(merge.report.to_json() | {"written": written})
    else:
        typer.echo("\n".join(_told(merge.report, written=written)))


def _day(typed: str) -> date:
    from bot.database import wall_clock
    from content.dates import local

    try:
        return date.fromisoformat(typed) if typed else local(wall_clock()).date()
    except ValueError:
        shared.stop("--from: cần ngày có thật, viết năm-tháng-ngày, như 2026-09-20.")


def _told(report: "Report", *, written: bool) -> list[str]:
    """The report, for people."""
    lines = [line for kind, title in CHANGES.items() for line in _part(title, getattr(report, kind))]
    if report.former:
        lines.append(f"Đơn vị cũ có nơi đến khác trước: {report.former}")
    if report.without_place:
        lines.append(f"Chưa có tọa độ, ghim vị trí không tìm ra: {', '.join(report.without_place[:MOST_SHOWN])}")
    if report.untouched:
        lines.append(f"Danh sách không có xã nào của {len(report.untouched)} tỉnh, thành phố: các nơi đó giữ nguyên.")
    if not report.changed:
        return [*lines, "Không có gì thay đổi."]
    return [*lines, "Đã ghi. Khởi động lại kênh để dùng danh sách mới." if written else "Chưa ghi gì (--dry-run)."]


def _part(title: str, changes: "list[Change]") -> list[str]:
    if not changes:
        return []
    shown = [f"  {one.code}  {' → '.join(part for part in (one.before, one.after) if part)}" for one in changes]
    more = [f"  … và {len(shown) - MOST_SHOWN} nơi nữa"] if len(shown) > MOST_SHOWN else []
    return [f"{title}: {len(changes)}", *shown[:MOST_SHOWN], *more]


def _lines(found: Found, gazetteer: Gazetteer) -> list[str]:
    if not found.candidates:
        names = [one.full_name for one in gazetteer.provinces() if one.code in found.provinces]
        return [f"{names[0]}: xã, phường nào?" if names else "Không tìm thấy xã, phường nào."]
    lines = [_line(one) for one in found.candidates]
    more = found.fits - len(found.candidates)
    if more:
        lines.append(f"… và {more} nơi nữa: cần thêm tên tỉnh hoặc tên huyện cũ.")
    return [*lines, "Phải hỏi lại." if found.ask else "Chắc chắn."]


def _line(one: Candidate) -> str:
    before = f" (trước: {one.former[0]})" if one.former else ""
    return f"{one.code}  {one.score:.2f}  {one.commune.full_name}{before}"
