"""The methods that do not send: who am I, updates and webhook, edits, taps, files, commands, chats.

Source: Bot API documentation of each method; telegram reference §1.3, §1.4.
"""

import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from bot.sandbox.chats import Item
from bot.sandbox.telegram_args import Args, Refusal, flood
from bot.sandbox.telegram_keyboards import read_markup, shown
from bot.sandbox.telegram_sending import target
from bot.sandbox.telegram_state import Bot, Kept
from bot.sandbox.telegram_text import TEXT_LIMIT, as_html, read
from bot.sandbox.telegram_updates import TAP_LIFE_MS
from bot.sandbox.telegram_webhooks import Address, check_address

if TYPE_CHECKING:
    from bot.sandbox.telegram import Telegram

Method = Callable[["Telegram", Bot, Args], Awaitable[Any]]
WITH_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
OLD_QUERY = "Bad Request: query is too old and response timeout expired or query ID is invalid"
ACTIONS = ("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
           "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note")  # fmt: skip
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")


class Told:
    """A result that comes with a description, as those of the webhook methods do."""

    def __init__(self, description: str) -> None:
        self.description = description


async def get_me(_tg: "Telegram", bot: Bot, _args: Args) -> dict[str, Any]:
    abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    return {**bot.as_json(), **abilities, "can_connect_to_business": False, "has_main_web_app": False}


async def get_updates(_tg: "Telegram", bot: Bot, args: Args) -> list[dict[str, Any]]:
    if bot.webhook.address.url:
        raise Refusal(409, WITH_WEBHOOK)
    bot.updates.allow(args)
    found = await bot.updates.poll(args.integer("offset"), args.integer("limit", 100), args.integer("timeout"))
    return [update.as_json() for update in found]


async def set_webhook(tg: "Telegram", bot: Bot, args: Args) -> Told:
    url = args.text("url")
    if not url:
        return await delete_webhook(tg, bot, args)
    address = _address(tg, url, args)
    if address == bot.webhook.address and "allowed_updates" not in args.values:
        return Told("Webhook is already set")
    if tg.settings.webhook_once_a_second and time.monotonic() - bot.webhook_set_at < 1:
        raise flood(1)
    bot.webhook_set_at = time.monotonic()
    bot.updates.allow(args)
    _drop_pending(bot, args)
    bot.updates.end_poll(Refusal(409, "Conflict: terminated by setWebhook request"))
    bot.webhook.set(address)
    return Told("Webhook was set")


def _address(tg: "Telegram", url: str, args: Args) -> Address:
    check_address(url, tg.outgoing.allow_loopback)
    secret = args.text("secret_token")
    if len(secret) > 256:
        raise Refusal(400, "Bad Request: secret token is too long")
    if secret and not _SECRET.fullmatch(secret):
        raise Refusal(400, "Bad Request: secret token contains unallowed characters")
    connections = args.integer("max_connections", 40)
    return Address(url, secret, connections if 1 <= connections <= 100 else 40, args.text("ip_address"))


def _drop_pending(bot: Bot, args: Args) -> None:
    if args.boolean("drop_pending_updates"):
        bot.updates.clear()


async def delete_webhook(_tg: "Telegram", bot: Bot, args: Args) -> Told:
    _drop_pending(bot, args)
    if not bot.webhook.address.url:
        return Told("Webhook is already deleted")
    bot.webhook.set(Address())
    return Told("Webhook was deleted")


async def get_webhook_info(_tg: "Telegram", bot: Bot, _args: Args) -> dict[str, Any]:
    address = bot.webhook.address
    info: dict[str, Any] = {"url": address.url, "has_custom_certificate": False}
    info["pending_update_count"] = len(bot.updates.pending())
    if bot.webhook.last_error:
        info["last_error_date"], info["last_error_message"] = bot.webhook.last_error
    if address.url:
        info["max_connections"] = address.max_connections
        info["ip_address"] = address.ip_address or "203.0.113.7"
    if bot.updates.allowed:
        info["allowed_updates"] = bot.updates.allowed
    return info


async def send_chat_action(tg: "Telegram", bot: Bot, args: Args) -> bool:
    if args.text("action") not in ACTIONS:
        raise Refusal(400, "Bad Request: wrong parameter action in request")
    target(tg, bot, args)
    return True


