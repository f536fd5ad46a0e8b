"""The sends of the OA API: consultation messages, templates by user id, reactions (Zalo reference §3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, web

from bot.sandbox.chats import Item
from bot.sandbox.outgoing import BadAddress
from bot.sandbox.state import Call
from bot.sandbox.zalo_checks import ApiError, Message, invalid, mapping, read_message, string, user_id_of
from bot.sandbox.zalo_people import message_id
from bot.sandbox.zalo_uploads import IMAGE_LIMIT, image_kind

if TYPE_CHECKING:
    from bot.sandbox.zalo_config import ZaloUser
    from bot.sandbox.zalo_oa import ZaloOa

HOUR_MS = 3600 * 1000
VIET_NAM_MS = 7 * HOUR_MS
FREE_MS, PAID_MS = 48 * HOUR_MS, 7 * 24 * HOUR_MS
V2_GONE = "MessageV2 API has been shut down, please switch to MessageV3"


class Sends:
    """Answers sends, shows them on the phones and has the events follow."""

    def __init__(self, emulator: ZaloOa) -> None:
        self._emulator = emulator

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v3.0/oa/message/cs", self._cs),
            web.post("/v3.0/oa/message/template", self._template),
            web.post("/v2.0/oa/message", self._v2_message),
        ]

    async def _cs(self, request: web.Request) -> web.StreamResponse:
        body = await read_json(request)

        async def work(call: Call) -> web.Response:
            try:
                self._emulator.not_over(call.over)
                self._emulator.authorize(request)
                return self._emulator.succeed(await self._consult(body, call))
            except ApiError as problem:
                return self._emulator.refuse(problem)

        return await self._emulator.send(user_id_of(body), "cs", request, work)

    async def _consult(self, body: Any, call: Call) -> dict[str, Any]:
        settings = self._emulator.settings
        body = mapping(body, "body")
        user_id = string(mapping(body.get("recipient"), "recipient").get("user_id"), "user_id")
        message = read_message(body, settings.text_limit, settings.text_unit, settings.too_long_error, settings.lists)
        user = self._emulator.known_user(user_id)
        if message.quote and self._emulator.chats.by_ref(user.id, message.quote) is None:
            raise invalid("quote_message_id")
        url = await self._media_of(message)
        quota = self._window(user)
        call.accept(f"{message.kind} {message.text} {message.url or message.asset}")
        return self._deliver(user, message, url, quota)

    async def _media_of(self, message: Message) -> str | None:
        """The served copy of what is sent: fetched when a URL was given, else the uploaded asset."""
        if message.url:
            try:
                fetched = await self._emulator.outgoing.fetch(message.url)
            except (BadAddress, ClientError, TimeoutError) as problem:
                raise invalid("url") from problem
            mime = image_kind(fetched.data)
            if fetched.status != 200 or not mime or len(fetched.data) > IMAGE_LIMIT:
                raise invalid("url")
            return self._emulator.keep_file(fetched.data, mime, f"image.{mime.rpartition('/')[2]}").path
        if message.asset and message.kind != "sticker":
            return self._emulator.uploads.path_of(message.asset, message.kind)
        return None

    def _window(self, user: ZaloUser) -> dict[str, str]:
        """The quota a send falls under (§3.3), or ApiError: blocked, left, window closed, package used up."""
        if user.blocked:
            raise ApiError(self._emulator.settings.blocked_error, "User has blocked invitation from OA")
        if user.left and self._emulator.settings.left_error:
            raise ApiError(self._emulator.settings.left_error, "User has not followed OA")
        silent_ms = self._emulator.clock.now_ms() - user.last_interaction_ms
        if not user.last_interaction_ms:
            raise ApiError(-232, "User has not interacted with the OA, or the last interaction has expired")
        if silent_ms > PAID_MS:
            raise ApiError(
                self._emulator.settings.window_error, "User has not interacted with the OA in the past 7 days"
            )
        if silent_ms <= FREE_MS:
            return {"quota_type": "reply", "remain": "8", "total": "8"}
        if self._emulator.settings.paid_left <= 0:
            raise ApiError(-211, "Out of quota")
        self._emulator.settings.paid_left -= 1
        self._emulator.paid += 1
        return {"quota_type": "sub_quota", "remain": str(self._emulator.settings.paid_left), "owner_type": "OA"}

    def _deliver(self, user: ZaloUser, message: Message, url: str | None, quota: dict[str, str]) -> dict[str, Any]:
        ref, now = message_id(), self._emulator.clock.now_ms()
        kind = {"gif": "image", "list": "text", "request_user_info": "text"}.get(message.kind, message.kind)
        buttons = [[shown_button(button)] for button in message.buttons]
        item = Item(who="bot", kind=kind, text=message.text, url=url, buttons=buttons, at_ms=now, ref=ref)
        self._emulator.say(user, item)
        self._follow_up(user, message, ref, url)
        answer: dict[str, Any] = {"message_id": ref, "user_id": user.id, "sent_time": str(now)}
        return answer | ({"quota": quota} if self._emulator.settings.quota_in_answer else {})

    def _follow_up(self, user: ZaloUser, message: Message, ref: str, url: str | None) -> None:
        """The events after an accepted send: the echo, then the receipt; seen comes with the eyes."""
        if self._emulator.settings.echo:
            told: dict[str, Any] = {"msg_id": ref, "text": message.text}
            if message.kind in ("image", "gif", "file", "sticker"):
                where = self._emulator.media_url(url) if url else ""
                told["attachments"] = [{"type": message.kind, "payload": {"url": where, "thumbnail": where}}]
            name = "text" if message.kind == "request_user_info" else message.kind
            self._emulator.events.by_oa(user, f"oa_send_{name}", told)
        if self._emulator.settings.receipts:
            self._emulator.events.receipt(user, "user_received_message", {"msg_id": ref})
            user.unseen.append(ref)

    async def _template(self, request: web.Request) -> web.StreamResponse:
        body = await read_json(request)
        chat = body.get("user_id") if isinstance(body, dict) else None

        async def work(call: Call) -> web.Response:
            try:
                self._emulator.not_over(call.over)
                self._emulator.authorize(request)
                return self._emulator.succeed(self._send_template(mapping(body, "body"), call))
            except ApiError as problem:
                return self._emulator.refuse(problem)

        return await self._emulator.send(str(chat or ""), "template", request, work)

    def _send_template(self, body: dict[str, Any], call: Call) -> dict[str, Any]:
        """A template by user id has no window (§7); only registered templates exist."""
        user_id, template = string(body.get("user_id"), "user_id"), string(body.get("template_id"), "template_id")
        data = mapping(body.get("template_data"), "template_data")
        wanted = self._emulator.config.templates.get(template)
        if wanted is None:
            raise ApiError(-109, "Template ID is invalid")
        self._usable_template()
        if sorted(data) != sorted(wanted) or not all(isinstance(value, str) for value in data.values()):
            raise ApiError(-112, "Template data is invalid")
        user = self._emulator.known_user(user_id)
        if user.blocked:
            raise ApiError(self._emulator.settings.blocked_error, "User has blocked invitation from OA")
        text = f"[{template}] " + " · ".join(f"{name}: {value}" for name, value in data.items())
        call.accept(text)
        self._emulator.templates_sent[self._today()] += 1
        quota = {"quota_type": "template", "remain": str(self._templates_left())}
        return self._deliver(user, Message(text=text), None, quota)

    def _usable_template(self) -> None:
        """Raise ApiError while templates are not approved, switched off, or used up for today (§7)."""
        settings = self._emulator.settings
        if settings.template_state == "pending":
            raise ApiError(-131, "Template is not approved")
        if settings.template_state != "approved":
            raise ApiError(-146, "Template is disabled due to low quality")
        if self._templates_left() <= 0:
            raise ApiError(-144, "OA has reached the daily quota limit")

    def _templates_left(self) -> int:
        return int(self._emulator.settings.templates_a_day - self._emulator.templates_sent[self._today()])

    def _today(self) -> int:
        now = self._emulator.clock.now_ms()
        return (now + VIET_NAM_MS) // (24 * HOUR_MS)

    async def _v2_message(self, request: web.Request) -> web.StreamResponse:
        body = await read_json(request)

        async def work() -> Any:
            recipient = mapping(mapping(body, "body").get("recipient"), "recipient")
            if "sender_action" in body:
                return self._react(recipient, mapping(body["sender_action"], "sender_action"))
            if "user_id" in recipient:
                raise ApiError(-240, V2_GONE)
            if "target" in recipient:
                return self._emulator.together.broadcast(recipient, mapping(body.get("message"), "message"))
            raise ApiError(-209, "Not supported this api")

        return await self._emulator.api("v2_message", request, work)

    def _react(self, recipient: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
        user = self._emulator.known_user(string(recipient.get("user_id"), "user_id"))
        icon, ref = (
            string(told.get("react_icon"), "react_icon"),
            string(told.get("react_message_id"), "react_message_id"),
        )
        if self._emulator.chats.by_ref(user.id, ref) is None:
            raise invalid("react_message_id")
        self._emulator.events.by_oa(user, "oa_reacted_message", {"msg_id": ref, "react_icon": icon})
        return {"message_id": ref, "user_id": user.id}


def shown_button(button: dict[str, Any]) -> dict[str, str]:
    if button["type"].startswith("oa.query"):
        return {"label": button["title"], "payload": button["payload"]}
    return {"label": button["title"], "url": str(next(iter(button["payload"].values()), ""))}


async def read_json(request: web.Request) -> Any:
    """The body as JSON, or None: what is wrong with it is told in the envelope, not by HTTP."""
    try:
        return json.loads(await request.read())
    except ValueError:
        return None
