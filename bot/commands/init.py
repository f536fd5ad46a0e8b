"""thontin init: a first `.env`, with keys and secrets of its own."""

import os
import re
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.commands import shared

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"


def init(
    file: Annotated[Path | None, typer.Option(help="Tệp cần viết; mặc định là .env.")] = None,
) -> None:
    """Viết tệp .env từ .env.example với khóa mã hóa và mã bí mật mới, chỉ mình người chạy đọc được.

    Không bao giờ ghi đè: nếu tệp đã có thì thoát với mã 2.
    """
    target = (file or Path(".env")).absolute() if file else shared.home() / ".env"
    if not EXAMPLE.is_file():
        shared.stop(f"Thiếu tệp mẫu {EXAMPLE}: lấy lại mã nguồn cho đủ.")
    try:
        _write(target, filled(EXAMPLE.read_text("utf-8")))
    except FileExistsError:
        shared.stop(f"{target} đã có: giữ nguyên, không ghi đè.")
    except OSError as error:
        shared.stop(f"Không viết được {target}: {error.strerror}.")
    sys.stdout.write(
        f"Đã viết {target}. Giữ một bản sao của THONTIN_KEYS ở nơi khác: mất khóa là mất dữ liệu đã mã hóa.\n"
        "Tiếp theo: điền tài khoản Zalo hoặc Telegram vào tệp này, chạy ./thontin doctor, rồi ./thontin run.\n"
    )


def filled(example: str) -> str:
    """The example with fresh values for the settings that must be secret; the rest as it stands."""
    from storage.vault import new_key

    fresh = {
        "THONTIN_KEYS": f"k1:{new_key()}",
        "THONTIN_TELEGRAM_SECRET": secrets.token_urlsafe(24),
        "THONTIN_ZALO_BOT_SECRET": secrets.token_urlsafe(24),
    }
    for name, value in fresh.items():
        line = re.compile(rf"^#?[ \t]*{name}=.*$", re.MULTILINE)
        example = (
            line.sub(f"{name}={value}", example, count=1) if line.search(example) else f"{example}{name}={value}\n"
        )
    return example


def _write(target: Path, text: str) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
