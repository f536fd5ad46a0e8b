"""What villagers and the OA's human agents do on Zalo, and the events that follow (reference §8.4)."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from bot.sandbox.chats import Item, Refused, attached

if TYPE_CHECKING:
    from bot.sandbox.emulator import Action
    from bot.sandbox.zalo_config import ZaloUser
    from bot.sandbox.zalo_oa import ZaloOa

MEDIA_KINDS = {"image": "image", "voice": "audio", "video": "video", "file": "file", "gif": "gif"}


def message_id() -> str:
    return secrets.token_hex(10)


def media_payload(kind: str, url: str, told: dict[str, Any]) -> dict[str, Any]:
    """An attachment's payload by event kind; `told` is the control action with its bytes already stored."""
    if kind == "audio":
        return {"url": url}
    if kind == "file":
        data, name = told["bytes"], told["file_name"]
        checksum = hashlib.md5(data, usedforsecurity=False).hexdigest()
        kind_of = name.rpartition(".")[2].lower()
        return {"url": url, "size": str(len(data)), "name": name, "checksum": checksum, "type": kind_of}
    if kind == "video":
        return {"url": url, "thumbnail": url, "description": ""}
    return {"url": url, "thumbnail": url}


class OaPeople:
    """The actions of `POST /_control/users/{id}/do` on an OA's phones."""

    def __init__(self, emulator: ZaloOa) -> None:
        self._emulator = emulator

    def actions(self) -> dict[str, Action[ZaloUser]]:
        media = dict.fromkeys(MEDIA_KINDS, self._media)
        return media | {
            "text": self._text,
            "tap": self._tap,
            "location": self._location,
            "sticker": self._sticker,
            "react": self._react,
            "follow": self._follow,
            "unfollow": self._unfollow,
            "withdraw": self._withdraw,
            "block": self._block,
            "unblock": self._unblock,
            "chat_now": self._chat_now,
            "share_info": self._share_info,
            "agent": self._agent,
        }

    async def _text(self, user: ZaloUser, told: dict[str, Any]) -> int:
        """`{"text", "quote"?: item number}`."""
        text = str(told["text"])
        message = {"msg_id": message_id(), "text": text}
        if "quote" in told:
            message["quote_msg_id"] = self._emulator.chats.item(user.id, int(told["quote"])).ref
        return self._wrote(user, "text", Item(who="user", text=text, ref=message["msg_id"]), message)

    async def _tap(self, user: ZaloUser, told: dict[str, Any]) -> int:
        """A tapped query button arrives as an ordinary text that is the payload (§3.1)."""
        buttons = self._emulator.chats.item(user.id, int(told["n"])).buttons
        try:
            button = buttons[int(told["row"])][int(told["col"])]
        except IndexError as problem:
            raise Refused("there is no such button") from problem
        if "payload" not in button:
            return self._system(user, f"Mở {button['url']}")
        return await self._text(user, {"text": button["payload"]})

    async def _media(self, user: ZaloUser, told: dict[str, Any]) -> int:
        data, mime, name = attached(told)
        kind = MEDIA_KINDS[told["action"]]
        emulator = self._emulator
        file = emulator.keep_file(data, mime, name, emulator.settings.media_life_s * 1000)
        more = told | {"bytes": data, "file_name": name}
        payload = media_payload(kind, emulator.media_url(file.path), more)
        message: dict[str, Any] = {"msg_id": message_id()}
        if told.get("text"):
            message["text"] = str(told["text"])
        message["attachments"] = [{"type": kind, "payload": payload}]
        shown = {"audio": "voice", "gif": "image"}.get(kind, kind)
        text = str(told.get("text") or (name if kind == "file" else ""))
        item = Item(who="user", kind=shown, text=text, url=file.path, ref=message["msg_id"])
        return self._wrote(user, kind, item, message)

    async def _location(self, user: ZaloUser, told: dict[str, Any]) -> int:
        """Coordinates arrive as strings (§8.4)."""
        spot = {"latitude": str(told["lat"]), "longitude": str(told["lon"])}
        message: dict[str, Any] = {"msg_id": message_id()}
        if told.get("text"):
            message["text"] = str(told["text"])
        message["attachments"] = [{"type": "location", "payload": {"coordinates": spot}}]
        text = str(told.get("text") or f"{told['lat']}, {told['lon']}")
        item = Item(who="user", kind="location", text=text, ref=message["msg_id"])
        return self._wrote(user, "location", item, message)

    async def _sticker(self, user: ZaloUser, told: dict[str, Any]) -> int:
        payload = {"id": str(told.get("id", "23001")), "url": self._emulator.media_url("/stickers/23001.png")}
        message = {"msg_id": message_id(), "attachments": [{"type": "sticker", "payload": payload}]}
        item = Item(who="user", kind="sticker", ref=str(message["msg_id"]))
        return self._wrote(user, "sticker", item, message)

    async def _react(self, user: ZaloUser, told: dict[str, Any]) -> int:
        item = self._emulator.chats.item(user.id, int(told["n"]))
        icon = str(told.get("icon", "/-heart"))
        self._emulator.events.by_user(user, "user_reacted_message", {"msg_id": item.ref, "react_icon": icon})
        return item.n

    async def _follow(self, user: ZaloUser, _told: dict[str, Any]) -> int:
        user.follower, user.left = True, False
        self._touch(user)
        n = self._system(user, "Đã quan tâm Official Account")
        self._emulator.events.about(
            user, "follow", {"follower": {"id": user.id}, "source": self._emulator.settings.follow_source}
        )
        return n

    async def _unfollow(self, user: ZaloUser, _told: dict[str, Any]) -> int:
        user.follower, user.left = False, True
        n = self._system(user, "Đã bỏ quan tâm Official Account")
        self._emulator.events.about(
            user, "unfollow", {"follower": {"id": user.id}, "source": self._emulator.settings.follow_source}
        )
        return n

    async def _withdraw(self, user: ZaloUser, _told: dict[str, Any]) -> int:
        """A data-subject request: the person withdraws consent (event `user_withdraw`)."""
        user.follower, user.left = False, True
        n = self._system(user, "Đã yêu cầu xoá dữ liệu")
        shape = self._emulator.settings.withdraw_shape
        names = ("sender", "follower") if shape == "both" else (shape,)
        self._emulator.events.about(user, "user_withdraw", {name: {"id": user.id} for name in names})
        return n

    async def _block(self, user: ZaloUser, _told: dict[str, Any]) -> int:
        user.blocked = True
        return self._system(user, "Đã chặn tin nhắn")

    async def _unblock(self, user: ZaloUser, _told: dict[str, Any]) -> int:
        user.blocked = False
        return self._system(user, "Đã bỏ chặn tin nhắn")

    async def _chat_now(self, user: ZaloUser, _told: dict[str, Any]) -> int:
        """Opening the chat by its button is an interaction of its own (§3.3)."""
        self._touch(user)
        n = self._system(user, "Bắt đầu trò chuyện")
        self._emulator.events.about(user, "user_click_chatnow", {"user_id": user.id})
        return n

    async def _share_info(self, user: ZaloUser, told: dict[str, Any]) -> int:
        info = {"name": str(told.get("name") or user.name), "phone": str(told.get("phone", "84912345678"))}
        self._touch(user)
        n = self._system(user, "Đã chia sẻ thông tin")
        self._emulator.events.info(user, info | {"full_address": told.get("full_address", {})})
        return n

    async def _agent(self, user: ZaloUser, told: dict[str, Any]) -> int:
        """A human answers in OA Manager: `{"text"?, "data"?, "mime"?, "admin_id"?}`, a message id we never gave."""
        admin, ref = str(told.get("admin_id", "7701953385532161")), message_id()
        message: dict[str, Any] = {"msg_id": ref, "text": str(told.get("text", ""))}
        item, kind = Item(who="bot", text=message["text"], ref=ref), "text"
        if "data" in told:
            data, mime, name = attached(told | {"name": told.get("name", "agent.jpg")})
            kind = "image" if mime.startswith("image/") else "file"
            file = self._emulator.keep_file(data, mime, name)
            url = self._emulator.media_url(file.path)
            payload = media_payload(kind, url, told | {"bytes": data, "file_name": name})
            message["attachments"] = [{"type": kind, "payload": payload}]
            item.kind, item.url = kind, file.path
        n = self._emulator.say(user, item)
        self._emulator.events.by_oa(user, f"oa_send_{kind}", message, admin)
        return n

    def _wrote(self, user: ZaloUser, kind: str, item: Item, message: dict[str, Any]) -> int:
        self._touch(user)
        n = self._emulator.say(user, item)
        self._emulator.events.by_user(user, f"user_send_{kind}", message)
        return n

    def _touch(self, user: ZaloUser) -> None:
        """An interaction: the 48 h and 7 d windows start again (§3.3)."""
        user.last_interaction_ms, user.left = self._emulator.clock.now_ms(), False

    def _system(self, user: ZaloUser, text: str) -> int:
        return self._emulator.say(user, Item(who="user", kind="system", text=text))
