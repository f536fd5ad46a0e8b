"""thontin user: the officials who may sign in."""

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import shared

if TYPE_CHECKING:
    from storage import Transaction
    from storage.officials import Official

app = typer.Typer(help="Cán bộ được đăng nhập: thêm, xem, đổi mật khẩu, khóa.", no_args_is_help=True)

SHORTEST = 10  # characters of a password
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")

Username = Annotated[str, typer.Argument(help="Tên đăng nhập.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Đọc mật khẩu từ đầu vào chuẩn, không hỏi.")]


@app.command()
def add(
    username: Annotated[str, typer.Argument(help="Tên đăng nhập: chữ thường không dấu, số, dấu chấm.")],
    name: Annotated[str, typer.Option(help="Họ và tên, như người dân thấy.")],
    title: Annotated[str, typer.Option(help="Chức danh, ví dụ “Chủ tịch UBND xã”.")],
    commune: Annotated[str, typer.Option(help="Mã xã năm chữ số; bỏ trống nếu làm ở cấp tỉnh.")] = "",
    password_stdin: FromStdin = False,
    as_json: shared.AsJson = False,
) -> None:
    """Thêm một cán bộ; mật khẩu được hỏi, ít nhất 10 ký tự."""
    username, name, title = username.strip().lower(), name.strip(), title.strip()
    _check(username, name, title, commune)
    with shared.opened() as (_, database):
        from storage import audit, officials

        with database.reading() as tx:
            if officials.named(tx, username):
                shared.stop(f"Đã có cán bộ tên đăng nhập {username}.", 1)
        hashed = _new_password(password_stdin)
        with database.transaction() as tx:
            row = officials.add(tx, username, name, title, commune, hashed)
            audit.write(tx, 0, "official.add", username, commune)
    _said(row, f"Đã thêm {name} ({username}).", as_json)


@app.command("list")
def list_(as_json: shared.AsJson = False) -> None:
    """Xem các cán bộ."""
    with shared.opened() as (_, database):
        from storage import officials

        with database.reading() as tx:
            rows = officials.every(tx)
    if as_json:
        shared.show({"users": [_public(row) for row in rows]})
        return
    for row in rows:
        state = "" if row.active else "  (đã khóa)"
        sys.stdout.write(f"{row.username:<16} {row.commune or 'tỉnh ':<6} {row.name}, {row.title}{state}\n")
    if not rows:
        sys.stdout.write("Chưa có cán bộ nào. Thêm bằng: thontin user add\n")


@app.command()
def password(username: Username, password_stdin: FromStdin = False, as_json: shared.AsJson = False) -> None:
    """Đổi mật khẩu; mọi nơi đang đăng nhập bị thoát ra."""
    with shared.opened() as (_, database):
        from storage import audit, officials

        with database.reading() as tx:
            _found(tx, username)
        hashed = _new_password(password_stdin)
        with database.transaction() as tx:
            row = _found(tx, username)
            officials.set_password(tx, row, hashed)
            audit.write(tx, 0, "official.password", row.username, row.commune)
    _said(row, f"Đã đổi mật khẩu của {row.username}.", as_json)


@app.command()
def disable(username: Username, as_json: shared.AsJson = False) -> None:
    """Khóa một cán bộ: thoát ra ngay và không đăng nhập được nữa; việc đã làm vẫn ghi tên người đó."""
    _switch(username, False, as_json)


@app.command()
def enable(username: Username, as_json: shared.AsJson = False) -> None:
    """Mở lại cho một cán bộ đã bị khóa."""
    _switch(username, True, as_json)


def _switch(username: str, active: bool, as_json: bool) -> None:
    with shared.opened() as (_, database):
        from storage import audit, officials

        with database.transaction() as tx:
            row = _found(tx, username)
            officials.set_active(tx, row, active)
            audit.write(tx, 0, "official.enable" if active else "official.disable", row.username, row.commune)
    _said(row, f"Đã {'mở lại' if active else 'khóa'} {row.username}.", as_json)


def _check(username: str, name: str, title: str, commune: str) -> None:
    if not USERNAME.fullmatch(username):
        shared.stop("Tên đăng nhập dài 2–40, chỉ gồm a–z, 0–9, dấu chấm, gạch ngang, gạch dưới.")
    if not 2 <= len(name) <= 80 or not 2 <= len(title) <= 120:
        shared.stop("Cần họ tên (2–80 ký tự) và chức danh (2–120 ký tự).")
    if commune:
        shared.insist_on_commune(commune)


def _new_password(from_stdin: bool) -> str:
    """The hash of a password that was typed twice, or read from standard input."""
    from bot.console.passwords import LONGEST, hash_password

    given = sys.stdin.readline().rstrip("\r\n") if from_stdin else shared.typed("Mật khẩu (ít nhất 10 ký tự)")
    if not SHORTEST <= len(given.strip()) <= LONGEST:
        shared.stop(f"Mật khẩu phải dài từ {SHORTEST} đến {LONGEST} ký tự.")
    if not from_stdin and shared.typed("Gõ lại mật khẩu") != given:
        shared.stop("Hai lần gõ không giống nhau.")
    return hash_password(given)


def _found(tx: "Transaction", username: str) -> "Official":
    from storage import officials

    row = officials.named(tx, username)
    if row is None:
        shared.stop(f"Không có cán bộ nào tên đăng nhập {username}.", 1)
    return row


def _public(row: "Official") -> dict[str, object]:
    return row.model_dump(include={"username", "name", "title", "commune", "active"})


def _said(row: "Official", sentence: str, as_json: bool) -> None:
    if as_json:
        shared.show(_public(row))
    else:
        sys.stdout.write(f"{sentence}\n")
