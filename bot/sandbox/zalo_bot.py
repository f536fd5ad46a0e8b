"""An emulator of the Zalo Bot Platform, strict and stateful, for one bot (Zalo reference §10)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientError, web
from yarl import URL

from bot.sandbox.chats import Item
from bot.sandbox.emulator import Action, Emulator, json_response
from bot.sandbox.outgoing import BadAddress, Fetched
from bot.sandbox.state import Call, Fault, Rate
from bot.sandbox.zalo_bot_config import BotConfig as BotConfig
from bot.sandbox.zalo_bot_config import BotSettings, BotUser
from bot.sandbox.zalo_bot_people import BotPeople
from bot.sandbox.zalo_bot_updates import BotError, Updates
from bot.sandbox.zalo_checks import length

CHAT_ACTIONS = ("typing", "upload_photo")
PARSE_MODES = ("", "markdown", "html")
PER_BOT, PER_CHAT = "messages a second of this bot", "messages a second in a chat"

# What a send method makes of its parameters: the bubble, after fetching whatever it names.
Compose = Callable[[BotUser, dict[str, Any]], Awaitable[Item]]


class ZaloBot(Emulator[BotUser]):
    """The host bot-api.zaloplatforms.com for one token, and the people's phones."""

    name = "zalo_bot"

    def __init__(self, config: BotConfig) -> None:
        self.config, self.settings = config, BotSettings()
        rates = [
            Rate(PER_BOT, config.per_second, 1000),
            Rate(PER_CHAT, config.per_chat_second, 1000, per_chat=True),
        ]
        super().__init__(self.settings, rates=rates, base_url=config.base_url, allow_loopback=config.allow_loopback)
        self.updates, self._people = Updates(self), BotPeople(self)
        self.sender = self.updates.sender
        self._sends: dict[str, Compose] = {
            "sendMessage": self._message,
            "sendPhoto": self._photo,
            "sendSticker": self._sticker,
            "sendVoice": self._voice,
        }

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/bot{token:[^/]+}/{method}", self._call)]

    def actions(self) -> dict[str, Action[BotUser]]:
        return self._people.actions()

    def new_user(self, told: dict[str, Any]) -> BotUser:
        """`{"id"?, "name", "seen"?: has written before, "group"?}`; ids are 20 hex digits."""
        return BotUser(
            id=str(told.get("id") or secrets.token_hex(10)),
            name=str(told["name"]),
            seen=bool(told.get("seen", False)),
            group=bool(told.get("group", False)),
        )

    def more_state(self) -> dict[str, Any]:
        return {"pending_updates": self.updates.pending()}

    def throttled(self, fault: Fault) -> web.Response:
        return self._refuse(BotError(429, "Quota exceeded"))

    def revoked(self) -> web.Response:
        return self._refuse(BotError(401, "Unauthorized"))

    def media_url(self, path: str) -> str:
        return self.settings.media_host + path if self.settings.media_host else self.absolute(path)

    # One call.

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if not secrets.compare_digest(request.match_info["token"].encode(), self.config.token.encode()):
            return self._refuse(BotError(401, "Unauthorized"))
        try:
            told = await parameters(request)
        except BotError as problem:
            return self._refuse(problem)
        compose = self._sends.get(method)
        if compose is None:
            return await self.ask(method, request, lambda: self._answer(method, told, request))
        chat = told.get("chat_id")
        key = chat if isinstance(chat, str) else ""
        return await self.send(key, method, request, lambda call: self._send(compose, told, call))

    async def _answer(self, method: str, told: dict[str, Any], request: web.Request) -> web.Response:
        try:
            result = await self._result(method, told, request)
        except BotError as problem:
            return self._refuse(problem)
        # sendChatAction is the one success without a result (§10.2).
        return json_response({"ok": True} | ({} if result is None else {"result": result}))

    async def _result(self, method: str, told: dict[str, Any], request: web.Request) -> Any:
        match method:
            case "getMe":
                account = {"id": self.config.token.partition(":")[0], "account_name": self.config.account_name}
                return account | {"account_type": "BASIC", "can_join_groups": False}
            case "getUpdates":
                return await self.updates.poll(told, request)
            case "setWebhook":
                return await self.updates.set_webhook(told)
            case "deleteWebhook":
                return self.updates.delete_webhook()
            case "getWebhookInfo":
                return self.updates.info()
            case "testWebhook":
                return await self.updates.test_webhook()
            case "sendChatAction":
                self._chat(told)
                if told.get("action") not in CHAT_ACTIONS:
                    raise BotError(400, "The action is invalid")
                return None
        raise BotError(400, "Unknown method")

    def _refuse(self, problem: BotError) -> web.Response:
        field = "errorCode" if problem.code == 426 else self.settings.error_field
        body = {"ok": False, "description": str(problem), field: problem.code}
        # An empty poll was measured as HTTP 200 whatever other errors are.
        status = problem.code if self.settings.http_errors and problem.code != 408 else 200
        return json_response(body, status=status)

    # Sends.

    async def _send(self, compose: Compose, told: dict[str, Any], call: Call) -> web.Response:
        try:
            user = self._chat(told)
            item = await compose(user, told)
            if self.settings.monthly_left <= 0 or (call.over and self.settings.enforce_limits):
                raise BotError(429, "Quota exceeded")
        except BotError as problem:
            return self._refuse(problem)
        self.settings.monthly_left -= 1
        call.accept(f"{item.kind} {item.text} {told.get('photo') or told.get('voice_url') or ''}")
        item.ref = secrets.token_hex(10)
        # A voice to a group is answered ok and never shows (§10.2).
        if not (user.group and item.kind == "voice"):
            self.say(user, item)
        return json_response({"ok": True, "result": {"message_id": item.ref, "date": self.clock.now_ms()}})

    def _chat(self, told: dict[str, Any]) -> BotUser:
        chat = told.get("chat_id")
        if not isinstance(chat, str) or not chat:
            raise BotError(400, "The chat_id must not be empty")
        user = self.people.get(chat)
        if user is None and self.settings.any_user:
            user = self.people.add(self.new_user({"id": chat, "name": chat, "seen": True}))
        if user is None or not user.seen or user.blocked:
            raise BotError(self.settings.unknown_chat_code, "The chat_id is invalid")
        return user

    async def _message(self, _user: BotUser, told: dict[str, Any]) -> Item:
        if str(told.get("parse_mode") or "").lower() not in PARSE_MODES:
            raise BotError(400, "The parse_mode is invalid")
        if not isinstance(told.get("text_styles", []), list | str):
            raise BotError(400, "The text_styles is invalid")
        return Item(who="bot", text=self._text(told, "text", needed=True))

    async def _photo(self, user: BotUser, told: dict[str, Any]) -> Item:
        """Only by URL, and the platform comes back for it: twice in the minute after (§12, §14)."""
        address, caption = self._address(told, "photo"), self._text(told, "caption")
        fetched = await self._fetch(address, "photo")
        if not fetched.mime.startswith("image/"):
            raise BotError(400, "The photo URL is invalid")
        name = f"photo.{fetched.mime.rpartition('/')[2]}"
        item = Item(who="bot", kind="image", text=caption)
        item.url = self.keep_file(fetched.data, fetched.mime, name).path
        self.outgoing.spawn(self._fetch_again(address, item, user))
        return item

    async def _fetch_again(self, address: str, item: Item, user: BotUser) -> None:
        """A photo whose address died after the first look turns black on the phone."""
        sent, pause_ms = self.clock.now(), self.settings.fetch_again_s * 1000
        for times in (1, 2):
            await self.clock.wait_until(sent + times * pause_ms)
            try:
                await self._fetch(address, "photo")
            except BotError:
                item.url = None
                self.counts.violate("a photo address must live for minutes", user.id)
                return

    async def _sticker(self, _user: BotUser, told: dict[str, Any]) -> Item:
        if not isinstance(told.get("sticker"), str) or not told["sticker"]:
            raise BotError(400, "The sticker must not be empty")
        return Item(who="bot", kind="sticker", text=told["sticker"])

    async def _voice(self, _user: BotUser, told: dict[str, Any]) -> Item:
        address = self._address(told, "voice_url")
        if not URL(address).path.endswith(".aac"):
            raise BotError(400, "The voice_url must end with .aac")
        fetched = await self._fetch(address, "voice_url")
        if not is_adts(fetched.data):
            raise BotError(400, "The voice_url is invalid")
        file = self.keep_file(fetched.data, "audio/aac", "voice.aac")
        return Item(who="bot", kind="voice", url=file.path)

    def _text(self, told: dict[str, Any], name: str, *, needed: bool = False) -> str:
        text = told.get(name, "")
        if not isinstance(text, str) or (needed and not text.strip()):
            raise BotError(400, f"The {name} must not be empty")
        if length(text, self.settings.text_unit) > self.settings.text_limit:
            raise BotError(400, f"The {name} is too long")
        return text

    def _address(self, told: dict[str, Any], name: str) -> str:
        address = told.get(name)
        if not isinstance(address, str) or not address:
            raise BotError(400, f"The {name} must not be empty")
        if not address.startswith(("http://", "https://")):
            raise BotError(400, f"The {name} must start with http:// or https://")
        return address

    async def _fetch(self, address: str, name: str) -> Fetched:
        try:
            fetched = await self.outgoing.fetch(address)
        except (BadAddress, ClientError, TimeoutError) as problem:
            raise BotError(400, f"The {name} URL is invalid") from problem
        if fetched.status != 200 or not fetched.data:
            raise BotError(400, f"The {name} URL is invalid")
        return fetched

    def end_waits(self) -> None:
        self.updates.wake()


async def parameters(request: web.Request) -> dict[str, Any]:
    """Parameters from the query, a form, multipart or JSON (§10.1)."""
    told: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        raw = await request.read()
        try:
            body = json.loads(raw) if raw else {}
        except ValueError as problem:
            raise BotError(400, "Bad request") from problem
        if not isinstance(body, dict):
            raise BotError(400, "Bad request")
        return told | body
    return told | dict(await request.post())


def is_adts(data: bytes) -> bool:
    """Whether this is raw AAC: the ADTS sync word with layer 0, and again where the first frame ends."""
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
        return False
    frame = (data[3] & 0x03) << 11 | data[4] << 3 | data[5] >> 5
    following = data[frame : frame + 2]
    return frame >= 7 and (len(following) < 2 or (following[0] == 0xFF and following[1] & 0xF6 == 0xF0))


def app(config: BotConfig) -> web.Application:
    """The emulator as an aiohttp application; `app[EMULATOR]` is its ZaloBot."""
    return ZaloBot(config).app()
