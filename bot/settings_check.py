"""What a single setting cannot know of itself: whether the settings fit each other and this machine."""

import ipaddress
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from yarl import URL

from bot.config import BadSetting, Settings
from storage import Vault, WrongKey

TELEGRAM_TOKEN = re.compile(r"\d+:[\w-]{10,}", re.ASCII)
TELEGRAM_SECRET = re.compile(r"[\w-]{1,256}", re.ASCII)  # Bot API, setWebhook, secret_token
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """A wrong setting: its name without THONTIN_, what is wrong, what to do. Never its value if that is secret."""

    setting: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"THONTIN_{self.setting.upper()}: {self.what}; {self.remedy}"


def insist(settings: Settings) -> None:
    """Raise `BadSetting` for the first fault."""
    for fault in faults(settings):
        raise BadSetting(str(fault))


def faults(settings: Settings) -> Iterator[Fault]:
    """Everything wrong with the settings, found without asking anybody."""
    rules: tuple[Callable[[Settings], Iterator[Fault]], ...] = (
        _database, _keys, _data_dir, _public_url, _telegram, _zalo_bot, _zalo_oa, _source, _words,
    )  # fmt: skip
    for rule in rules:
        yield from rule(settings)


def private(host: str) -> bool:
    """Whether an address with this host is known to be on this machine or network only."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".localhost", ".internal")) or "." not in host


def _database(settings: Settings) -> Iterator[Fault]:
    remedy = "viết sqlite:///đường/dẫn hoặc postgresql://người@máy/tên"
    try:
        url = make_url(settings.database_url)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        yield Fault("database_url", "không phải địa chỉ cơ sở dữ liệu", remedy)
        return
    if backend not in ("sqlite", "postgresql"):
        yield Fault("database_url", f"không dùng được {backend}", remedy)
    elif not url.database:
        yield Fault("database_url", "thiếu tên cơ sở dữ liệu", remedy)


def _keys(settings: Settings) -> Iterator[Fault]:
    text = settings.keys.get_secret_value()
    try:
        if text:
            Vault.parse(text)
    except WrongKey:
        yield Fault("keys", "không đúng dạng mã:khóa,mã:khóa với khóa 32 byte base64", "lấy khóa mới bằng thontin init")


def _data_dir(settings: Settings) -> Iterator[Fault]:
    folder = settings.data_dir.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        yield Fault("data_dir", f"{folder} không phải thư mục", "chọn thư mục khác")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Fault("data_dir", f"không ghi được vào {folder}", "cấp quyền ghi cho người chạy thontin")


def _public_url(settings: Settings) -> Iterator[Fault]:
    url = URL(settings.public_url)
    needs = [name for name, needed in _webhooks(settings).items() if needed]
    if not settings.public_url:
        if needs:
            yield Fault("public_url", f"còn trống mà {', '.join(needs)} nhận tin bằng webhook", "ghi địa chỉ https")
        return
    if url.user or url.password or url.path not in ("", "/"):
        yield Fault("public_url", "chỉ gồm https:// và tên miền", "bỏ phần còn lại")
    if url.scheme != "https" and not private(url.host or ""):
        yield Fault("public_url", "phải là https:// vì Zalo và Telegram chỉ gọi https", "đặt chứng thư cho tên miền")


def _webhooks(settings: Settings) -> dict[str, bool]:
    return {
        "Telegram": bool(settings.telegram_token) and settings.telegram_receive == "webhook",
        "Zalo Bot": bool(settings.zalo_bot_token) and settings.zalo_bot_receive == "webhook",
        "Zalo OA": bool(settings.zalo_oa_id),
    }


def _telegram(settings: Settings) -> Iterator[Fault]:
    token, secret = _open(settings.telegram_token), _open(settings.telegram_secret)
    if token and not TELEGRAM_TOKEN.fullmatch(token):
        yield Fault("telegram_token", "không đúng dạng số:chữ của @BotFather", "chép lại token")
    if secret and not TELEGRAM_SECRET.fullmatch(secret):
        yield Fault("telegram_secret", "chỉ được có A–Z a–z 0–9 _ - và dài 1–256", "lấy mã mới bằng thontin init")
    needed = _webhooks(settings)["Telegram"] and settings.telegram_secret_header == "required"
    if needed and not secret:
        yield Fault("telegram_secret", "còn trống mà Telegram nhận tin bằng webhook", "đặt một mã ngẫu nhiên")


def _zalo_bot(settings: Settings) -> Iterator[Fault]:
    token, secret = _open(settings.zalo_bot_token), _open(settings.zalo_bot_secret)
    if token and not re.fullmatch(r"\d+:\S+", token):
        yield Fault("zalo_bot_token", "không đúng dạng số:chữ của Zalo Bot Creator", "chép lại token")
    if (secret or _webhooks(settings)["Zalo Bot"]) and not 8 <= len(secret) <= 256:
        yield Fault("zalo_bot_secret", "phải dài từ 8 đến 256 ký tự", "lấy mã mới bằng thontin init")


def _zalo_oa(settings: Settings) -> Iterator[Fault]:
    whole = ("zalo_oa_id", "zalo_app_id", "zalo_app_secret", "zalo_oa_secret_key")
    empty = [name for name in whole if not _open(getattr(settings, name))]
    if empty and len(empty) < len(whole):
        yield Fault(empty[0], "còn trống mà các mục khác của Zalo OA đã có", "điền nốt, hoặc để trống cả bốn mục")
    for name in ("zalo_oa_id", "zalo_app_id"):
        value = getattr(settings, name)
        if value and not (value.isascii() and value.isdigit()):
            yield Fault(name, "chỉ gồm chữ số", "chép lại từ trang quản trị của Zalo")
    if settings.zalo_pkce == "fixed" and not settings.zalo_pkce_verifier:
        yield Fault("zalo_pkce_verifier", "còn trống mà ZALO_PKCE là fixed", "chép mã đã lưu ở Zalo for Developers")


def _source(settings: Settings) -> Iterator[Fault]:
    if settings.source_system == "none":
        return
    for name in ("source_base_url", "source_username", "source_password"):
        if not _open(getattr(settings, name)):
            yield Fault(
                name, "còn trống mà SOURCE_SYSTEM là http_json", "điền theo tài liệu của hệ thống thông tin nguồn"
            )
    from bot.gateways import source_config  # only where a source system is set

    try:
        source_config.load(settings.source_config)
    except OSError:
        yield Fault("source_config", f"không đọc được tệp {settings.source_config}", "sửa đường dẫn")
    except source_config.WrongConfig as error:
        yield Fault("source_config", str(error), "sửa tệp này")


def _words(settings: Settings) -> Iterator[Fault]:
    if not settings.controller.strip():
        yield Fault("controller", "còn trống", "ghi tên cơ quan giữ dữ liệu")
    for one in filter(None, (one.strip() for one in settings.media_hosts.split(","))):
        if not HOST.fullmatch(one):
            yield Fault("media_hosts", f"{one!r} không phải tên miền", "viết các tên miền cách nhau bằng dấu phẩy")


def _open(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
