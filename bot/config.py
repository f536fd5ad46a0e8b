"""Every setting, with its meaning and default, read once from the environment and `.env` and passed down."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from yarl import URL

ROOT = Path(__file__).resolve().parent.parent


class BadSetting(Exception):
    """A setting is wrong; the sentence names it."""


def _address(value: str) -> str:
    if value:
        url = URL(value)
        if url.scheme not in ("http", "https") or not url.host or url.query_string or url.fragment:
            raise ValueError("phải là địa chỉ http:// hoặc https://, không có ? hay #")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]
Receive = Literal["polling", "webhook"]


class Settings(BaseSettings):
    """Read from THONTIN_… variables and `.env`. Accounts here only seed a database that has none."""

    model_config = SettingsConfigDict(env_prefix="THONTIN_", env_file=".env", extra="ignore", frozen=True)

    database_url: str = Field("sqlite:///data/thontin.db", description="sqlite:///path, or postgresql://user@host/name")
    data_dir: Path = Field(Path("data"), description="media, recordings, spool and generated keys")
    keys: SecretStr = Field(
        SecretStr(""), description="encryption keys id:key,id:key, newest first; empty = generated in DATA_DIR/keys"
    )
    host: str = Field("127.0.0.1", description="address the web server listens on")
    port: int = Field(8080, ge=0, le=65535, description="port the web server listens on; 0 = any free one")
    public_url: Address = Field(
        "", description="https address of this server as phones reach it; empty = no links, no webhooks"
    )
    controller: str = Field("UBND tỉnh", min_length=1, description="who keeps the data, as the consent says it")
    consent_version: int = Field(1, ge=1, description="raise it when the consent's words change their meaning")
    two_people: bool = Field(True, description="an emergency needs a second official's sign-in")
    forward_wait_minutes: float = Field(
        10, ge=0, le=1440, description="how long a report waits for its sender's name before it is forwarded"
    )

    telegram_token: SecretStr = Field(SecretStr(""), description="token of the Telegram bot, from @BotFather")
    telegram_base_url: Address = Field("https://api.telegram.org", description="Bot API server")
    telegram_receive: Receive = Field("polling", description="polling (works behind NAT) or webhook")
    telegram_secret: SecretStr = Field(SecretStr(""), description="webhook secret, 1–256 of A–Z a–z 0–9 _ -")
    telegram_secret_header: Literal["required", "optional"] = Field(
        "required", description="optional: for Bot API servers that send no secret header"
    )
    telegram_per_second: float = Field(
        30, ge=0, le=1000, description="messages a second the bot may send; 0 = no limit (an own Bot API server)"
    )
    telegram_paid: bool = Field(
        False, description="send above the free 30 a second for Stars (allow_paid_broadcast; @BotFather must agree)"
    )

    zalo_app_id: str = Field("", description="Zalo app: id")
    zalo_app_secret: SecretStr = Field(SecretStr(""), description="Zalo app: secret key (Khóa bí mật)")
    zalo_oa_id: str = Field("", description="Zalo OA: id")
    zalo_oa_secret_key: SecretStr = Field(SecretStr(""), description="Zalo OA: secret key of the webhook page")
    zalo_oa_access_token: SecretStr = Field(SecretStr(""), description="Zalo OA: first access token (API Explorer)")
    zalo_oa_refresh_token: SecretStr = Field(SecretStr(""), description="Zalo OA: first refresh token")
    zalo_oa_base_url: Address = Field("https://openapi.zalo.me", description="Zalo OA API")
    zalo_oauth_base_url: Address = Field("https://oauth.zaloapp.com", description="Zalo OAuth")
    zalo_pkce: Literal["per_request", "fixed", "none"] = Field(
        "per_request", description="how the OA is connected; fixed needs ZALO_PKCE_VERIFIER as saved in the console"
    )
    zalo_pkce_verifier: SecretStr = Field(SecretStr(""), description="the verifier for fixed PKCE")
    zalo_appsecret_proof: bool = Field(False, description="send appsecret_proof with every call")
    zalo_site_verification: str = Field("", description="the code of zalo_verifier<code>.html for this domain")
    zalo_oa_per_minute: float = Field(
        100, gt=0, description="requests a minute one OA may send at most, fewer where Zalo's own answers say so"
    )
    zalo_app_per_minute: float = Field(4000, gt=0, description="requests a minute of one Zalo app over all its OAs")
    zalo_bot_token: SecretStr = Field(SecretStr(""), description="token of the Zalo Bot, from Zalo Bot Creator")
    zalo_bot_base_url: Address = Field("https://bot-api.zaloplatforms.com", description="Zalo Bot API")
    zalo_bot_receive: Receive = Field("polling", description="polling (works behind NAT) or webhook")
    zalo_bot_secret: SecretStr = Field(SecretStr(""), description="webhook secret, 8–256 characters")
    zalo_bot_per_second: float = Field(5, gt=0, description="messages a second the Zalo Bot may send")
    chat_gap: float = Field(1.0, ge=0, description="seconds between two messages to one Telegram or Zalo Bot chat")
    headroom: float = Field(0.05, ge=0, lt=1, description="share of Telegram's limit (only “about 30”) left unused")

    source_system: Literal["none", "http_json"] = Field(
        "none", description="none keeps every report queued until a source system exists"
    )
    source_config: Path = Field(
        ROOT / "content" / "source_system.toml", description="key names and code tables of the source system"
    )
    source_base_url: Address = Field("", description="source system: address")
    source_username: str = Field("", description="source system: account")
    source_password: SecretStr = Field(SecretStr(""), description="source system: password")
    source_news_seconds: float = Field(60, gt=0, description="how often answers are fetched from the source system")

    gtts: bool = Field(
        True, description="record announcements with Google's voice, once published; drafts and emergencies never"
    )
    media_hosts: str = Field("", description="further hosts media may be fetched from, comma-separated suffixes")
    letters_kept_days: float = Field(
        30, gt=0, description="how long the words of answered conversations are kept, days"
    )
    deliveries_kept_days: float = Field(
        60, ge=7, description="how long each delivery is kept; older ones become tallies without persons, days"
    )
    media_limit_mb: float = Field(20, gt=0, le=200, description="largest file taken from a citizen, MiB")
    webhook_seconds: float = Field(
        1.0, gt=0, le=1.9, description="seconds a webhook has for its transaction before the spool"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")
    log_json: bool = Field(False, description="log JSON lines instead of text")


def load(**changed: object) -> Settings:
    """The settings, or `BadSetting` with one sentence that names the wrong one."""
    try:
        return Settings(**changed)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(one) for one in first["loc"]).upper()
        raise BadSetting(f"THONTIN_{name.removeprefix('THONTIN_')}: {first['msg']}") from None
