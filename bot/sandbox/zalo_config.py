"""What an emulated Zalo OA is set up with, the switches of its contested points, and its people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.chats import User


@dataclass(kw_only=True)
class OaConfig:
    """What the consoles of Zalo hold. Empty tokens are made up; an empty callback accepts any redirect."""

    app_id: str = "3608465248940903967"
    app_secret: str = "app_secret_demo"
    oa_id: str = "388613280878808645"
    oa_secret_key: str = "oa_secret_demo"
    oa_name: str = "Xã Thôn Tin"
    callback_url: str = ""
    webhook_url: str = ""
    access_token: str = ""
    refresh_token: str = ""
    base_url: str = ""  # learned from the first request if empty
    allow_loopback: bool = False
    webhook_timeout_s: float = 2.0
    oa_per_minute: int = 100  # 0: no limit and no X-RateLimit headers
    app_per_minute: int = 4000  # 0: no limit
    templates: dict[str, list[str]] = field(default_factory=dict)  # id -> required parameters


@dataclass
class OaSettings:
    """Every contested point of the reference, as a switch."""

    echo: bool = True  # API sends come back as oa_send_*
    receipts: bool = True  # user_received_message and user_seen_message
    receipts_from: str = "user"  # "user" | "oa": who is the sender of a receipt
    enforce_limits: bool = True
    text_limit: int = 2000
    text_unit: str = "utf16"  # "utf16" | "chars"
    too_long_error: int = -210  # or -201
    lists: bool = False  # list and button templates on /cs, else -233
    unknown_user_error: int = -201  # or -213
    window_error: int = -230  # or -232
    blocked_error: int = -217  # or -244
    left_error: int = -213  # 0: one who unfollowed can still be written to inside the window
    paid_left: int = 500  # messages of the package between 48 h and 7 d; 0 answers -211
    quota_in_answer: bool = True
    auto_consent: bool = True  # the consent page redirects at once; else it shows a link
    expires_in_number: bool = False
    unknown_refresh: str = "json"  # "json" | "quoted" | "-14020" | "empty" | "html"
    used_refresh: str = "empty"
    require_proof: bool = False  # appsecret_proof, else -242
    sign_with: str = "oa_key"  # "oa_key" | "app_secret"
    signature_prefix: bool = True
    escape_unicode: bool = False  # webhook bodies with \u escapes
    media_life_s: int = 0  # user media expire; 0: never
    media_host: str = ""  # scheme and host of media URLs; empty: the emulator's own
    uploads_left: int = 5000
    withdraw_shape: str = "both"  # where user_withdraw names the person: "sender" | "follower" | "both"
    follow_source: str = "oa_profile"
    oa_per_minute: int = 100  # as in the configuration, and to be changed while it runs
    app_per_minute: int = 4000
    template_state: str = "approved"  # "pending": -131, "disabled": -146
    templates_a_day: int = 500  # by the day in Viet Nam; above it -144
    articles_a_day: int = 1  # to one follower; who had theirs is passed over
    articles_a_month: int = 4
    any_user: bool = False  # unknown ids become people who just wrote (benchmarks)


@dataclass(kw_only=True)
class ZaloUser(User):
    user_id_by_app: str
    follower: bool = False
    left: bool = False  # unfollowed or withdrew, and silent since
    sensitive: bool = False
    last_interaction_ms: int = 0  # 0: never
    unseen: list[str] = field(default_factory=list)
    city: int = 0  # what a broadcast may ask for; 0: not told
    location: int = 0
    gender: int = 0
    age: int = 0
    articles: list[int] = field(default_factory=list)  # when one came, ms UTC

    def fits(self, target: dict[str, list[int]]) -> bool:
        """Whether a broadcast to `target` means this person; every phone of the emulator is of every platform."""
        mine = {"cities": self.city, "locations": self.location, "gender": self.gender, "ages": self.age}
        return all(one in target[name] for name, one in mine.items() if target.get(name))

    def as_json(self) -> dict[str, Any]:
        names = ("user_id_by_app", "follower", "sensitive", "last_interaction_ms", "city")
        return super().as_json() | {name: getattr(self, name) for name in names}
