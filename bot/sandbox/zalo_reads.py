"""What the OA API tells about users, the OA, quotas and past messages (Zalo reference §5)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.zalo_checks import ApiError, invalid, string

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.chats import Item
    from bot.sandbox.zalo_config import ZaloUser
    from bot.sandbox.zalo_oa import ZaloOa

VIETNAM = timezone(timedelta(hours=7))
MOST_PER_PAGE = 10  # conversation, listrecentchat
MOST_USERS, HIGHEST_OFFSET = 50, 9951


class Reads:
    """The read-only calls; each takes its parameters as one JSON blob `?data=`."""

    def __init__(self, emulator: ZaloOa) -> None:
        self._emulator = emulator

    def routes(self) -> list[web.RouteDef]:
        gets = {
            "/v3.0/oa/user/detail": self._detail,
            "/v3.0/oa/user/getlist": self._list,
            "/v2.0/oa/listrecentchat": self._recent,
            "/v2.0/oa/conversation": self._conversation,
        }
        return [
            *(web.get(path, self._getter(path.rpartition("/")[2], read)) for path, read in gets.items()),
            web.get("/v2.0/oa/getoa", self._oa),
            web.get("/v2.0/oa/tag/gettagsofoa", self._tags),
            web.post("/v3.0/oa/quota/message", self._quota),
        ]

    def _getter(
        self, method: str, read: Callable[[dict[str, Any]], Any]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handler(request: web.Request) -> web.StreamResponse:
            async def work() -> Any:
                return read(blob(request.query.get("data", "")))

            return await self._emulator.api(method, request, work)

        return handler

    def _detail(self, asked: dict[str, Any]) -> dict[str, Any]:
        user = self._emulator.known_user(string(asked.get("user_id"), "user_id"))
        picture = self._emulator.media_url(f"/avatars/{user.id}.jpg")
        last = datetime.fromtimestamp(user.last_interaction_ms / 1000, UTC).astimezone(VIETNAM)
        return {
            "user_id": user.id,
            "user_id_by_app": user.user_id_by_app,
            "user_external_id": "",
            "display_name": "" if user.sensitive else user.name,
            "user_alias": user.name,
            "is_sensitive": user.sensitive,
            "user_last_interaction_date": f"{last:%d/%m/%Y}" if user.last_interaction_ms else "",
            "user_is_follower": user.follower,
            "avatar": picture,
            "avatars": {"120": picture, "240": picture},
            "dynamic_param": "",
            "tags_and_notes_info": {"notes": [], "tag_names": []},
            "shared_info": {},
        }

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        offset, count = page(asked, MOST_USERS)
        if offset > HIGHEST_OFFSET:
            raise ApiError(-210, "Parameter exceeds allowable limit")
        users = list(self._emulator.people.by_id.values())
        if "is_follower" in asked:
            wanted = str(asked["is_follower"]).lower() == "true"
            users = [user for user in users if user.follower == wanted]
        told = [{"user_id": user.id} for user in users[offset : offset + count]]
        return {"total": len(users), "count": len(told), "offset": offset, "users": told}

    def _recent(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """The newest message of each chat, newest chat first."""
        offset, count = page(asked, MOST_PER_PAGE)
        last = [(user, self._messages(user)[-1:]) for user in self._emulator.people.by_id.values()]
        found = sorted(((items[0], user) for user, items in last if items), key=lambda row: -row[0].at_ms)
        return [self._told(user, item) for item, user in found[offset : offset + count]]

    def _conversation(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """The messages of one chat, newest first, ten at a time."""
        user = self._emulator.known_user(string(asked.get("user_id"), "user_id"))
        offset, count = page(asked, MOST_PER_PAGE)
        items = self._messages(user)[::-1]
        return [self._told(user, item) for item in items[offset : offset + count]]

    def _messages(self, user: ZaloUser) -> list[Item]:
        return [item for item in self._emulator.chats.of(user.id) if item.ref]

    def _told(self, user: ZaloUser, item: Item) -> dict[str, Any]:
        oa = (self._emulator.config.oa_id, self._emulator.config.oa_name)
        them, by_user = (user.id, user.name), item.who == "user"
        sender, receiver = (them, oa) if by_user else (oa, them)
        told = {
            "src": int(by_user),
            "time": item.at_ms,
            "type": item.kind,
            "message": item.text,
            "message_id": item.ref,
            "from_id": sender[0],
            "to_id": receiver[0],
            "from_display_name": sender[1],
            "from_avatar": "",
            "to_display_name": receiver[1],
            "to_avatar": "",
        }
        return told | ({"url": self._emulator.media_url(item.url)} if item.url else {})

    async def _oa(self, request: web.Request) -> web.StreamResponse:
        config = self._emulator.config

        async def work() -> dict[str, Any]:
            followers = sum(user.follower for user in self._emulator.people.by_id.values())
            return {
                "oaid": config.oa_id,
                "name": config.oa_name,
                "description": "",
                "oa_alias": "",
                "is_verified": True,
                "oa_type": 2,
                "cate_name": "Cơ quan nhà nước",
                "num_follower": followers,
                "avatar": "",
                "cover": "",
                "package_name": "Growth",
                "package_valid_through_date": "31/12/2027",
                "package_auto_renew_date": "",
                "linked_ZCA": "",
            }

        return await self._emulator.api("getoa", request, work)

    async def _tags(self, request: web.Request) -> web.StreamResponse:
        async def work() -> list[str]:
            return []

        return await self._emulator.api("gettagsofoa", request, work)

    async def _quota(self, request: web.Request) -> web.StreamResponse:
        """By user: when they last interacted; by owner: what is left of the package."""

        async def work() -> Any:
            asked = blob(await request.text())
            if "quota_owner" in asked:
                return self._package(asked)
            user = self._emulator.known_user(string(asked.get("user_id"), "user_id"))
            return {
                "last_interaction": str(user.last_interaction_ms),
                "cs_reply": {"remain": 8, "total": 8},
                "promotion": {"daily_remain": 0, "daily_total": 0, "monthly_remain": 0, "monthly_total": 0},
            }

        return await self._emulator.api("quota", request, work)

    def _package(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        if asked["quota_owner"] not in ("OA", "APP") or asked.get("product_type") not in ("cs", "transaction"):
            raise invalid("quota_owner")
        left = self._emulator.settings.paid_left
        row = {"product_type": asked["product_type"], "quota_type": asked.get("quota_type", "sub_quota")}
        return [row | {"asset_id": "a1", "valid_through": "31/12/2027", "total": 500, "remain": left}]


def blob(text: str) -> dict[str, Any]:
    try:
        asked = json.loads(text)
    except ValueError as problem:
        raise invalid("data") from problem
    if not isinstance(asked, dict):
        raise invalid("data")
    return asked


def page(asked: dict[str, Any], most: int) -> tuple[int, int]:
    offset, count = asked.get("offset", 0), asked.get("count", most)
    for name, value in (("offset", offset), ("count", count)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise invalid(name)
    if count > most:
        raise invalid("count")
    return offset, count
