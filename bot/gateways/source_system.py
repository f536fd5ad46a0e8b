"""The provincial source-information system: reports go up to it, its answers come back.

`HttpJson` speaks login + Bearer JSON with a status number and a content (Vietnam reference §2.3–2.4); `NoSource`
stands in until a province has a system, and keeps every report queued.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import aiohttp
import structlog

from bot.channels.base import Finding, Now, Unavailable
from bot.endings import Ending, Later, Never, Sent, Unknown
from bot.gateways.source_config import Outcome, SourceConfig, load
from bot.gateways.source_http import WAIT, Answer, Stopped, at, call
from bot.gateways.source_words import Attachment, UnknownCode, Unreadable, Update, our_update, their_record, their_time

__all__ = ["Attachment", "HttpJson", "NoSource", "SourceSystem", "Update", "make_source_system"]

log = structlog.get_logger()

LONG_WAIT = 600.0  # after one that a person must look at
REJECTED = (400, 413, 422)  # with an answer of theirs: they have read this report and will not have it
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SourceSystem(Protocol):
    """Wherever reports go up to."""

    async def start(self) -> None:
        """Open the connection pool. Asks nothing."""

    async def close(self) -> None:
        """Close the connection pool; a second call does nothing."""

    async def send(self, record: Mapping[str, Any], files: Sequence[Attachment] = ()) -> Ending:
        """Forward one report. Never raises but `CancelledError`.

        `record` is the canonical record of Vietnam reference §2.4 (`idempotency_key` among it), times in ms UTC.
        `Sent.id` is their number. After `Unknown` it is safe to send again: the idempotency key is the same.
        """

    async def news(self, since_ms: int, until_ms: int) -> list[Update]:
        """What happened to reports between two times, oldest first. Raises `Unavailable`.

        Ask with an overlapping window and count each `Update.id` once.
        """

    async def check(self) -> list[Finding]:
        """Whether it can be reached with these credentials, for `thontin doctor`. Never raises."""


class NoSource:
    """No source system yet: every report stays queued."""

    async def start(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def send(self, record: Mapping[str, Any], files: Sequence[Attachment] = ()) -> Ending:
        """Always `Later`."""
        return Later(wait=LONG_WAIT, why="chưa có hệ thống thông tin nguồn")

    async def news(self, since_ms: int, until_ms: int) -> list[Update]:
        """No news."""
        return []

    async def check(self) -> list[Finding]:
        """Says that reports are being kept."""
        return [Finding(True, "Chưa nối hệ thống thông tin nguồn: phản ánh được giữ lại, chờ chuyển.")]


class HttpJson:
    """A source system over HTTP and JSON. Times in seconds; password and token are never logged or shown."""

    def __init__(
        self,
        base_url: str,
        username: str,
        password: str,
        config: SourceConfig,
        now: Now,
        connect: float = 5.0,
        read: float = 20.0,
    ) -> None:
        self._base, self._username, self._password = base_url.rstrip("/"), username, password
        self._config, self._now = config, now
        self._timeout = aiohttp.ClientTimeout(
            total=connect + 2 * read, connect=connect, sock_connect=connect, sock_read=read
        )
        self._session: aiohttp.ClientSession | None = None
        self._token = ""
        self._entering = asyncio.Lock()

    async def start(self) -> None:
        """Open the connection pool. Asks nothing."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)

    async def close(self) -> None:
        """Close the connection pool; a second call does nothing."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, record: Mapping[str, Any], files: Sequence[Attachment] = ()) -> Ending:
        """Forward one report; see `SourceSystem.send`. A status number other than yes is a failure even with 200."""
        try:
            body = await asyncio.to_thread(_encoded, self._config, record, files)
        except UnknownCode as error:
            return Later(LONG_WAIT, f"cấu hình nguồn: {error}", suspend=True)
        except OSError as error:
            return Later(WAIT, f"không đọc được tệp đính kèm ({type(error).__name__})")
        try:
            answer = await self._asked("POST", "send", data=body, headers=self._idempotency(record))
        except Stopped as stopped:
            return stopped.ending
        return self._ending(answer, str(record.get("ma_phan_anh", "")))

    async def news(self, since_ms: int, until_ms: int) -> list[Update]:
        """What happened between two times; see `SourceSystem.news`."""
        keys = self._config.keys
        window = {keys["news.since"]: since_ms, keys["news.until"]: until_ms}
        asked = {key: str(their_time(self._config, at)) for key, at in window.items()}
        try:
            answer = await self._asked("GET", "news", params=asked)
        except Stopped as stopped:
            suspend = isinstance(stopped.ending, Later) and stopped.ending.suspend
            raise Unavailable(stopped.ending.why, WAIT, suspend) from None
        return self._updates(answer)

    async def check(self) -> list[Finding]:
        """Whether the address, the password and the news work."""
        secure = self._base.startswith("https://") or urlsplit(self._base).hostname in LOOPBACK
        found = (
            []
            if secure
            else [Finding(False, "Hệ thống thông tin nguồn đang nối không mã hóa.", "Đổi địa chỉ sang https://.")]
        )
        now = self._now()
        try:
            await self.news(now - 60_000, now)
        except Unavailable as trouble:
            return [*found, Finding(False, f"Hệ thống thông tin nguồn: {trouble.why}.", _remedy(trouble))]
        return [*found, Finding(True, "Hệ thống thông tin nguồn: đăng nhập được, đọc được tin trả về.")]

    def _idempotency(self, record: Mapping[str, Any]) -> dict[str, str]:
        header, key = self._config.keys["send.idempotency_header"], record.get("idempotency_key")
        extra = {header: str(key)} if header and key else {}
        return {"Content-Type": "application/json; charset=utf-8", **extra}

    async def _asked(self, method: str, path: str, **rest: Any) -> Answer:
        """The answer to one call; a token that is no longer taken is renewed once. Raises `Stopped`."""
        answer = Answer(401, None)
        for attempt in (1, 2):
            token = await self._entered()
            headers = {**rest.get("headers", {}), "Authorization": f"Bearer {token}"}
            answer = await self._call(method, path, **{**rest, "headers": headers})
            if not self._turned_away(answer):
                return answer
            if token == self._token:  # another call may have renewed it meanwhile
                self._token = ""
            log.info("source.token_expired", attempt=attempt)
        raise Stopped(Later(LONG_WAIT, "hệ thống nguồn không nhận phiên đăng nhập mới", suspend=True))

    def _turned_away(self, answer: Answer) -> bool:
        if answer.status == 401:
            return True
        status = self._status(answer)
        outcome = self._described(answer) or self._config.outcomes.get(status) if status != self._config.ok else None
        return outcome is not None and outcome.ending == "login"

    async def _entered(self) -> str:
        """The session's token, after logging in where there is none. Raises `Stopped`, always with `Later`."""
        async with self._entering:
            if not self._token:
                self._token = await self._log_in()
            return self._token

    async def _log_in(self) -> str:
        keys = self._config.keys
        who = {keys["login.username"]: self._username, keys["login.password"]: self._password}
        try:
            answer = await self._call("POST", "login", json=who)
        except Stopped as stopped:
            raise Stopped(Later(WAIT, f"đăng nhập nguồn: {stopped.ending.why}", outage=True)) from None
        token = at(at(answer.body, keys["answer.content"]), keys["answer.token"])
        if answer.status == 200 and self._status(answer) == self._config.ok and isinstance(token, str) and token:
            return token
        if (answer.status in (400, 401, 403) and answer.body is not None) or (
            answer.status == 200 and self._status(answer)
        ):
            raise Stopped(Later(LONG_WAIT, "hệ thống nguồn không nhận tên đăng nhập hoặc mật khẩu", suspend=True))
        raise Stopped(Later(answer.retry_after or WAIT, f"đăng nhập nguồn: HTTP {answer.status}", outage=True))

    async def _call(self, method: str, path: str, **rest: Any) -> Answer:
        """One request to one of the configured paths. Raises `Stopped`."""
        await self.start()
        assert self._session is not None  # start has opened it
        return await call(self._session, method, self._base + self._config.keys[f"paths.{path}"], **rest)

    def _status(self, answer: Answer) -> str:
        """Their status number as text; "" when the answer has none."""
        status = at(answer.body, self._config.keys["answer.status"])
        return str(status) if isinstance(status, int | str) and not isinstance(status, bool) else ""

    def _ending(self, answer: Answer, code: str) -> Ending:
        """What the answer to a report means. Their own description is dropped: it may repeat a citizen's words."""
        if answer.status == 429:
            return Later(answer.retry_after or WAIT, "hệ thống nguồn yêu cầu chậm lại", budget=True)
        if answer.status >= 500:
            return Unknown(f"hệ thống nguồn lỗi (HTTP {answer.status})")
        status = self._status(answer)
        if status and status != self._config.ok:
            return self._refused(answer, status, code)
        if 200 <= answer.status < 300:
            return self._accepted(answer, code) if status else Unknown("hệ thống nguồn trả lời không đọc được")
        if answer.status in REJECTED and answer.body is not None:
            return Never(f"hệ thống nguồn không nhận phản ánh này (HTTP {answer.status})")
        why = f"hệ thống nguồn từ chối (HTTP {answer.status}), xem lại địa chỉ và quyền"
        return Later(LONG_WAIT, why, outage=True)

    def _accepted(self, answer: Answer, code: str) -> Ending:
        key = self._config.keys["answer.id"]
        if not key:
            return Sent(code)
        number = at(at(answer.body, self._config.keys["answer.content"]), key)
        if isinstance(number, int | str) and not isinstance(number, bool) and str(number):
            return Sent(str(number))
        return Unknown(f"hệ thống nguồn nhận nhưng không cho mã ({key})")

    def _refused(self, answer: Answer, status: str, code: str) -> Ending:
        named = f"{self._config.keys['answer.status']}={status[:20]}"
        outcome = self._described(answer) or self._config.outcomes.get(status)
        if outcome is None:
            log.error("source.unknown_status", status=status[:20])
            return Later(LONG_WAIT, f"hệ thống nguồn báo lỗi {named}, chưa có trong bảng outcomes")
        if outcome.ending == "done":
            return self._accepted(answer, code)
        why = f"{outcome.why or 'hệ thống nguồn báo lỗi'} ({named})"
        return (
            Never(why)
            if outcome.ending == "never" or answer.status in REJECTED
            else Later(answer.retry_after or WAIT, why)
        )

    def _described(self, answer: Answer) -> Outcome | None:
        """What the beginning of their description means, where their numbers tell too little."""
        said = at(answer.body, self._config.keys["answer.description"])
        beginnings = self._config.descriptions.items() if isinstance(said, str) else ()
        return next((outcome for beginning, outcome in beginnings if said.startswith(beginning)), None)

    def _updates(self, answer: Answer) -> list[Update]:
        content = at(answer.body, self._config.keys["answer.content"])
        listed = self._config.keys["news.list"]
        items = at(content, listed) if listed else content
        if answer.status != 200 or self._status(answer) != self._config.ok or not isinstance(items, list):
            raise Unavailable(
                f"hệ thống nguồn không cho đọc tin trả về (HTTP {answer.status})", answer.retry_after or WAIT
            )
        found = [update for item in items if (update := self._update(item)) is not None]
        return sorted(found, key=lambda one: one.at_ms)

    def _update(self, item: Any) -> Update | None:
        try:
            update = our_update(self._config, item, self._now())
        except Unreadable as error:
            log.error("source.unreadable_update", why=str(error))
            return None
        if update.state is None:
            log.error("source.unknown_state", update=update.id[:80], report=update.report_id[:80])
        return update


def make_source_system(
    kind: Literal["none", "http_json"], base_url: str, username: str, password: str, config: Path, now: Now
) -> SourceSystem:
    """The source system that the settings name. Raises `WrongConfig` with one sentence."""
    return HttpJson(base_url, username, password, load(config), now) if kind == "http_json" else NoSource()


def _encoded(config: SourceConfig, record: Mapping[str, Any], files: Sequence[Attachment]) -> bytes:
    return json.dumps(their_record(config, record, files), ensure_ascii=False).encode()


def _remedy(trouble: Unavailable) -> str:
    if trouble.suspend:
        return "Xem lại tên đăng nhập và mật khẩu của hệ thống nguồn."
    return "Xem lại địa chỉ, đường mạng và các đường dẫn trong source_system.toml."
