"""What people do on their phones, and the updates the server makes of it.

Source: Bot API documentation, Update, Message, CallbackQuery, ChatMemberUpdated, "Deep linking".
"""

import re
import secrets
from typing import TYPE_CHECKING, Any

from bot.sandbox.chats import Item, Refused, attached
from bot.sandbox.telegram_args import Refusal
from bot.sandbox.telegram_files import Kind, Stored, is_opus, media_json
from bot.sandbox.telegram_state import Bot, Kept, Person, new_peer
from bot.sandbox.telegram_text import clean, found
from bot.sandbox.telegram_updates import MESSAGE_LIFE_MS, TAP_LIFE_MS

if TYPE_CHECKING:
    from bot.sandbox.telegram import Telegram

Told = dict[str, Any]
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")
KINDS: dict[str, Kind] = {"image": "photo", "voice": "voice", "video": "video", "file": "document"}


class Phones:
    """The actions of `POST /_control/users/{id}/do`, each returning the number of the new item."""

    def __init__(self, tg: "Telegram") -> None:
        self._tg = tg

    def actions(self) -> dict[str, Any]:
        simple = {name: getattr(self, name) for name in ("start", "text", "tap", "location", "sticker", "edit")}
        state = {name: getattr(self, name) for name in ("block", "unblock", "deactivate", "kick", "migrate")}
        return simple | dict.fromkeys(KINDS, self.media) | state

    async def start(self, person: Person, told: Told) -> int:
        """Open the bot's link and press start (restart, when it was blocked)."""
        payload = str(told.get("payload") or "")
        if not _PAYLOAD.fullmatch(payload):
            raise Refused("a start payload is up to 64 of A-Z a-z 0-9 _ -")
        if person.blocked:
            await self.unblock(person, told)
        return self._say_text(person, f"/start {payload}".strip())

    async def text(self, person: Person, told: Told) -> int:
        return self._say_text(person, str(told["text"]))

    def _say_text(self, person: Person, text: str) -> int:
        text = clean(text).strip()
        if not text:
            raise Refused("an empty message cannot be sent")
        content: Told = {"text": text}
        if entities := found(text, []):
            content["entities"] = entities
        return self._hear(person, content, Item(who="user", text=text))

    async def location(self, person: Person, told: Told) -> int:
        place = {"latitude": float(told["lat"]), "longitude": float(told["lon"])}
        text = f"{place['latitude']}, {place['longitude']}"
        return self._hear(person, {"location": place}, Item(who="user", kind="location", text=text))

    async def sticker(self, person: Person, _told: Told) -> int:
        bot = self._tg.bot_of(person)
        file = self._tg.vault.add(bot.id, "sticker", b"RIFF\x00\x00\x00\x00WEBP", "image/webp", "sticker.webp")
        return self._hear(person, media_json(file), Item(who="user", kind="sticker", text="👍"))

    async def media(self, person: Person, told: Told) -> int:
        """A picture, a recording, a film or a file, perhaps with a caption."""
        data, mime, name = attached(told)
        if not data:
            raise Refused("the file is empty")
        file, small = self._stored(person, KINDS[told["action"]], data, mime, name, int(told.get("seconds") or 0))
        caption = clean(str(told.get("text") or "")).strip()
        content = media_json(file, small) | ({"caption": caption} if caption else {})
        item = Item(who="user", kind=told["action"], text=caption, url=self._tg.shown_at(file))
        return self._hear(person, content, item)

    def _stored(
        self, person: Person, kind: Kind, data: bytes, mime: str, name: str, seconds: int
    ) -> tuple[Stored, Stored | None]:
        bot, vault = self._tg.bot_of(person), self._tg.vault
        if kind == "photo":
            try:
                return vault.add_photo(bot.id, data)
            except Refusal:  # a phone sends what its camera made; only bots are held to the rules
                return vault.add(bot.id, "photo", data, mime, name, width=320, height=240), None
        if kind == "voice":
            mime = "audio/ogg" if is_opus(data) else mime
        return vault.add(bot.id, kind, data, mime, name, seconds=seconds), None

    async def edit(self, person: Person, told: Told) -> int:
        """Change the words of an own message: an edited_message with the same message_id."""
        item = self._tg.chats.item(person.id, int(told["n"]))
        kept = self._tg.memory.get(person.id, int(item.ref or 0))
        if item.who != "user" or kept is None or "text" not in kept.message:
            raise Refused("only an own text message can be edited")
        text = clean(str(told["text"])).strip()
        kept.message = {**kept.message, "text": text, "edit_date": self._tg.clock.now_ms() // 1000}
        kept.message.pop("entities", None)
        item.text, item.edited = text, True
        self._update(person, "edited_message", kept.message, f"chat:{person.id}", MESSAGE_LIFE_MS)
        return item.n

    async def tap(self, person: Person, told: Told) -> int:
        """Press a button: an inline one makes a callback_query, one of a reply keyboard types its label."""
        item = self._tg.chats.item(person.id, int(told["n"]))
        try:
            button = item.buttons[int(told.get("row", 0))][int(told.get("col", 0))]
        except IndexError:
            raise Refused("there is no such button under this message", 404) from None
        if "url" in button:
            raise Refused("this button opens an address")
        if button.get("reply"):
            return self._say_text(person, button["label"])
        self._tapped(person, item, button["payload"])
        return len(self._tg.chats.of(person.id))

    def _tapped(self, person: Person, item: Item, payload: str) -> None:
        self._may_write(person)
        bot = self._tg.bot_of(person)
        kept = self._tg.memory.get(person.id, int(item.ref))
        old = {"chat": person.chat_json(), "message_id": int(item.ref), "date": 0}
        number = str(secrets.randbits(62))
        query = {
            "id": number,
            "from": person.sender_json(),
            "message": kept.message if kept else old,
            "chat_instance": str(abs(person.peer) * 7919),
            "data": payload,
        }
        bot.taps[number] = (self._tg.clock.now(), person)
        self._update(person, "callback_query", query, f"tap:{person.id}", TAP_LIFE_MS)

    async def block(self, person: Person, _told: Told) -> int:
        if not person.blocked:
            person.blocked = True
            self._member(person, "member", "kicked")
        return self._note(person, "Đã chặn bot")

    async def unblock(self, person: Person, _told: Told) -> int:
        if person.blocked:
            person.blocked = False
            self._member(person, "kicked", "member")
        return self._note(person, "Đã bỏ chặn bot")

    async def deactivate(self, person: Person, _told: Told) -> int:
        """The account is deleted: no update, later sends are refused."""
        person.deactivated = True
        return self._note(person, "Tài khoản đã xóa")

    async def kick(self, person: Person, _told: Told) -> int:
        """The bot is thrown out of a group."""
        if person.kind == "private":
            raise Refused("a bot can only be kicked from a group")
        person.kicked = True
        self._member(person, "member", "kicked")
        return self._note(person, "Bot bị đưa ra khỏi nhóm")

    async def migrate(self, person: Person, _told: Told) -> int:
        """A group becomes a supergroup with a new id; both chats hear of it."""
        if person.kind != "group" or person.moved_to:
            raise Refused("only a group that has not moved can be upgraded")
        new = new_peer("supergroup")
        key = self._tg.bot_of(person).key(new)
        moved = Person(id=key, name=person.name, peer=new, bot_id=person.bot_id, kind="supergroup", started=True)
        self._tg.people.add(moved)
        note = Item(who="user", kind="system", text=f"Nhóm đã nâng cấp, mã mới {new}")
        n = self._hear(person, {"migrate_to_chat_id": new}, note)
        self._hear(moved, {"migrate_from_chat_id": person.peer}, Item(who="user", kind="system", text="Nhóm mới"))
        person.moved_to = new
        return n

    def _may_write(self, person: Person) -> None:
        for wrong, why in (
            (person.blocked, "the bot is blocked: unblock or start it first"),
            (person.deactivated, "this account was deleted"),
            (person.kicked, "the bot is no longer in this group"),
            (bool(person.moved_to), "this group has moved"),
        ):
            if wrong:
                raise Refused(why)

    def _hear(self, person: Person, content: Told, item: Item) -> int:
        """One message of the person: a bubble, and an update of kind message."""
        self._may_write(person)
        person.started = True
        bot = self._tg.bot_of(person)
        message = {
            "message_id": bot.new_message(),
            "from": person.sender_json(),
            "chat": person.chat_json(),
            "date": self._tg.clock.now_ms() // 1000,
            **content,
        }
        item.ref = str(message["message_id"])
        n = self._tg.say(person, item)
        self._tg.memory.keep(person.id, Kept(message, None, item))
        self._update(person, "message", message, f"chat:{person.id}", MESSAGE_LIFE_MS)
        return n

    def _note(self, person: Person, text: str) -> int:
        return self._tg.say(person, Item(who="user", kind="system", text=text))

    def _member(self, person: Person, old: str, new: str) -> None:
        user = self._tg.bot_of(person).as_json()
        body = {
            "chat": person.chat_json(),
            "from": person.sender_json(),
            "date": self._tg.clock.now_ms() // 1000,
            "old_chat_member": _membership(user, old),
            "new_chat_member": _membership(user, new),
        }
        self._update(person, "my_chat_member", body, f"member:{person.id}", MESSAGE_LIFE_MS)

    def _update(self, person: Person, kind: str, body: Told, lane: str, life_ms: int) -> None:
        bot: Bot = self._tg.bot_of(person)
        update = bot.updates.add(kind, body, lane, person.id, life_ms)
        if update is not None:
            bot.webhook.put(update)


def _membership(user: Told, status: str) -> Told:
    member: Told = {"user": user, "status": status}
    return member | {"until_date": 0} if status == "kicked" else member
