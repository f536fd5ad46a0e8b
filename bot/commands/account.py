"""thontin account: credentials on Zalo and Telegram, kept sealed in the database."""

import asyncio
import json
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bot.commands import account_terms, shared

if TYPE_CHECKING:
    from bot.config import Settings
    from storage import Database, Transaction
    from storage.accounts import Account

app = typer.Typer(help="Tài khoản Zalo OA, Zalo Bot, Telegram: thêm, xem, dừng, đổi mã.", no_args_is_help=True)
account_terms.add_to(app)

# What each kind of account keeps secret: (key, question, whether it must be given).
ASKED: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "telegram": (("token", "Token của @BotFather", True), ("webhook_secret", "Mã webhook (Enter: tự tạo)", False)),
    "zalo_bot": (
        ("token", "Token của Zalo Bot Creator", True),
        ("webhook_secret", "Mã webhook, ít nhất 8 ký tự (Enter: tự tạo)", False),
    ),
    "zalo_oa": (
        ("app_secret", "Khóa bí mật của ứng dụng", True),
        ("oa_secret_key", "OA Secret Key của trang webhook", True),
        ("access_token", "Access token (Enter: nối sau bằng account connect)", False),
        ("refresh_token", "Refresh token (Enter: nối sau)", False),
    ),
}
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

Name = Annotated[str, typer.Argument(help="Tên tài khoản trong thontin (xem: account list).")]
SecretsStdin = Annotated[
    bool, typer.Option("--secrets-stdin", help="Đọc mã bí mật từ đầu vào chuẩn, một đối tượng JSON, không hỏi.")
]


@app.command()
def add(
    channel: Annotated[Literal["telegram", "zalo_bot", "zalo_oa"], typer.Argument(help="Loại tài khoản.")],
    name: Annotated[str, typer.Argument(help="Tên ngắn: chữ thường, số, gạch ngang.")],
    title: Annotated[str, typer.Option(help="Tên người dân thấy.")] = "Thôn Tin",
    commune: Annotated[str, typer.Option(help="Mã xã, nếu tài khoản chỉ phục vụ một xã.")] = "",
    receive: Annotated[Literal["polling", "webhook"], typer.Option(help="Cách nhận tin.")] = "polling",
    app_id: Annotated[str, typer.Option(help="Zalo OA: mã ứng dụng.")] = "",
    oa_id: Annotated[str, typer.Option(help="Zalo OA: mã OA.")] = "",
    base_url: Annotated[str, typer.Option(help="Địa chỉ máy chủ, nếu khác mặc định.")] = "",
    secrets_stdin: SecretsStdin = False,
    as_json: shared.AsJson = False,
) -> None:
    """Thêm một tài khoản; mã bí mật được hỏi, không bao giờ nằm trên dòng lệnh."""
    _check_new(channel, name, commune, app_id, oa_id)
    with shared.opened() as (settings, database):
        from storage import accounts, audit

        held = _made_up(_secrets(channel, secrets_stdin, {}))
        platform_id = oa_id or held["token"].partition(":")[0]
        row = _row(settings, channel, receive, name=name, title=title, commune=commune, app_id=app_id,
                   platform_id=platform_id, base_url=base_url.rstrip("/"))  # fmt: skip
        with database.transaction() as tx:
            if accounts.named(tx, name) or accounts.on_platform(tx, channel, platform_id):
                shared.stop(f"Đã có tài khoản tên {name} hoặc mã {platform_id}.", 1)
            accounts.add(tx, row, held)
            audit.write(tx, 0, "account.add", name, commune)
        _said(settings, row, f"Đã thêm {name}.", as_json)


@app.command("list")
def list_(as_json: shared.AsJson = False) -> None:
    """Xem các tài khoản, địa chỉ webhook và lý do nếu đang dừng."""
    with shared.opened() as (settings, database):
        from storage import accounts

        with database.reading() as tx:
            rows = accounts.every(tx)
        if as_json:
            shared.show({"accounts": [_public(settings, row) for row in rows]})
            return
        for row in rows:
            state = "đang gửi" if row.status == "active" else f"dừng: {row.why or 'người vận hành đã dừng'}"
            sys.stdout.write(f"{row.name:<14} {row.channel:<13} {row.platform_id:<22} {state}\n")


