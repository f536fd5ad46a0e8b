"""The methods that put a message on a phone: text, voice, audio, photo and document.

Source: Bot API documentation of each method; telegram reference §1.2, §1.3.
"""

from typing import TYPE_CHECKING, Any

import aiohttp

from bot.sandbox.chats import Item
from bot.sandbox.outgoing import BadAddress
from bot.sandbox.telegram_args import Args, Refusal, Upload
from bot.sandbox.telegram_files import Kind, Stored, actual_kind, audio_mime, is_opus, media_json, photo_size
from bot.sandbox.telegram_keyboards import read_markup, shown
from bot.sandbox.telegram_state import Bot, Kept, Person
from bot.sandbox.telegram_text import CAPTION_LIMIT, TEXT_LIMIT, Entity, as_html, read

if TYPE_CHECKING:
    from bot.sandbox.telegram import Telegram

MEDIA: dict[str, Kind] = {
    "sendvoice": "voice",
    "sendaudio": "audio",
    "sendphoto": "photo",
    "senddocument": "document",
}
URL_PHOTO_LIMIT = 5 * 1024 * 1024  # bytes by URL
URL_VOICE_LIMIT = 1024 * 1024  # an ogg by URL above this arrives as a file
ITEM_KINDS = {"photo": "image", "voice": "voice", "audio": "voice", "document": "file", "video": "video"}


async def send_message(tg: "Telegram", bot: Bot, args: Args) -> tuple[dict[str, Any], str]:
    """sendMessage: the Message, and what the person reads (for the count of repeats)."""
    markup = read_markup(args)
    plain, entities = read(
        args.text("text"), args.text("parse_mode"), TEXT_LIMIT, "message text is empty", "message is too long"
    )
    content: dict[str, Any] = {"text": plain}
    if entities:
        content["entities"] = entities
    item = Item(who="bot", text=plain)
    if args.text("parse_mode"):
        item.html = as_html(plain, entities)
    return put(tg, bot, args, content, markup, item), plain


async def send_media(tg: "Telegram", bot: Bot, args: Args, kind: Kind) -> tuple[dict[str, Any], str]:
    """sendVoice, sendAudio, sendPhoto, sendDocument by upload, by file_id or by URL."""
    markup = read_markup(args)
    caption = ""
    entities: list[Entity] = []
    if args.text("caption").strip():
        caption, entities = read(
            args.text("caption"), args.text("parse_mode"), CAPTION_LIMIT, "", "message caption is too long"
        )
    target(tg, bot, args)  # an unknown chat is told before anything is uploaded
    file, small = await _file(tg, bot, args, kind)
    content = media_json(file, small)
    if caption:
        content["caption"] = caption
    if entities:
        content["caption_entities"] = entities
    item = Item(who="bot", kind=ITEM_KINDS[file.kind], text=caption, url=tg.shown_at(file))
    return put(tg, bot, args, content, markup, item), f"{file.unique} {caption}"


def target(tg: "Telegram", bot: Bot, args: Args) -> tuple[str, Person | None, dict[str, Any]]:
    """Key, person and Chat object of `chat_id`. Raises Refusal as reference §1.3 lists.

    With the setting `open_chats` every unknown private chat takes messages, and forgets them.
    """
    peer = args.text("chat_id")
    if not peer:
        raise Refusal(400, "Bad Request: chat_id is empty")
    key = bot.key(peer)
    person = tg.people.get(key)
    if person is not None:
        person.check()
        return key, person, person.chat_json()
    if tg.settings.open_chats and peer.isdigit():
        return key, None, {"id": int(peer), "first_name": "Bà con", "type": "private"}
    raise Refusal(400, "Bad Request: chat not found")


def put(
    tg: "Telegram", bot: Bot, args: Args, content: dict[str, Any], markup: dict[str, Any] | None, item: Item
) -> dict[str, Any]:
    """Show a new message on the phone and return the Message object."""
    key, person, chat = target(tg, bot, args)
    reply = _replied(tg, key, args)
    message: dict[str, Any] = {
        "message_id": bot.new_message(),
        "from": bot.as_json(),
        "chat": chat,
        "date": tg.clock.now_ms() // 1000,
        **reply,
        **content,
    }
    if args.boolean("protect_content"):
        message["has_protected_content"] = True
    if markup and "inline_keyboard" in markup:
        message["reply_markup"] = markup
    if person is not None:
        item.buttons, item.silent = shown(markup), args.boolean("disable_notification")
        item.ref = str(message["message_id"])
        tg.say(person, item)
        tg.memory.keep(key, Kept(message, markup, item))
    return message


def _replied(tg: "Telegram", key: str, args: Args) -> dict[str, Any]:
    parameters = args.json("reply_parameters", "can't parse reply parameters JSON object") or {}
    number = parameters.get("message_id") or args.integer("reply_to_message_id")
    if not number:
        return {}
    kept = tg.memory.get(key, int(number))
    if kept is not None:
        return {"reply_to_message": {k: v for k, v in kept.message.items() if k != "reply_to_message"}}
    if parameters.get("allow_sending_without_reply") or args.boolean("allow_sending_without_reply"):
        return {}
    raise Refusal(400, "Bad Request: message to be replied not found")


async def _file(tg: "Telegram", bot: Bot, args: Args, kind: Kind) -> tuple[Stored, Stored | None]:
    upload = _uploaded(args, kind)
    given = args.text(kind)
    if upload is None and given.startswith(("http://", "https://")):
        upload, kind = await _fetched(tg, given, kind)
    elif upload is not None:
        await tg.vault.space(len(upload.data), tg.late_ms())
    elif given:
        return tg.vault.get_as(bot.id, given, kind), None
    if upload is None:
        raise Refusal(400, f"Bad Request: there is no {kind} in the request")
    if not upload.data:
        raise Refusal(400, "Bad Request: file must be non-empty")
    if kind == "photo":
        return tg.vault.add_photo(bot.id, upload.data)
    mime, seconds = audio_mime(upload.data, upload.mime), args.integer("duration")
    made = actual_kind(kind, upload.data)
    return tg.vault.add(bot.id, made, upload.data, mime, upload.name, seconds=seconds), None


def _uploaded(args: Args, kind: Kind) -> Upload | None:
    given = args.text(kind)
    if given.startswith("attach://"):
        return args.uploads.get(given.removeprefix("attach://"))
    return args.uploads.get(kind)


async def _fetched(tg: "Telegram", url: str, kind: Kind) -> tuple[Upload, Kind]:
    """A file by its address, and what it counts as: an ogg above 1 MB, or not opus, is a document."""
    try:
        got = await tg.outgoing.fetch(url)
    except (BadAddress, aiohttp.ClientError, TimeoutError):
        raise Refusal(400, "Bad Request: failed to get HTTP URL content") from None
    if got.status != 200:
        raise Refusal(400, "Bad Request: failed to get HTTP URL content")
    if kind == "photo":
        if not got.mime.startswith("image/") or len(got.data) > URL_PHOTO_LIMIT:
            raise Refusal(400, "Bad Request: wrong type of the web page content")
        photo_size(got.data)
    if kind == "voice" and not (is_opus(got.data) and len(got.data) <= URL_VOICE_LIMIT):
        kind = "document"
    return Upload(url.rpartition("/")[2] or "file", got.mime, got.data), kind
