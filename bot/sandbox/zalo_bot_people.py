"""What people do on a Zalo Bot's phones, and the updates that follow (Zalo reference §10.5)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from bot.sandbox.chats import Item, attached

if TYPE_CHECKING:
    from bot.sandbox.emulator import Action
    from bot.sandbox.zalo_bot import ZaloBot
    from bot.sandbox.zalo_bot_config import BotUser


class BotPeople:
    """The actions of `POST /_control/users/{id}/do` on a bot's phones."""

    def __init__(self, emulator: ZaloBot) -> None:
        self._emulator = emulator

    def actions(self) -> dict[str, Action[BotUser]]:
        unsupported = dict.fromkeys(("video", "file", "location", "link"), self._unsupported)
        return unsupported | {
            "text": self._text,
            "image": self._image,
            "voice": self._voice,
            "sticker": self._sticker,
            "block": self._block,
            "unblock": self._unblock,
        }

    async def _text(self, user: BotUser, told: dict[str, Any]) -> int:
        """In a group only what mentions the bot reaches it (§10.6)."""
        text = str(told["text"])
        item = Item(who="user", text=text)
        if user.group and f"@{self._emulator.config.account_name}" not in text:
            return self._emulator.say(user, item)
        return self._wrote(user, "text", item, {"text": text, "message_type": "CHAT_MESSAGE"})

    async def _image(self, user: BotUser, told: dict[str, Any]) -> int:
        path, caption = self._keep(told), str(told.get("text") or "")
        message = {self._emulator.settings.photo_field: self._emulator.media_url(path)}
        message |= {"message_type": "CHAT_PHOTO"} | ({"caption": caption} if caption else {})
        return self._wrote(user, "image", Item(who="user", kind="image", text=caption, url=path), message)

    async def _voice(self, user: BotUser, told: dict[str, Any]) -> int:
        path = self._keep(told)
        message = {"voice_url": self._emulator.media_url(path), "message_type": "CHAT_VOICE"}
        return self._wrote(user, "voice", Item(who="user", kind="voice", url=path), message)

    async def _sticker(self, user: BotUser, told: dict[str, Any]) -> int:
        sticker = str(told.get("id", "0e5f3a2b1c"))
        url = self._emulator.media_url(f"/stickers/{sticker}.png")
        return self._wrote(user, "sticker", Item(who="user", kind="sticker"), {"sticker": sticker, "url": url})

    async def _unsupported(self, user: BotUser, told: dict[str, Any]) -> int:
        """Links, files, videos and pins reach a bot without their content."""
        kind = "text" if told["action"] == "link" else str(told["action"])
        path = self._keep(told) if "data" in told else None
        text = str(told.get("text") or told.get("name") or "")
        return self._wrote(user, "unsupported", Item(who="user", kind=kind, text=text, url=path), {})

    async def _block(self, user: BotUser, _told: dict[str, Any]) -> int:
        user.blocked = True
        return self._emulator.say(user, Item(who="user", kind="system", text="Đã chặn bot"))

    async def _unblock(self, user: BotUser, _told: dict[str, Any]) -> int:
        user.blocked = False
        return self._emulator.say(user, Item(who="user", kind="system", text="Đã bỏ chặn bot"))

    def _keep(self, told: dict[str, Any]) -> str:
        data, mime, name = attached(told)
        life_ms = self._emulator.settings.media_life_s * 1000
        return self._emulator.keep_file(data, mime, name, life_ms).path

    def _wrote(self, user: BotUser, kind: str, item: Item, message: dict[str, Any]) -> int:
        user.seen, item.ref = True, secrets.token_hex(10)
        n = self._emulator.say(user, item)
        self._emulator.updates.put(user.id, self._update(user, kind, item, message))
        return n

    def _update(self, user: BotUser, kind: str, item: Item, message: dict[str, Any]) -> dict[str, Any]:
        settings = self._emulator.settings
        chat_type = "GROUP" if user.group else "PRIVATE"
        head = {
            "date": item.at_ms // 1000 if settings.date_in_seconds else item.at_ms,
            "chat": {"chat_type": chat_type.lower() if settings.lower_case else chat_type, "id": user.id},
            "message_id": item.ref,
            "from": {"id": user.id, "is_bot": False, "display_name": user.name},
        }
        if user.group:
            head["from"] = {"id": f"{user.id[:12]}member00", "is_bot": False, "display_name": user.name}
        return {"event_name": f"message.{kind}.received", "message": head | message}
