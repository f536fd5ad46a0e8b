"""Zalo Bot Platform updates, from webhook or poll, as what a citizen said (Zalo reference §10.4–10.6)."""

import logging
import re
from collections.abc import Sequence
from typing import Any

from bot.channels.base import BadBody
from bot.channels.zalo_fields import event_word, items, mapping, text, time_ms
from bot.channels.zalo_http import parse
from content.message import Attached, Heard, HeardKind, MediaKind

log = logging.getLogger(__name__)

UNSUPPORTED = "message.unsupported.received"
# Seen in one SDK only (§10.5).
FOLLOWS: dict[str, HeardKind] = {"user.follow": "follow", "user.unfollow": "unfollow"}
# Field → what it holds. The documentation says `photo`, real captures say `photo_url`.
MEDIA: dict[str, MediaKind] = {"photo_url": "image", "photo": "image", "voice_url": "voice"}


def read(raw: bytes, bot_id: str, names: Sequence[str] = ()) -> list[Heard]:
    """What one body says; [] for an empty probe and for events nobody said. Raises `BadBody`.

    Bodies come flat or wrapped in `{"ok":true,"result":…}`. `names` are the bot's own, taken out of a mention.
    """
    if not raw.strip():
        return []
    found = parse(raw)
    if found is None:
        raise BadBody("zalo_bot: the body is not a JSON object")
    return [heard for update in _updates(found) for heard in _read(update, bot_id, names)]


def _updates(found: dict[str, Any]) -> list[dict[str, Any]]:
    """One update, documented; a list of them costs nothing to take too."""
    if "event_name" in found:
        return [found]
    result = found.get("result")
    return [result] if isinstance(result, dict) and result else items(result)


def _read(update: dict[str, Any], bot_id: str, names: Sequence[str]) -> list[Heard]:
    name = text(update.get("event_name"))
    if not name:
        raise BadBody("zalo_bot: no event_name")
    message = mapping(update.get("message"))
    if name not in FOLLOWS and not (name.startswith("message.") and message):
        log.info("zalo_bot: event ignored: %s", event_word(name), extra={"action": "event_ignored"})
        return []
    sender = mapping(message.get("from")) or mapping(update.get("user"))
    if sender.get("is_bot") is True:
        return []
    kind = FOLLOWS.get(name)
    head = _head(name, message, sender, bot_id, at=message.get("date") or update.get("timestamp"))
    return [Heard(**head, kind=kind) if kind else _said(name, message, head, names)]


def _head(name: str, message: dict[str, Any], sender: dict[str, Any], bot_id: str, at: Any) -> dict[str, Any]:
    chat = mapping(message.get("chat"))
    chat_id, when = text(chat.get("id")) or text(sender.get("id")), time_ms(at)
    if not chat_id or not when:
        raise BadBody(f"zalo_bot: {name} without a chat or a date")
    message_id = text(message.get("message_id"))
    return {
        "channel": "zalo_bot",
        "account": bot_id,
        "chat": chat_id,
        "key": f"{name}:{message_id}" if message_id else f"{name}:{when}:{chat_id}",
        "at": when,
        "name": text(sender.get("display_name")),
        "group": text(chat.get("chat_type")).upper() == "GROUP",
    }


def _said(name: str, message: dict[str, Any], head: dict[str, Any], names: Sequence[str]) -> Heard:
    """Read by what is there, not by the event's name: names and fields differ between page and capture."""
    if name == UNSUPPORTED:
        return Heard(**head, kind="unsupported")
    attached = _attached(name, message)
    words = text(message.get("caption") if attached else message.get("text"))
    if head["group"]:
        words = without_mention(words, names)
    if attached:
        return Heard(**head, kind="media", text=words, attached=attached)
    return Heard(**head, kind="text" if "text" in message else "unsupported", text=words)


def _attached(name: str, message: dict[str, Any]) -> tuple[Attached, ...]:
    for field, kind in MEDIA.items():
        if ref := text(message.get(field)):
            return (Attached(kind, ref, "audio/aac" if kind == "voice" else ""),)
    if "sticker" in message or ".sticker." in name:
        return (Attached("sticker", text(message.get("url")) or text(message.get("sticker"))),)
    return ()


def without_mention(words: str, names: Sequence[str]) -> str:
    """`words` of a group without the mention of the bot, which Zalo leaves in (§10.6).

    A mention at the beginning is of the bot even when its name is not known: only then is a group heard at all.
    """
    for name in sorted(filter(None, names), key=len, reverse=True):
        mention = rf"[ \t]*(?<!\w)@{re.escape(name)}(?!\w)[ \t]*"
        words, count = re.subn(mention, " ", words, count=1, flags=re.IGNORECASE)
        if count:
            return words.strip()
    return re.sub(r"^\s*@\S+\s*", "", words).strip()
