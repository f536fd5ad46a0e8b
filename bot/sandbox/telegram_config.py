"""What an emulated Bot API server is set up with, and its switches."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BotConfig:
    """One bot of the server. Its token must begin with its id and a colon."""

    id: int
    username: str
    name: str = "Thôn Tin"


@dataclass(frozen=True, slots=True)
class Config:
    """`bots` by token, the first is the main one. `base_url` is learnt from the first request when empty.

    `allow_loopback` lets webhooks and media by URL point at loopback, over plain http too.
    """

    bots: dict[str, BotConfig]
    allow_loopback: bool = False
    send_secret_header: bool = True
    enforce_limits: bool = False
    open_chats: bool = False
    base_url: str = ""


@dataclass
class Settings:
    """What `POST /_control/settings` can switch."""

    enforce_limits: bool = False  # answer 429 above Telegram's rates; they are counted as violations anyway
    flood_delay: bool = True  # the server's own floods (re-uploads) answer after 3 s by the emulator's clock
    send_secret_header: bool = True  # some Bot API servers omit it
    open_chats: bool = False  # every unknown private chat takes messages and forgets them (benchmarks)
    webhook_once_a_second: bool = True  # 429 to a second setWebhook within a (real) second
    log_sends: bool = False  # keep when each send arrived, and how often each chat was told (benchmarks)
