"""An empty database takes its first accounts from the settings; after that they live in the database."""

import json
from typing import Any

from bot import knowledge
from bot.config import Settings
from storage import Transaction, accounts
from storage.accounts import Account


def seed(tx: Transaction, settings: Settings) -> None:
    """The source system's row, the starter FAQ, and one account for each platform the settings name."""
    accounts.source_system(tx)
    knowledge.seed(tx)
    for account, held in wanted(settings):
        if accounts.named(tx, account.name) is None and not _has(tx, account.channel):
            account.created_at = tx.now
            account.secrets_sealed = tx.vault.seal_json(held)
            tx.add(account)


def _has(tx: Transaction, channel: str) -> bool:
    return any(row.channel == channel for row in accounts.every(tx))


def wanted(settings: Settings) -> list[tuple[Account, dict[str, str]]]:
    """The accounts that the settings name, with their secrets."""
    makers = (_telegram, _zalo_oa, _zalo_bot)
    return [made for make in makers if (made := make(settings)) is not None]


def _account(settings: dict[str, Any], **values: Any) -> Account:
    return Account(settings=json.dumps(settings), created_at=0, **values)


def _telegram(settings: Settings) -> tuple[Account, dict[str, str]] | None:
    token = settings.telegram_token.get_secret_value()
    if not token:
        return None
    more: dict[str, str] = {"receive": settings.telegram_receive, "secret_header": settings.telegram_secret_header}
    if settings.telegram_paid:
        more["paid_broadcast"] = "yes"
    row = _account(more, name="telegram", channel="telegram", platform_id=token.partition(":")[0],
                   title="Thôn Tin", base_url=settings.telegram_base_url)  # fmt: skip
    return row, {"token": token, "webhook_secret": settings.telegram_secret.get_secret_value()}


def _zalo_oa(settings: Settings) -> tuple[Account, dict[str, str]] | None:
    if not settings.zalo_oa_id:
        return None
    more = {
        "pkce": settings.zalo_pkce,
        "oauth_url": settings.zalo_oauth_base_url,
        "appsecret_proof": settings.zalo_appsecret_proof,
        "redirect_uri": f"{settings.public_url}/oauth/zalo/{settings.zalo_app_id}" if settings.public_url else "",
    }
    row = _account(more, name="zalo-oa", channel="zalo_oa", platform_id=settings.zalo_oa_id,
                   app_id=settings.zalo_app_id, title="Thôn Tin", base_url=settings.zalo_oa_base_url)  # fmt: skip
    return row, {
        "app_secret": settings.zalo_app_secret.get_secret_value(),
        "oa_secret_key": settings.zalo_oa_secret_key.get_secret_value(),
        "pkce_verifier": settings.zalo_pkce_verifier.get_secret_value(),
        "access_token": settings.zalo_oa_access_token.get_secret_value(),
        "refresh_token": settings.zalo_oa_refresh_token.get_secret_value(),
    }


def _zalo_bot(settings: Settings) -> tuple[Account, dict[str, str]] | None:
    token = settings.zalo_bot_token.get_secret_value()
    if not token:
        return None
    row = _account({"receive": settings.zalo_bot_receive}, name="zalo-bot", channel="zalo_bot",
                   platform_id=token.partition(":")[0], title="Thôn Tin",
                   base_url=settings.zalo_bot_base_url)  # fmt: skip
    return row, {"token": token, "webhook_secret": settings.zalo_bot_secret.get_secret_value()}
