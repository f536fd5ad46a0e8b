"""The Telegram channel: python-telegram-bot for types and calls, aiohttp underneath (Telegram reference §1, §2).

Secrets of the account: `token`, `webhook_secret`. Settings beside the common ones: `secret_header` ("required", or
"optional" for Bot API servers that send none), `paid_broadcast`, `poll_seconds`,
`upload_timeout`, `proxy`, `file_base_url`.
"""

import asyncio
import hmac
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any
from urllib.parse import quote

from telegram import Bot
from telegram.error import TelegramError

from bot.channels import telegram_check as doctor
from bot.channels.base import Account, BadBody, Finding, Forbidden, Gate, Medium, Now, Profile, Unavailable, WebhookInfo
from bot.channels.telegram_endings import DEFAULT_WAIT, ending_of, moved_to
from bot.channels.telegram_media import (
    AUDIO,
    METHODS,
    Uploads,
    handle_in,
    input_file,
    is_bad_handle,
    media_call,
    text_call,
    unsendable,
    wants_no_voice,
)
from bot.channels.telegram_read import KIND, WANTED, read_body, read_update
from bot.channels.telegram_request import AiohttpRequest, NoAnswer, Refusal
from bot.endings import Ending, Later, Never, Sent
from bot.fetch import Expired, TooBig, Unreachable
from content.message import Heard, Part

POLL_SECONDS = 25
LONGEST_POLL = 50  # seconds; what the server allows
MAX_CONNECTIONS = 40  # webhook calls open at once: the platform's own default
SECRET_HEADER = "x-telegram-bot-api-secret-token"
log = logging.getLogger(__name__)


