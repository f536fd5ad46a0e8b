"""The events a Zalo OA's webhook receives: their bodies and their signature (Zalo reference §8)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.chats import Refused
from bot.sandbox.control import json_object, json_response
from bot.sandbox.outgoing import BadAddress, Event, WebhookSender

if TYPE_CHECKING:
    from bot.sandbox.zalo_config import ZaloUser
    from bot.sandbox.zalo_oa import ZaloOa

# Redelivery after the first failure, each counted from the attempt before (§8.1).
RETRIES_MS = (30_000, 5 * 60_000, 15 * 60_000, 30 * 60_000, 60 * 60_000)
CONSOLE_TEXT = "This is testing message"


def signature(app_id: str, body: bytes, timestamp: str, secret: str) -> str:
    """Lower-case hex SHA-256 (no HMAC) of app id, raw body, timestamp and secret joined (§8.2)."""
    return hashlib.sha256(app_id.encode() + body + timestamp.encode() + secret.encode()).hexdigest()


class Events:
    """Builds each event's JSON and hands its bytes to the webhook sender."""

    def __init__(self, emulator: ZaloOa) -> None:
        self._emulator = emulator
        self.sender = WebhookSender(
            emulator.outgoing,
            emulator.clock,
            emulator.faults,
            self._headers,
            timeout_s=emulator.config.webhook_timeout_s,
            retries_ms=RETRIES_MS,
        )
        self.set_url(emulator.config.webhook_url)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/_control/webhook", self._set_webhook),
            web.post("/_control/events", self._post_event),
        ]

    def set_url(self, url: str) -> None:
        """What the developer types into the console. Raises BadAddress for one Zalo would refuse."""
        if url:
            self._emulator.outgoing.check_webhook(url)
        self.sender.set_url(url)

    def by_user(self, user: ZaloUser, name: str, message: dict[str, Any]) -> None:
        self._message(user, name, message, sender={"id": user.id}, recipient={"id": self._oa_id})

    def by_oa(self, user: ZaloUser, name: str, message: dict[str, Any], admin_id: str = "") -> None:
        """An `oa_send_*` event; a human agent's carries `admin_id`."""
        sender = {"id": self._oa_id} | ({"admin_id": admin_id} if admin_id else {})
        self._message(user, name, message, sender=sender, recipient={"id": user.id})

    def receipt(self, user: ZaloUser, name: str, message: dict[str, Any]) -> None:
        by = self.by_oa if self._emulator.settings.receipts_from == "oa" else self.by_user
        by(user, name, message)

    def about(self, user: ZaloUser, name: str, more: dict[str, Any]) -> None:
        """A management event: flat `oa_id`, no sender (§8.3)."""
        head = {"oa_id": self._oa_id, "user_id_by_app": user.user_id_by_app, "event_name": name}
        self.post(user.id, head | more | self._tail())

    def info(self, user: ZaloUser, info: dict[str, Any]) -> None:
        sides = {"sender": {"id": user.id}, "recipient": {"id": self._oa_id}}
        self.post(user.id, sides | {"event_name": "user_submit_info", "info": info} | self._tail())

    def post(self, chat: str, event: dict[str, Any]) -> None:
        escape = self._emulator.settings.escape_unicode
        body = json.dumps(event, ensure_ascii=escape, separators=(",", ":"))
        self.sender.put(chat, body.encode("utf-8", "surrogatepass"))

    @property
    def _oa_id(self) -> str:
        return self._emulator.config.oa_id

    def _tail(self) -> dict[str, str]:
        return {"app_id": self._emulator.config.app_id, "timestamp": str(self._emulator.clock.now_ms())}

    def _message(self, user: ZaloUser, name: str, message: dict[str, Any], **sides: dict[str, str]) -> None:
        if not self.sender.url or not self.sender.enabled:
            return
        head = {
            "app_id": self._emulator.config.app_id,
            "user_id_by_app": user.user_id_by_app,
            "event_name": name,
            "timestamp": str(self._emulator.clock.now_ms()),
        }
        self.post(user.id, head | sides | {"message": message})

    def _headers(self, event: Event, fault: str | None) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if event.tries:
            headers["num_retry"] = str(event.tries)
        if fault != "no_signature":
            prefix = "mac=" if self._emulator.settings.signature_prefix else ""
            headers["X-ZEvent-Signature"] = prefix + self._mac(event.body, fault)
        return headers

    def _mac(self, body: bytes, fault: str | None) -> str:
        config = self._emulator.config
        by_app = fault == "app_secret" or self._emulator.settings.sign_with == "app_secret"
        secret = config.app_secret if by_app else config.oa_secret_key
        mac = signature(config.app_id, body, timestamp_of(body), secret)
        return mac[::-1] if fault == "bad_signature" else mac

    async def _set_webhook(self, request: web.Request) -> web.Response:
        """`{"url"}`: save a webhook URL in the console, which also enables it again."""
        try:
            self.set_url(str((await json_object(request)).get("url", "")))
        except BadAddress as problem:
            raise Refused(str(problem)) from problem
        return json_response(self.sender.state())

    async def _post_event(self, request: web.Request) -> web.Response:
        """`{"event": {…}}`, `{"raw": "any text"}` or `{"console_test": event_name}`: sign it and deliver it."""
        told = await json_object(request)
        if "raw" in told:
            self.sender.put("", str(told["raw"]).encode())
        elif isinstance(told.get("event"), dict):
            self.post("", told["event"])
        elif isinstance(told.get("console_test"), str):
            self.post("", self._console_test(told["console_test"]))
        else:
            raise Refused("event, raw or console_test is missing")
        return json_response({"pending": self.sender.pending})

    def _console_test(self, name: str) -> dict[str, Any]:
        """The canned body of the console's test button: ids nobody has."""
        message = {"msg_id": "This is message id", "text": CONSOLE_TEXT}
        sides = {"sender": {"id": "246845883529197922"}, "recipient": {"id": "388613280878808645"}}
        head = {"app_id": self._emulator.config.app_id, "user_id_by_app": "552177279717587730"}
        stamp = {"event_name": name, "timestamp": str(self._emulator.clock.now_ms())}
        return head | stamp | sides | {"message": message}


def timestamp_of(body: bytes) -> str:
    try:
        event = json.loads(body)
    except ValueError:
        return ""
    return str(event.get("timestamp", "")) if isinstance(event, dict) else ""