@app.command()
def suspend(
    name: Name,
    why: Annotated[str, typer.Option(help="Lý do, cho người vận hành khác.")] = "",
    as_json: shared.AsJson = False,
) -> None:
    """Dừng gửi; hàng chờ được giữ nguyên."""
    from storage import accounts

    _change(
        name, "account.suspend", f"Đã dừng {name}.", as_json, lambda tx, row: accounts.suspend(tx, row.id or 0, why)
    )


@app.command()
def resume(name: Name, as_json: shared.AsJson = False) -> None:
    """Gửi tiếp từ chỗ đã dừng."""
    from storage import accounts

    _change(name, "account.resume", f"{name} gửi tiếp.", as_json, lambda tx, row: accounts.resume(tx, row.id or 0))


@app.command()
def rotate(name: Name, secrets_stdin: SecretsStdin = False, as_json: shared.AsJson = False) -> None:
    """Đổi mã bí mật; Enter là giữ mã cũ. Chương trình đang chạy dùng mã mới sau vài giây."""
    from storage import accounts

    with shared.opened() as (_, database), database.reading() as tx:
        row = _found(tx, name)
        changed = _secrets(row.channel, secrets_stdin, accounts.secrets(tx, row))
    _change(name, "account.rotate", f"Đã đổi mã của {name}.", as_json,
            lambda tx, row: accounts.rotate(tx, row.id or 0, changed))  # fmt: skip


@app.command()
def connect(name: Name, as_json: shared.AsJson = False) -> None:
    """In đường dẫn để quản trị viên của OA đồng ý nối; đường dẫn sống 30 phút, thontin run phải đang chạy."""
    with shared.opened() as (settings, database):
        with database.reading() as tx:
            row = _found(tx, name)
        if row.channel != "zalo_oa":
            shared.stop(f"{name} không phải Zalo OA: chỉ OA mới cần nối.")
        if not json.loads(row.settings).get("redirect_uri"):
            shared.stop("THONTIN_PUBLIC_URL: còn trống khi thêm OA này; đặt địa chỉ https rồi thêm lại tài khoản")
        url = _consent(database, name)
        if as_json:
            shared.show({"url": url, **_public(settings, row)})
        else:
            sys.stdout.write(f"Quản trị viên của OA mở đường dẫn này và bấm đồng ý:\n{url}\n")
            _show_addresses(settings, row)


@app.command()
def rekey(as_json: shared.AsJson = False) -> None:
    """Mã hóa lại mọi thứ bằng khóa mới nhất.

    Thứ tự: thêm khóa mới vào đầu THONTIN_KEYS, khởi động lại thontin run, chạy lệnh này, rồi mới bỏ khóa cũ.
    """
    from storage import rekey as storage_rekey

    with shared.opened() as (_, database):
        counts = storage_rekey.everything(database)
        newest = database.vault.newest
    if as_json:
        shared.show({"key": newest, "sealed_again": counts})
    else:
        sys.stdout.write(f"Đã mã hóa lại {sum(counts.values())} giá trị bằng khóa {newest}.\n")


def _check_new(channel: str, name: str, commune: str, app_id: str, oa_id: str) -> None:
    if not NAME.fullmatch(name) or name == "source":
        shared.stop("Tên tài khoản chỉ gồm a–z, 0–9 và gạch ngang, dài tối đa 40, và không phải “source”.")
    if channel == "zalo_oa" and not (app_id.isdigit() and oa_id.isdigit()):
        shared.stop("Zalo OA cần --app-id và --oa-id, chỉ gồm chữ số.")
    if commune:
        shared.insist_on_commune(commune)


def _secrets(channel: str, from_stdin: bool, kept: dict[str, str]) -> dict[str, str]:
    """The secrets of one account, asked for one by one or read as JSON; `kept` are those it has already."""
    asked = ASKED.get(channel)
    if asked is None:
        shared.stop("Tài khoản này lấy mã từ .env (THONTIN_SOURCE_…).")
    if from_stdin:
        given = _from_json(sys.stdin.read(), {key for key, _, _ in asked})
    else:
        given = {key: shared.typed(question, needed and not kept) for key, question, needed in asked}
    given = {key: value for key, value in given.items() if value}
    missing = [key for key, _, needed in asked if needed and key not in given and key not in kept]
    if missing:
        shared.stop(f"Thiếu mã bí mật: {', '.join(missing)}.")
    _check_shape(channel, given)
    return given