class TelegramChannel:
    """One Telegram bot; implements `bot.channels.base.Channel`."""

    kind = KIND

    def __init__(self, account: Account, now: Now) -> None:
        token = account.secrets.get("token", "")
        if not token:
            raise ValueError(f"account {account.name}: the secret 'token' is missing")
        _quieten()
        self.account = account
        base = account.base_url.rstrip("/")
        self._id = account.platform_id or token.partition(":")[0]
        self._now = now
        self._uploads = Uploads()
        # Polling has a pool of its own: a long poll must never take a place from a send.
        self._requests = (_request(account, 4), _request(account))
        files = str(account.settings.get("file_base_url") or base).rstrip("/")
        # Above Telegram's free rate each message costs Stars, so only where an operator said so (reference §1.1).
        self._paid = {"allow_paid_broadcast": True} if account.settings.get("paid_broadcast") else {}
        self.gate: Gate = nullcontext  # a call beside the sends waits for its slot here
        self._files = f"{files}/file/bot{token}/"
        self._bot = Bot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{files}/file/bot",
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )

    async def start(self) -> None:
        """Open the pools. Asks the platform nothing: the service must start while Telegram is down."""
        for request in self._requests:
            await request.initialize()

    async def close(self) -> None:
        """Close the pools."""
        for request in self._requests:
            await request.shutdown()

    async def send(self, chat: str, part: Part, medium: Medium | None = None) -> Ending:
        """One part to one chat, without parse mode. See `Channel.send`."""
        if problem := unsendable(part, medium):
            return Never(problem)
        try:
            if medium is None:
                return await self._deliver("sendMessage", text_call(chat, part))
            return await self._send_medium(chat, part, medium)
        except TelegramError as error:
            return ending_of(error)
        except FileNotFoundError:
            return Never("the file is no longer in the media store")
        except OSError as error:
            return Later(DEFAULT_WAIT, f"the media store cannot be read: {type(error).__name__}")

    async def _send_medium(self, chat: str, part: Part, medium: Medium) -> Sent:
        method, field = METHODS[part.kind]
        try:
            return await self._send_file(method, field, chat, part, medium, medium.handle)
        except Refusal as refusal:
            if not wants_no_voice(refusal):
                raise
        async with self.gate():
            sent = await self._send_file(*AUDIO, chat, part, medium, "")
        return Sent(sent.id, moved_to=sent.moved_to)  # the id of an audio file would not do as a voice

    async def _send_file(self, method: str, field: str, chat: str, part: Part, medium: Medium, handle: str) -> Sent:
        """By file id when there is one that the server still takes, else by upload."""
        handle = handle or await self._uploads.handle(method, medium.sha)
        if not handle:
            return await self._upload(method, field, chat, part, medium)
        try:
            return await self._deliver(method, {**media_call(chat, part), field: handle})
        except Refusal as refusal:
            if not is_bad_handle(refusal):
                raise
        self._uploads.forget(method, medium.sha, handle)
        async with self.gate():
            return await self._upload(method, field, chat, part, medium)

    async def _upload(self, method: str, field: str, chat: str, part: Part, medium: Medium) -> Sent:
        """By upload, unless somebody else has just uploaded it."""
        data = media_call(chat, part)
        if handle := await self._uploads.handle(method, medium.sha):
            return await self._deliver(method, {**data, field: handle})
        async with self._uploads.uploading(method, medium.sha):
            content = await asyncio.to_thread(medium.path.read_bytes)
            sent = await self._deliver(method, {**data, field: input_file(medium, content)})
            self._uploads.learn(method, medium.sha, sent.handle)
        return sent

    async def _deliver(self, method: str, data: dict[str, Any]) -> Sent:
        """Call, once more when the group has moved. Raises the errors of `telegram_request`."""
        moved, data = "", {**data, **self._paid}
        try:
            message = await self._call(method, data)
        except Refusal as refusal:
            moved = moved_to(refusal)
            if not moved:
                raise
            async with self.gate():
                message = await self._call(method, {**data, "chat_id": moved})
        if not isinstance(message, dict) or type(message.get("message_id")) is not int:
            raise NoAnswer("the answer names no message")
        return Sent(str(message["message_id"]), handle_in(message), moved)

    async def _call(self, method: str, data: dict[str, Any], read_timeout: float | None = None) -> Any:
        """The raw result: making a `Message` of every answer would double the cost of a send (reference §5)."""
        return await self._bot._post(method, data, read_timeout=read_timeout)

    async def _ask(self, method: str, data: dict[str, Any] | None = None, wait: float | None = None) -> Any:
        try:
            return await self._call(method, data or {}, wait)
        except TelegramError as error:
            ending = ending_of(error)
            if isinstance(ending, Later):
                raise Unavailable(ending.why, ending.wait, ending.suspend) from None
            raise Unavailable(getattr(ending, "why", ""), DEFAULT_WAIT) from None

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        """The secret token of setWebhook comes back in a header. See `Channel.verify`."""
        given = next((value for name, value in headers.items() if name.lower() == SECRET_HEADER), None)
        secret = self.account.secrets.get("webhook_secret", "")
        if given is None and self.account.settings.get("secret_header") == "optional":
            return
        if not secret or given is None:
            raise Forbidden("no secret token")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode()):
            raise Forbidden("wrong secret token")

    def read(self, raw: bytes) -> list[Heard]:
        """One update. See `Channel.read`."""
        return read_body(raw, self._id, self._now())

    async def acknowledge(self, heard: Heard) -> None:
        """Stop the spinner on the button that was tapped."""
        query = heard.key.partition(":")[2]
        if heard.kind != "tap" or not query:
            return
        try:
            await self._ask("answerCallbackQuery", {"callback_query_id": query})
        except Unavailable as trouble:
            # Too old after some seconds is common, and harmless.
            log.info(
                "a tap could not be acknowledged: %s",
                trouble.why,
                extra={"action": "tap_not_acknowledged", "account": self.account.id},
            )

    async def poll(self, cursor: str) -> tuple[list[Heard], str]:
        """getUpdates. An update that cannot be read is logged by its number and passed over."""
        seconds = min(int(self.account.settings.get("poll_seconds", POLL_SECONDS)), LONGEST_POLL)
        question: dict[str, Any] = {"timeout": seconds, "allowed_updates": list(WANTED)}
        if cursor:
            question["offset"] = int(cursor)
        updates = await self._ask("getUpdates", question, seconds + self._requests[0].read_timeout)
        if not isinstance(updates, list):
            raise Unavailable("the answer to getUpdates is not a list")
        heard = [one for update in updates for one in self._read_polled(update)]
        numbers = [one["update_id"] for one in updates if _is_numbered(one)]
        return heard, str(max(numbers) + 1) if numbers else cursor

    def _read_polled(self, update: Any) -> list[Heard]:
        try:
            return read_update(update, self._id, self._now())
        except BadBody as problem:
            log.warning(
                "an update was passed over: %s",
                problem,
                extra={"action": "update_unreadable", "account": self.account.id},
            )
            return []

    async def media_url(self, ref: str) -> str:
        """getFile: good for an hour, up to 20 MB. The token is in the address: never log it."""
        try:
            found = await self._call("getFile", {"file_id": ref})
        except Refusal as refusal:
            if "too big" in refusal.description.lower():
                raise TooBig("Telegram gives out files up to 20 MB") from None
            if refusal.code == 400:
                raise Expired("Telegram no longer knows this file") from None
            raise Unreachable(f"getFile was refused with {refusal.code}") from None
        except TelegramError as error:
            raise Unreachable(f"getFile: {error.message}") from None
        path = str(found.get("file_path", "")) if isinstance(found, dict) else ""
        if not path or path.startswith("/"):
            raise Unreachable("the Bot API server gives no address for this file")
        return self._files + quote(path)

    async def set_webhook(self, url: str, secret: str) -> None:
        """setWebhook, or deleteWebhook for "". Pending updates are kept."""
        if not url:
            await self._ask("deleteWebhook")
            return
        await self._ask(
            "setWebhook",
            {
                "url": url,
                "secret_token": secret or None,
                "allowed_updates": list(WANTED),
                "max_connections": MAX_CONNECTIONS,
            },
        )

    async def webhook_info(self) -> WebhookInfo:
        """getWebhookInfo."""
        info = await self._ask("getWebhookInfo")
        if not isinstance(info, dict):
            raise Unavailable("the answer to getWebhookInfo is not an object")
        return WebhookInfo(
            str(info.get("url", "")),
            int(info.get("pending_update_count") or 0),
            str(info.get("last_error_message", "")),
        )

    async def profile(self) -> Profile | None:
        """Name and user name from getMe."""
        try:
            me = await self._ask("getMe")
        except Unavailable:
            return None
        return Profile(str(me.get("first_name", "")), str(me.get("username", ""))) if isinstance(me, dict) else None

    async def check(self) -> list[Finding]:
        """getMe and getWebhookInfo."""
        try:
            me = await self._ask("getMe")
        except Unavailable as trouble:
            return [doctor.about_trouble(trouble)]
        about_bot = doctor.about_bot(me if isinstance(me, dict) else {}, self.account.platform_id)
        return [*about_bot, *await doctor.webhook_findings(self)]


def _quieten() -> None:
    """PTB writes base URLs (with the token), parameters and answers to its debug log; httpx writes URLs at info."""
    for name in ("telegram", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _request(account: Account, connections: int = 0) -> AiohttpRequest:
    settings = account.settings
    return AiohttpRequest(
        connections or int(settings.get("connections", 100)),
        float(settings.get("connect_timeout", 5)),
        float(settings.get("read_timeout", 15)),
        float(settings.get("upload_timeout", 60)),
        settings.get("proxy") or None,
    )


def _is_numbered(update: Any) -> bool:
    return isinstance(update, dict) and type(update.get("update_id")) is int