async def answer_callback_query(tg: "Telegram", bot: Bot, args: Args) -> bool:
    """Too old after 150 s by the emulator's clock; a second answer finds no query."""
    made, person = bot.taps.pop(args.text("callback_query_id"), (-1e15, None))
    if person is None or tg.clock.now() - made > TAP_LIFE_MS:
        raise Refusal(400, OLD_QUERY)
    toast = args.text("text")
    if len(toast) > 200:
        raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
    if toast:
        tg.say(person, Item(who="bot", kind="system", text=toast))
    return True


def _editable(tg: "Telegram", bot: Bot, args: Args) -> tuple[str, Kept, Item]:
    key, _, _ = target(tg, bot, args)
    number = args.integer("message_id")
    if not number:
        raise Refusal(400, "Bad Request: message identifier is not specified")
    kept = tg.memory.get(key, number)
    if kept is None or kept.item is None:
        raise Refusal(400, "Bad Request: message to edit not found")
    if kept.item.who != "bot":
        raise Refusal(400, "Bad Request: message can't be edited")
    return key, kept, kept.item


def _edited(tg: "Telegram", key: str, kept: Kept, item: Item, content: dict[str, Any], markup: Any) -> dict[str, Any]:
    """Put new content and keyboard on a message; 400 when nothing changes."""
    shown_markup = markup if markup and markup.get("inline_keyboard") else None
    old = {name: kept.message.get(name) for name in (*content, "reply_markup")}
    if old == {**content, "reply_markup": shown_markup}:
        raise Refusal(400, NOT_MODIFIED)
    kept.message = {k: v for k, v in {**kept.message, **content, "reply_markup": shown_markup}.items() if v is not None}
    if "text" in content:
        kept.message["edit_date"] = tg.clock.now_ms() // 1000
    kept.markup, item.buttons, item.edited = shown_markup, shown(shown_markup), item.edited or "text" in content
    tg.chats.wake(key)
    return kept.message


async def edit_message_text(tg: "Telegram", bot: Bot, args: Args) -> dict[str, Any]:
    markup = read_markup(args)
    plain, entities = read(
        args.text("text"), args.text("parse_mode"), TEXT_LIMIT, "message text is empty", "message is too long"
    )
    key, kept, item = _editable(tg, bot, args)
    if "text" not in kept.message:
        raise Refusal(400, "Bad Request: there is no text in the message to edit")
    message = _edited(tg, key, kept, item, {"text": plain, "entities": entities or None}, markup)
    item.text, item.html = plain, as_html(plain, entities) if args.text("parse_mode") else None
    return message


async def edit_message_reply_markup(tg: "Telegram", bot: Bot, args: Args) -> dict[str, Any]:
    markup = read_markup(args)
    key, kept, item = _editable(tg, bot, args)
    return _edited(tg, key, kept, item, {}, markup)


async def get_file(tg: "Telegram", bot: Bot, args: Args) -> dict[str, Any]:
    return tg.vault.link(bot.id, args.text("file_id"))


async def set_my_commands(_tg: "Telegram", bot: Bot, args: Args) -> bool:
    commands = args.json("commands", "can't parse commands JSON object")
    if not isinstance(commands, list) or len(commands) > 100:
        raise Refusal(400, "Bad Request: expected an Array of BotCommand, at most 100")
    for one in commands:
        if not _COMMAND.fullmatch(str(one.get("command", "")).removeprefix("/")):
            raise Refusal(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(str(one.get("description", ""))) <= 256:
            raise Refusal(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    bot.commands = commands
    return True


async def get_my_commands(_tg: "Telegram", bot: Bot, _args: Args) -> list[dict[str, str]]:
    return bot.commands


async def get_chat(tg: "Telegram", bot: Bot, args: Args) -> dict[str, Any]:
    person = tg.people.get(bot.key(args.text("chat_id")))
    if person is None:
        raise Refusal(400, "Bad Request: chat not found")
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    more = {"accent_color_id": 1, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, False)}
    return {**person.chat_json(), **more}


METHODS: dict[str, Method] = {
    "getme": get_me,
    "getupdates": get_updates,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
    "sendchataction": send_chat_action,
    "answercallbackquery": answer_callback_query,
    "editmessagetext": edit_message_text,
    "editmessagereplymarkup": edit_message_reply_markup,
    "getfile": get_file,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "getchat": get_chat,
}
