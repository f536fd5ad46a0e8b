"""Reads one Telegram update into what was heard (Telegram reference §1.4; core.telegram.org/bots/api#update)."""

import json
import re
from datetime import datetime
from typing import Any

from telegram import CallbackQuery, ChatMemberUpdated, InaccessibleMessage, Message, Update
from telegram.constants import ChatMemberStatus, ChatType

from bot.channels.base import BadBody, clean
from content.message import Attached, Heard, HeardKind, MediaKind, Place

KIND = "telegram"
WANTED = ("message", "edited_message", "callback_query", "my_chat_member")  # asked for by webhook and polling
START = re.compile(r"/start(?:@\w+)?(?:\s+(?P<payload>[A-Za-z0-9_-]{1,64}))?\s*")
_AWAY = {ChatMemberStatus.LEFT, ChatMemberStatus.BANNED}
# Things a person sends that we cannot use but answer; everything else without words is a service message.
_UNSUPPORTED = ("contact", "poll", "dice", "game", "invoice", "paid_media", "story", "checklist", "giveaway")


def read_body(raw: bytes, account: str, now_ms: int) -> list[Heard]:
    """What one webhook body says. Raises `BadBody`."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadBody("the body is not JSON") from None
    return read_update(data, account, now_ms)


def read_update(data: Any, account: str, now_ms: int) -> list[Heard]:
    """What one update says; [] when it is of no use to us. Raises `BadBody`.

    `now_ms` is the time of a tap: Telegram gives taps none, and throws them away after 150 s.
    """
    if not isinstance(data, dict) or type(data.get("update_id")) is not int:
        raise BadBody("the body is not an update: no number as update_id")
    if not any(name in data for name in WANTED):
        return []
    try:
        heard = _read(Update.de_json(data, None), account, now_ms)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError, OSError, RecursionError):
        # `from None`: the parser's own text quotes the update.
        raise BadBody(f"update {data['update_id']} has a wrong shape") from None
    return [heard] if heard else []


def _read(update: Update, account: str, now_ms: int) -> Heard | None:
    key = str(update.update_id)
    if update.message:
        return _message(update.message, account, key)
    if update.edited_message:
        return _message(update.edited_message, account, key, edited=True)
    if update.callback_query:
        return _tap(update.callback_query, account, key, now_ms)
    if update.my_chat_member:
        return _membership(update.my_chat_member, account, key)
    return None


def _message(message: Message, account: str, key: str, edited: bool = False) -> Heard | None:
    sender = message.from_user
    if message.chat.type == ChatType.CHANNEL or (sender and sender.is_bot):
        return None
    if edited and message.location:
        return None  # a live location moving: one edit every few seconds, nothing newly said
    what = _content(message)
    if what is None:
        return None
    return Heard(
        channel=KIND,
        account=account,
        chat=str(message.chat.id),
        key=key,
        at=_ms((message.edit_date or message.date) if edited else message.date),
        name=clean(sender.full_name) if sender else "",
        edited=edited,
        group=_is_group(message.chat.type),
        **what,
    )


def _content(message: Message) -> dict[str, Any] | None:
    """The fields of `Heard` that say what it is; None for a service message (pinned, joined, renamed)."""
    if message.text is not None:
        return _words(message.text)
    if message.location or message.venue:
        return _place(message)
    if attached := _attached(message):
        return _said("media", text=clean(message.caption or ""), attached=(attached,))
    # `api_kwargs` holds what is newer than the library: a kind of message that we cannot know yet.
    if message.api_kwargs or any(getattr(message, name) for name in _UNSUPPORTED):
        return _said("unsupported")
    return None


def _said(kind: HeardKind, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, **fields}


def _words(text: str) -> dict[str, Any]:
    start = START.fullmatch(text)
    return _said("start", payload=start["payload"] or "") if start else _said("text", text=clean(text))


def _place(message: Message) -> dict[str, Any]:
    point = message.venue.location if message.venue else message.location
    assert point is not None  # a venue always has one; the caller saw the other
    text = f"{message.venue.title}, {message.venue.address}" if message.venue else ""
    return _said("place", text=clean(text), place=Place(point.latitude, point.longitude))


def _attached(message: Message) -> Attached | None:
    if message.photo:
        largest = max(message.photo, key=lambda one: (one.width * one.height, one.file_size or 0))
        return _file("image", largest, "image/jpeg")
    for kind, one in (
        ("voice", message.voice or message.audio),
        ("video", message.video or message.video_note or message.animation),
        ("sticker", message.sticker),
    ):
        if one:
            return _file(kind, one, "video/mp4" if kind == "video" else "")  # type: ignore[arg-type]
    if message.document:
        return _file(_kind_of(message.document.mime_type or ""), message.document)
    return None


def _kind_of(mime: str) -> MediaKind:
    """A photo or recording sent "as a file" is still a photo or a recording."""
    kinds: dict[str, MediaKind] = {"image": "image", "audio": "voice", "video": "video"}
    return kinds.get(mime.partition("/")[0], "file")


def _file(kind: MediaKind, one: Any, mime: str = "") -> Attached:
    """`one`: any of the library's file types. Its file name is left behind: names tell about people."""
    # Not `one.duration`: on its way from int to timedelta, it warns at every reading.
    seconds = one.to_dict().get("duration") or 0
    return Attached(kind, one.file_id, getattr(one, "mime_type", None) or mime, one.file_size or 0, int(seconds))


def _tap(query: CallbackQuery, account: str, key: str, now_ms: int) -> Heard | None:
    """The key carries the query's id, so that `acknowledge` can stop the spinner of the button."""
    message: Message | InaccessibleMessage | None = query.message  # type: ignore[assignment]
    if message is None or query.data is None:
        return None  # a button under an inline result, or of a game: not ours
    return Heard(
        channel=KIND,
        account=account,
        chat=str(message.chat.id),
        key=f"{key}:{query.id}",
        at=now_ms,
        kind="tap",
        payload=clean(query.data),
        name=clean(query.from_user.full_name),
        group=_is_group(message.chat.type),
    )


def _membership(change: ChatMemberUpdated, account: str, key: str) -> Heard | None:
    was_away = change.old_chat_member.status in _AWAY
    away = change.new_chat_member.status in _AWAY
    if change.chat.type == ChatType.CHANNEL or was_away == away:
        return None  # made an administrator, restricted: we can still be read
    return Heard(
        channel=KIND,
        account=account,
        chat=str(change.chat.id),
        key=key,
        at=_ms(change.date),
        kind="unfollow" if away else "follow",
        name=clean(change.from_user.full_name),
        group=_is_group(change.chat.type),
    )


def _is_group(chat_type: str) -> bool:
    return chat_type in (ChatType.GROUP, ChatType.SUPERGROUP)


def _ms(moment: datetime) -> int:
    """Telegram counts whole seconds."""
    return round(moment.timestamp()) * 1000
