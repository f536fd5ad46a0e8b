"""A provincial source-information system (Hệ thống thông tin nguồn), emulated: JSON over HTTP, and a page of its own.

Every answer is `{"TrangThaiGui": 0 | 1, "NoiDung": …, "MoTa": sentence}`; 1 is a failure even with HTTP 200.

* `POST /login` `{"Username","Password"}` → `NoiDung: {"Token","HetHan": ms}`; then `Authorization: Bearer <Token>`.
* `POST /phan-anh` — one report, keys as `source_records.FIELDS` (canonical name beside each) and
  pages/source/example.json → `NoiDung: {"PhanAnhID": int, "MaNguon","TrangThai","DaCo": bool}`. The same
  KhoaChongTrung again gives the same ids with DaCo true. A file in DanhSachTep is `{"TenTep","LoaiTep": MIME,
  "MaBam": sha256 hex, "DuLieu"?: base64}`; without DuLieu its bytes follow.
* `POST /phan-anh/{PhanAnhID}/tep` — multipart, any number of files, each perhaps followed by a field `MaBam`
  → `NoiDung: {"DanhSachTep": [{"TepID","MaBam"}]}`; the same bytes again are the same file.
* `GET /phan-anh/cap-nhat?tu=<ms>&den=<ms>` → `NoiDung: {"DanhSach": [news]}`, both ends included;
  CapNhatID is unique and stays the same however often it is asked for.
* `GET /phan-anh/{PhanAnhID}` → the state; `GET /danh-muc` → the code tables.

Control API: the common one without people, and `GET /_control/reports`, `POST /_control/reports/{id}/update`
`{"state","words","unit","title"}` (what a person does on the page). Faults beside the common ones: `refuse`
(TrangThaiGui=1, HTTP 200, of a report, or of the `method` named) and `expired_token` (the token of the next call
is dead); `duplicate` and `reorder` act on news.
Sources: vietnam reference §2.3 (login, envelope), §2.4 (record), §3 (states).
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import BodyPartReader, web

from bot.sandbox.chats import Refused, User
from bot.sandbox.emulator import Emulator, json_object, json_response
from bot.sandbox.source_page import Page
from bot.sandbox.source_records import (
    CHANNELS,
    FIELDS_OF_LIFE,
    KINDS,
    PRIORITIES,
    STATES,
    Case,
    Cases,
    Wrong,
    check_report,
)
from bot.sandbox.state import Call, Fault

Work = Callable[[str], Awaitable[web.Response]]  # is given the account


@dataclass(frozen=True, slots=True)
class Config:
    """`accounts` are passwords by user name; `province` is shown on the page; a token lives `token_life_s`."""

    accounts: dict[str, str]
    province: str = "tỉnh Điện Biên"
    token_life_s: int = 3600


@dataclass
class Settings:
    """What `POST /_control/settings` can switch."""

    token_life_s: int = 3600
    expired_status: int = 401  # HTTP status for a missing or dead token; some systems answer 200


class SourceSystem(Emulator[User]):
    """Accounts and tokens; reports in, news out."""

    name = "source_system"
    more_faults = ("refuse", "expired_token")

    def __init__(self, config: Config) -> None:
        super().__init__(Settings(token_life_s=config.token_life_s), rates=[])
        self.config, self.cases = config, Cases()
        self._tokens: dict[str, tuple[str, float]] = {}  # token -> account, expiry ms
        self._page = Page(self.cases, self.clock, config.province)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/login", self.login),
            web.get("/danh-muc", self.tables),
            web.post("/phan-anh", self.receive),
            web.get("/phan-anh/cap-nhat", self.news),
            web.get("/phan-anh/{id:\\d+}", self.state),
            web.post("/phan-anh/{id:\\d+}/tep", self.attach),
            web.get("/_control/reports", self.reports),
            web.post("/_control/reports/{id:\\d+}/update", self.update),
            *self._page.routes(),
        ]

    def actions(self) -> dict[str, Any]:
        return {}

    def new_user(self, told: dict[str, Any]) -> User:
        raise Refused("nobody has a phone here; people use the page")

    def throttled(self, fault: Fault) -> web.Response:
        wait = str(fault.more.get("retry_after", 5))
        return failure("Quá nhiều yêu cầu, thử lại sau", 429, {"Retry-After": wait})

    def revoked(self) -> web.Response:
        return failure("Tài khoản đã bị khóa", 403)

    # The API.

    async def login(self, request: web.Request) -> web.StreamResponse:
        async def work() -> web.Response:
            told = await body(request)
            account, password = told.get("Username"), told.get("Password")
            right = self.config.accounts.get(account) if isinstance(account, str) else None
            if (
                right is None
                or not isinstance(password, str)
                or not secrets.compare_digest(right.encode(), password.encode())
            ):
                return failure("Sai tên đăng nhập hoặc mật khẩu")
            token, expires = secrets.token_urlsafe(32), self.clock.now() + self.settings.token_life_s * 1000
            self._tokens[token] = (str(account), expires)
            return success({"Token": token, "HetHan": int(expires)}, "Đăng nhập thành công")

        return await self.ask("login", request, work)

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """One report; counted and faulty like a send, its chat is the idempotency key."""
        told = await body(request)
        key = str(told.get("KhoaChongTrung") or "")

        async def work(call: Call) -> web.StreamResponse:
            if self.faults.take("refuse", chat=key, method="phan-anh"):
                return failure("Hệ thống từ chối tiếp nhận bản ghi này")
            return await self._authorised(request, lambda account: self._received(account, told, call))

        return await self.send(key, "phan-anh", request, work)

    async def _received(self, account: str, told: dict[str, Any], call: Call) -> web.Response:
        check_report(told)
        case = self.cases.known(account, told["KhoaChongTrung"])
        fresh = case is None
        if case is None:
            now = self.clock.now_ms()
            case = self.cases.take(account, told, now, datetime.fromtimestamp(now / 1000, UTC).year)
        call.accept(str(case.id) if fresh else f"{case.id} again {self.clock.now()}")
        answer = {"PhanAnhID": case.id, "MaNguon": case.number, "TrangThai": case.state, "DaCo": not fresh}
        return success(answer, "Đã nhận phản ánh" if fresh else "Phản ánh này đã có")

    async def attach(self, request: web.Request) -> web.StreamResponse:
        async def work(account: str) -> web.Response:
            case = self._own(account, request)
            if request.content_type != "multipart/form-data":
                raise Wrong("Cần gửi tệp dạng multipart/form-data")
            kept = []
            for name, mime, data, sha256 in await files_of(request):
                file = self.cases.attach(case, self.cases.make_file(name, mime, data, sha256))
                kept.append({"TepID": file.id, "MaBam": file.sha256})
            if not kept:
                raise Wrong("Không có tệp nào")
            return success({"DanhSachTep": kept}, "Đã nhận tệp")

        return await self._ask("tep", request, work)

    async def news(self, request: web.Request) -> web.StreamResponse:
        async def work(account: str) -> web.Response:
            start, end = (whole(request, name) for name in ("tu", "den"))
            if start > end:
                raise Wrong("tu phải trước den")
            found = self.cases.between(account, start, end)
            if self.faults.take("duplicate"):
                found = [one for one in found for _ in range(2)]
            if self.faults.take("reorder"):
                found.reverse()
            return success({"DanhSach": found}, f"{len(found)} cập nhật")

        return await self._ask("cap-nhat", request, work)

    async def state(self, request: web.Request) -> web.StreamResponse:
        async def work(account: str) -> web.Response:
            case = self._own(account, request)
            told = {"PhanAnhID": case.id, "MaNguon": case.number, "MaPhanAnh": case.record["MaPhanAnh"]}
            return success(told | {"TrangThai": case.state, "TenTrangThai": STATES[case.state]}, "")

        return await self._ask("trang-thai", request, work)

    async def tables(self, request: web.Request) -> web.StreamResponse:
        async def work(_account: str) -> web.Response:
            tables = {"TrangThai": STATES, "LoaiPhanAnh": KINDS, "LinhVuc": FIELDS_OF_LIFE}
            return success(tables | {"MucDoUuTien": PRIORITIES, "KenhTiepNhan": CHANNELS}, "Danh mục")

        return await self._ask("danh-muc", request, work)

    async def _ask(self, name: str, request: web.Request, work: Work) -> web.StreamResponse:
        async def answered() -> web.StreamResponse:
            if self.faults.take("refuse", method=name, is_send=False):
                return failure("Hệ thống từ chối yêu cầu này")
            return await self._authorised(request, work)

        return await self.ask(name, request, answered)

    async def _authorised(self, request: web.Request, work: Work) -> web.Response:
        """Run `work` for the account of the bearer token; every wrong thing becomes TrangThaiGui=1."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if self.faults.take("expired_token"):
            self._tokens.pop(token, None)
        account, expires = self._tokens.get(token, ("", 0.0))
        if scheme.lower() != "bearer" or not account or self.clock.now() >= expires:
            self._tokens.pop(token, None)
            return failure("Phiên đăng nhập không hợp lệ hoặc đã hết hạn", self.settings.expired_status)
        try:
            return await work(account)
        except Wrong as wrong:
            return failure(str(wrong))

    def _own(self, account: str, request: web.Request) -> Case:
        case = self.cases.by_id.get(int(request.match_info["id"]))
        if case is None or case.account != account:
            raise Wrong("Không có phản ánh này")
        return case

    # Control.

    async def reports(self, _request: web.Request) -> web.Response:
        told = [
            {"id": c.id, "number": c.number, "account": c.account, "state": c.state, "record": c.record}
            | {"received_ms": c.received_ms, "files": [{"name": f.name, "sha256": f.sha256} for f in c.files]}
            | {"news": [c.news_json(one) for one in c.news]}
            for c in self.cases.by_id.values()
        ]
        return json_response(told)

    async def update(self, request: web.Request) -> web.Response:
        case = self.cases.by_id.get(int(request.match_info["id"]))
        if case is None:
            raise Refused("there is no such report", 404)
        told = await json_object(request)
        words, unit, title = (str(told.get(name) or "") for name in ("words", "unit", "title"))
        state = told.get("state", case.state)
        try:
            news = self.cases.change(case, state, words, unit, title, self.clock.now_ms())
        except Wrong as wrong:
            raise Refused(str(wrong)) from wrong
        return json_response(case.news_json(news))


