"""What an OA tells many at once: its groups, and the broadcast of an article (Zalo reference §3.5, §5).

Made by hand over `POST /_control/groups` `{"id"?, "name", "members": [user ids], "size"?, "state"?}` (alive; dead
for a package that has ended; left for a group without the OA; posting an id again changes it) and
`POST /_control/articles` `{"id"?, "title"}`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.chats import Item, Refused
from bot.sandbox.control import json_object
from bot.sandbox.emulator import json_response
from bot.sandbox.zalo_checks import ApiError, invalid, length, mapping, only, string
from bot.sandbox.zalo_people import message_id

if TYPE_CHECKING:
    from bot.sandbox.state import Call
    from bot.sandbox.zalo_config import ZaloUser
    from bot.sandbox.zalo_oa import ZaloOa

TARGETS = ("ages", "gender", "locations", "cities", "platform")
DAY_MS = 24 * 3_600_000
STATES = {"alive": None, "dead": ApiError(-237, "Group is expired"), "left": ApiError(-403, "OA is not in group")}


@dataclass
class Group:
    """A group of the OA (GMF): `size` is that of the package it was bought with."""

    id: str
    name: str
    members: list[str] = field(default_factory=list)
    size: int = 100
    state: str = "alive"


class Together:
    """Groups and articles, and the sends to them."""

    def __init__(self, emulator: ZaloOa) -> None:
        self._emulator = emulator
        self.groups: dict[str, Group] = {}
        self.articles: dict[str, str] = {}

    def routes(self) -> list[web.RouteDef]:
        """One call of the platform, two of the control API."""
        return [
            web.post("/v3.0/oa/group/message", self._message),
            web.post("/v3.0/oa/quota/group", self._quota),
            web.post("/_control/groups", self._make_group),
            web.post("/_control/articles", self._make_article),
        ]

    async def _make_group(self, request: web.Request) -> web.Response:
        told = await json_object(request)
        if not told.get("name"):
            raise Refused("a group has a name")
        for member in told.get("members", []):
            if member not in self._emulator.people.by_id and not self._emulator.settings.any_user:
                raise Refused(f"{member} is nobody")
        group = Group(str(told.get("id") or secrets.token_hex(8)), str(told["name"]), list(told.get("members", [])),
                      int(told.get("size", 100)), str(told.get("state", "alive")))  # fmt: skip
        if len(group.members) > group.size or group.state not in STATES:
            raise Refused(f"a group of {group.size} has no room for {len(group.members)}, or its state is none")
        self.groups[group.id] = group
        return json_response({"id": group.id})

    async def _make_article(self, request: web.Request) -> web.Response:
        told = await json_object(request)
        if not told.get("title"):
            raise Refused("an article has a title")
        number = str(told.get("id") or secrets.token_hex(8))
        self.articles[number] = str(told["title"])
        return json_response({"id": number})

    async def _quota(self, request: web.Request) -> web.StreamResponse:
        async def work() -> list[dict[str, Any]]:
            alive = [one for one in self.groups.values() if one.state == "alive"]
            return [{"asset_id": f"gmf{one.size}", "product_type": "gmf", "group_id": one.id} for one in alive]

        return await self._emulator.api("quota_group", request, work)

    # ---- into a group ----

    async def _message(self, request: web.Request) -> web.StreamResponse:
        from bot.sandbox.zalo_sends import read_json

        body = await read_json(request)
        recipient = body.get("recipient") if isinstance(body, dict) else None
        group_id = str(recipient.get("group_id", "")) if isinstance(recipient, dict) else ""

        async def work(call: Call) -> web.Response:
            try:
                self._emulator.not_over(call.over)
                self._emulator.authorize(request)
                return self._emulator.succeed(self._posted(body, call))
            except ApiError as problem:
                return self._emulator.refuse(problem)

        return await self._emulator.send(group_id, "group", request, work)

    def _posted(self, body: Any, call: Call) -> dict[str, Any]:
        body = mapping(body, "body")
        only(body, "recipient", "message")
        group = self.groups.get(string(mapping(body.get("recipient"), "recipient").get("group_id"), "group_id"))
        if group is None:
            raise invalid("group_id")
        message = mapping(body.get("message"), "message")
        only(message, "text")
        text = string(message.get("text"), "text")
        if length(text, self._emulator.settings.text_unit) > self._emulator.settings.text_limit:
            raise ApiError(-210, "Parameter exceeds allowable limit")
        if problem := STATES[group.state]:
            raise problem
        call.accept(text)
        ref = message_id()
        for member in group.members:
            self._show(self._emulator.known_user(member), f"[{group.name}] {text}", ref)
        return {"message_id": ref, "group_id": group.id}

    # ---- an article to whoever fits ----

    def broadcast(self, recipient: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
        """Show an article to every follower who fits `target` and has not had enough of them. Raises ApiError."""
        only(recipient, "target")
        target = mapping(recipient.get("target"), "target")
        for name, wanted in target.items():
            if name not in TARGETS or not isinstance(wanted, list) or not all(type(one) is int for one in wanted):
                raise invalid(f"target.{name}")
        article = self._article_of(message)
        for user in list(self._emulator.people.by_id.values()):
            if self._may_get(user) and user.fits(target):
                user.articles.append(self._emulator.clock.now_ms())
                self._show(user, self.articles[article], message_id())
        return {"message_id": message_id()}

    def _article_of(self, message: dict[str, Any]) -> str:
        only(message, "attachment")
        attachment = mapping(message.get("attachment"), "attachment")
        payload = mapping(attachment.get("payload"), "payload")
        elements = payload.get("elements")
        if (attachment.get("type"), payload.get("template_type")) != ("template", "media"):
            raise invalid("attachment")
        if not isinstance(elements, list) or len(elements) != 1:
            raise invalid("elements")
        element = mapping(elements[0], "elements")
        if element.get("media_type") != "article" or element.get("attachment_id") not in self.articles:
            raise invalid("attachment_id")
        return str(element["attachment_id"])

    def _may_get(self, user: ZaloUser) -> bool:
        """Counted over the last 24 hours and 30 days: Zalo does not say how it counts."""
        settings, now = self._emulator.settings, self._emulator.clock.now_ms()
        today = [at for at in user.articles if now - at < DAY_MS]
        month = [at for at in user.articles if now - at < 30 * DAY_MS]
        willing = user.follower and not user.blocked and not user.left
        return willing and len(today) < settings.articles_a_day and len(month) < settings.articles_a_month

    def _show(self, user: ZaloUser, text: str, ref: str) -> None:
        self._emulator.say(user, Item(who="bot", kind="text", text=text, at_ms=self._emulator.clock.now_ms(), ref=ref))
