"""The control API of every emulator: people, what they do, clock, faults, counts and settings over JSON."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.chats import Refused

if TYPE_CHECKING:
    from bot.sandbox.emulator import Emulator

CALL_FAULTS = (
    *("throttle", "error_500", "html_502", "garbage", "timeout_before", "timeout_after"),
    *("drop_before", "drop_after", "revoked", "slow"),
)
WEBHOOK_FAULTS = ("duplicate", "reorder", "bad_signature", "no_signature", "hold")
LONGEST_WAIT_S = 25.0
MOST_USERS_TOLD = 1000  # in /state; a benchmark has a million


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(body=data, status=status, content_type="application/json", headers=headers)


async def json_object(request: web.Request) -> dict[str, Any]:
    """The request's JSON object; an empty body is {}."""
    raw = await request.read()
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError as problem:
        raise Refused("the body is not JSON") from problem
    if not isinstance(body, dict):
        raise Refused("the body must be a JSON object")
    return body


class Control:
    """The routes under `/_control` of one emulator, and the files it serves."""

    def __init__(self, emulator: Emulator[Any]) -> None:
        self._emulator = emulator

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/files/{token}/{name}", self._file),
            web.get("/_control/state", self._state),
            web.get("/_control/users", self._users),
            web.post("/_control/users", self._add_user),
            web.post("/_control/users/{id}/do", self._do),
            web.get("/_control/users/{id}/chat", self._chat),
            web.post("/_control/clock", self._set_clock),
            web.post("/_control/faults", self._add_fault),
            web.delete("/_control/faults", self._clear_faults),
            web.get("/_control/counts", self._counts),
            web.post("/_control/counts/reset", self._reset_counts),
            web.post("/_control/settings", self._set_settings),
            web.get("/_control/deliveries", self._deliveries),
        ]

    async def _file(self, request: web.Request) -> web.Response:
        file = self._emulator.files.get(request.match_info["token"], self._emulator.clock.now_ms())
        if file is None or file.name != request.match_info["name"]:
            raise web.HTTPNotFound
        return web.Response(body=file.data, content_type=file.mime)

    async def _state(self, _request: web.Request) -> web.Response:
        emulator = self._emulator
        users = itertools.islice(emulator.people.by_id.values(), MOST_USERS_TOLD)
        return json_response(
            {
                "name": emulator.name,
                "now_ms": emulator.clock.now_ms(),
                "real": emulator.clock.real,
                "users": [user.as_json() for user in users],
                "users_total": len(emulator.people.by_id),
                "faults": [dataclasses.asdict(fault) for fault in emulator.faults.active()],
                "webhook": emulator.webhook_state(),
                "settings": dataclasses.asdict(emulator.settings),
            }
            | emulator.more_state()
        )

    async def _users(self, _request: web.Request) -> web.Response:
        return json_response([user.as_json() for user in self._emulator.people.by_id.values()])

    async def _add_user(self, request: web.Request) -> web.Response:
        told = await json_object(request)
        if not isinstance(told.get("name"), str) or not told["name"].strip():
            raise Refused("name must be a text")
        return json_response(self._emulator.people.add(self._emulator.new_user(told)).as_json())

    async def _do(self, request: web.Request) -> web.Response:
        user = self._emulator.people.need(request.match_info["id"])
        told = await json_object(request)
        action = self._emulator.actions().get(str(told.get("action")))
        if action is None:
            raise Refused(f"nobody can do {told.get('action')!r} here; known: {', '.join(self._emulator.actions())}")
        try:
            return json_response({"n": await action(user, told)})
        except KeyError as missing:
            raise Refused(f"{missing.args[0]} is missing") from missing

    async def _chat(self, request: web.Request) -> web.Response:
        user = self._emulator.people.need(request.match_info["id"])
        after, wait = whole(request.query, "after"), min(whole(request.query, "wait"), LONGEST_WAIT_S)
        items = await self._emulator.chats.after(user.id, after, wait)
        self._emulator.chat_read(user)
        last = len(self._emulator.chats.of(user.id))
        return json_response({"items": [item.as_json() for item in items], "last": last})

    async def _set_clock(self, request: web.Request) -> web.Response:
        told = await json_object(request)
        rate = number(told, "rate") if "rate" in told else None
        if told.get("real"):
            self._emulator.clock.go_real()
        elif "now_ms" in told:
            self._emulator.clock.set(number(told, "now_ms"), rate)
        else:
            self._emulator.clock.advance(number(told, "advance_ms") if "advance_ms" in told else 0, rate)
        return json_response({"now_ms": self._emulator.clock.now_ms(), "real": self._emulator.clock.real})

    async def _add_fault(self, request: web.Request) -> web.Response:
        told = await json_object(request)
        name = told.pop("fault", None)
        known = (*CALL_FAULTS, *WEBHOOK_FAULTS, *self._emulator.more_faults)
        if name not in known:
            raise Refused(f"fault must be one of {', '.join(known)}")
        return json_response({"id": self._emulator.faults.add(name, told).id})

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self._emulator.faults.clear()
        return json_response({})

    async def _counts(self, _request: web.Request) -> web.Response:
        return json_response(self._emulator.counts.as_json())

    async def _reset_counts(self, _request: web.Request) -> web.Response:
        self._emulator.counts.reset()
        return json_response({})

    async def _set_settings(self, request: web.Request) -> web.Response:
        told, settings = await json_object(request), self._emulator.settings
        known = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
        for name, value in told.items():
            if name not in known or type(value) is not type(known[name]):
                raise Refused(f"{name} is not a setting, or not of this type; known: {known}")
        for name, value in told.items():
            setattr(settings, name, value)
        self._emulator.settings_changed()
        return json_response(known | told)

    async def _deliveries(self, _request: web.Request) -> web.Response:
        sender = self._emulator.sender
        return json_response(list(sender.log) if sender else [])


def whole(query: Any, name: str) -> int:
    try:
        return int(query.get(name, 0))
    except ValueError as problem:
        raise Refused(f"{name} must be a whole number") from problem


def number(told: dict[str, Any], name: str) -> float:
    if not isinstance(told[name], int | float) or isinstance(told[name], bool):
        raise Refused(f"{name} must be a number")
    return float(told[name])
