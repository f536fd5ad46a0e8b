"""What an emulated Zalo Bot is set up with, the switches of its contested points, and its people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.chats import User


@dataclass(kw_only=True)
class BotConfig:
    """What Bot Creator holds. Per-second limits are guesses of the reference (§10.6): counted, not enforced."""

    token: str = "1459232241454765289:bot_secret_demo"
    account_name: str = "bot.VDKyGxQvc"
    base_url: str = ""  # learned from the first request if empty
    allow_loopback: bool = False
    webhook_timeout_s: float = 5.0
    webhook_retries_ms: tuple[int, ...] = ()  # retries are undocumented; the strict reading is none
    per_second: int = 5  # 0: not counted
    per_chat_second: int = 1


@dataclass
class BotSettings:
    """Every contested point of the reference, as a switch."""

    body: str = "flat"  # "flat" | "wrapped" webhook bodies
    photo_field: str = "photo_url"  # or "photo"
    date_in_seconds: bool = False
    lower_case: bool = False  # chat_type "private"
    probe_empty: bool = True  # setWebhook's verification posts nothing; else {}
    error_field: str = "error_code"  # or "errorCode"
    http_errors: bool = False  # HTTP status follows error_code; else always 200
    enforce_limits: bool = False  # answer 429 above the guessed per-second limits
    text_limit: int = 2000
    text_unit: str = "utf16"  # "utf16" | "chars"
    unknown_chat_code: int = 400
    monthly_left: int = 3000  # then 429
    set_webhook_left: int = 100  # then 426
    test_webhook_left: int = 10
    fetch_again_s: int = 30  # a photo is fetched again after this, and once more after twice this
    media_life_s: int = 0  # user media expire; 0: never
    media_host: str = ""  # scheme and host of media URLs; empty: the emulator's own
    any_user: bool = False  # unknown chats become people who wrote before (benchmarks)


@dataclass(kw_only=True)
class BotUser(User):
    """A person, or a group in which the person's phone stands for all members."""

    seen: bool = False  # the bot can only write to a chat that has written
    group: bool = False

    def as_json(self) -> dict[str, Any]:
        return super().as_json() | {"seen": self.seen, "group": self.group}