def success(content: Any, sentence: str) -> web.Response:
    return json_response({"TrangThaiGui": 0, "NoiDung": content, "MoTa": sentence})


def failure(sentence: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return json_response({"TrangThaiGui": 1, "NoiDung": None, "MoTa": sentence}, status, headers)


async def body(request: web.Request) -> dict[str, Any]:
    """The request's JSON object; {} when it is none, so that a required key is what is missed."""
    try:
        return await json_object(request)
    except Refused:
        return {}


async def files_of(request: web.Request) -> list[tuple[str, str, bytes, str]]:
    """Name, MIME type, bytes and announced sha256 ("" when none follows) of each file of a multipart body."""
    found: list[tuple[str, str, bytes, str]] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read())
        if part.filename is not None:
            mime = part.headers.get("Content-Type", "application/octet-stream").partition(";")[0]
            found.append((part.filename, mime, data, ""))
        elif part.name == "MaBam" and found:
            found[-1] = (*found[-1][:3], data.decode("ascii", "replace"))
    return found


def whole(request: web.Request, name: str) -> int:
    """A query parameter in ms. Raises Wrong."""
    try:
        return int(request.query[name])
    except (KeyError, ValueError):
        raise Wrong(f"{name} phải là số mili giây") from None


def app(config: Config) -> web.Application:
    """The emulated system with its page at `/`, ready to be served."""
    return SourceSystem(config).app()