def _from_json(text: str, known: set[str]) -> dict[str, str]:
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict) or not set(data) <= known or not all(isinstance(one, str) for one in data.values()):
        shared.stop(f"Đầu vào phải là một đối tượng JSON với các khóa trong: {', '.join(sorted(known))}.")
    return {key: value.strip() for key, value in data.items()}


def _check_shape(channel: str, given: dict[str, str]) -> None:
    from bot.settings_check import TELEGRAM_SECRET, TELEGRAM_TOKEN

    token, secret = given.get("token", ""), given.get("webhook_secret", "")
    if token and channel == "telegram" and not TELEGRAM_TOKEN.fullmatch(token):
        shared.stop("Token không đúng dạng số:chữ của @BotFather.")
    if token and channel == "zalo_bot" and not re.fullmatch(r"\d+:\S+", token):
        shared.stop("Token không đúng dạng số:chữ của Zalo Bot Creator.")
    if secret and channel == "telegram" and not TELEGRAM_SECRET.fullmatch(secret):
        shared.stop("Mã webhook của Telegram chỉ được có A–Z a–z 0–9 _ - và dài tối đa 256.")
    if secret and channel == "zalo_bot" and not 8 <= len(secret) <= 256:
        shared.stop("Mã webhook của Zalo Bot phải dài từ 8 đến 256 ký tự.")


def _made_up(held: dict[str, str]) -> dict[str, str]:
    """With a webhook secret of our own where a bot was given none."""
    import secrets

    return {"webhook_secret": secrets.token_urlsafe(24), **held} if "token" in held else held


def _row(settings: "Settings", channel: str, receive: str, **values: Any) -> "Account":
    from storage.accounts import Account

    bases = {"telegram": settings.telegram_base_url, "zalo_bot": settings.zalo_bot_base_url,
             "zalo_oa": settings.zalo_oa_base_url}  # fmt: skip
    more: dict[str, Any] = {"receive": receive}
    if channel == "telegram":
        more["secret_header"] = settings.telegram_secret_header
    if channel == "zalo_oa":
        more = {
            "pkce": settings.zalo_pkce,
            "oauth_url": settings.zalo_oauth_base_url,
            "appsecret_proof": settings.zalo_appsecret_proof,
            "redirect_uri": _redirect(settings, values["app_id"]) if settings.public_url else "",
        }
    values["base_url"] = values["base_url"] or bases[channel]
    return Account(channel=channel, settings=json.dumps(more), created_at=0, **values)


def _change(name: str, deed: str, sentence: str, as_json: bool, job: Any) -> None:
    from storage import audit

    with shared.opened() as (settings, database):
        with database.transaction() as tx:
            row = _found(tx, name)
            job(tx, row)
            audit.write(tx, 0, deed, name, row.commune)
        _said(settings, row, sentence, as_json)


def _found(tx: "Transaction", name: str) -> "Account":
    from storage import accounts

    row = accounts.named(tx, name)
    if row is None:
        shared.stop(f"Không có tài khoản nào tên {name}. Xem: thontin account list", 1)
    return row


def _consent(database: "Database", name: str) -> str:
    from bot.connecting import begin
    from bot.work import Work

    work = Work(database)
    try:
        return asyncio.run(begin(work, name))
    finally:
        work.close()


def _redirect(settings: "Settings", app_id: str) -> str:
    return f"{settings.public_url}/oauth/zalo/{app_id}"


def _public(settings: "Settings", row: "Account") -> dict[str, Any]:
    """What programs may read of an account: nothing sealed."""
    from bot.doctor_accounts import webhook_address

    shown = row.model_dump(include={"name", "channel", "platform_id", "app_id", "title", "commune", "status", "why"})
    if row.channel != "source_system":
        shown["webhook"] = webhook_address(settings.public_url, row)
    return shown


def _said(settings: "Settings", row: "Account", sentence: str, as_json: bool) -> None:
    if as_json:
        shared.show(_public(settings, row))
        return
    sys.stdout.write(f"{sentence}\n")
    if row.channel == "zalo_oa":
        _show_addresses(settings, row)


def _show_addresses(settings: "Settings", row: "Account") -> None:
    """What an operator copies into the console of Zalo."""
    from bot.doctor_accounts import webhook_address

    sys.stdout.write(
        "Khai ở Zalo for Developers:\n"
        f"  Webhook URL:               {webhook_address(settings.public_url, row)}\n"
        f"  Official Account Callback: {_redirect(settings, row.app_id)}\n"
    )
