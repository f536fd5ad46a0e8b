"""A Zalo Official Account: consultation messages out, signed webhooks in (Zalo reference part I)."""

import asyncio
import hashlib
import hmac
import logging
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import aiohttp

from bot.channels import zalo_oa_read as reading
from bot.channels import zalo_oa_send as sending
from bot.channels.base import Account, Finding, Forbidden, Gate, Medium, Now, Profile, Unavailable, WebhookInfo
from bot.channels.zalo_errors import SEND_FAILED, SUSPENDED_WAIT, TOKEN, UPLOAD_EXPIRED, ending
from bot.channels.zalo_fields import mapping, text
from bot.channels.zalo_http import NotWritten, Unclear, call, open_session, timeout
from bot.channels.zalo_oa_routes import Limits as Limits
from bot.channels.zalo_oa_routes import Routes
from bot.channels.zalo_oa_send import Refused
from bot.channels.zalo_tokens import OAUTH_URL, App, Keeper, Reconnect, TokenStore, Trouble
from bot.endings import Ending, Never, Sent
from content.channels import KINDS
from content.message import Heard, Part

log = logging.getLogger(__name__)

BASE_URL = "https://openapi.zalo.me"
HANDLE_LIVES_MS = 6 * 24 * 3_600_000  # Zalo keeps an upload 7 days
LATER = 20.0  # seconds; the platform could not be reached
FAILED_TRIES = 2  # retries after -200 "Send message failed"
LIMIT = KINDS["zalo_oa"].text_limit


def app_of(account: Account) -> App:
    """The Zalo app behind an account.

    Secrets: `app_secret`, `oa_secret_key`, `pkce_verifier`. Settings: `app_id`, `redirect_uri`, `pkce`
    (per_request | fixed | none), `oauth_url`, `appsecret_proof`, `read_timeout` and `connect_timeout` (seconds),
    `proxy` (address).
    """
    settings, secrets = account.settings, account.secrets
    return App(
        app_id=text(settings.get("app_id")),
        secret=secrets.get("app_secret", ""),
        redirect_uri=settings.get("redirect_uri", ""),
        pkce=settings.get("pkce", "per_request"),
        verifier=secrets.get("pkce_verifier", ""),
        base_url=settings.get("oauth_url") or OAUTH_URL,
    )


class ZaloOA(Routes):
    """One OA. Voice never leaves by it (§3.1): the letter carries a link to the listening page instead.

    `limits` is what the newest answer said of the rate; `billed` counts sends that Zalo took from a paid quota.
    """

    kind = "zalo_oa"

    def __init__(self, account: Account, store: TokenStore, now: Now) -> None:
        self.gate: Gate = nullcontext
        self.account, self.app, self.now = account, app_of(account), now
        self.limits: Limits | None = None
        self.billed = 0
        self._base = account.base_url or BASE_URL
        self._store = store
        self._session: aiohttp.ClientSession | None = None
        self._keeper: Keeper | None = None
        self._failed: dict[tuple[str, int], int] = {}
        self._told_secret = False

    async def start(self) -> None:
        """Open the connection pool. Asks Zalo nothing."""
        self._session = open_session(self.account.settings.get("proxy"))
        self._keeper = Keeper(self.account.id, self.app, self._store, self._session, self.now)

    async def close(self) -> None:
        """Finish a token refresh under way, then close the pool."""
        keeper, session = self._keeper, self._session
        self._keeper = self._session = None
        if keeper:
            await keeper.close()
        if session:
            await session.close()

    # ---- out ----

    async def send(
        self,
        chat: str,
        part: Part,
        medium: Medium | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Ending:
        """Send one part to one citizen (`/v3.0/oa/message/cs`). Never raises."""
        words = text(unicodedata.normalize("NFC", part.text))
        why = sending.unfit(part, words, medium, LIMIT)
        if why:
            return Never(why)
        work = self._deliver(chat, part, words, medium, timeout)
        return await self._tried(work, lambda refused: self._refused(refused, chat, part))

    async def _deliver(self, chat: str, part: Part, words: str, medium: Medium | None, wait: float | None) -> Ending:
        """Send what needs no upload; else upload first, also when Zalo has dropped what was uploaded before."""
        if medium is None or medium.handle:
            try:
                said = sending.message(part, words, medium.handle if medium else "")
                return self._sent(await self._post(chat, said, wait), chat, part)
            except Refused as refused:
                if refused.code != UPLOAD_EXPIRED or medium is None:
                    raise
            async with self.gate():
                made = await self._upload(part, medium, wait)
        else:
            made = await self._upload(part, medium, wait)
        async with self.gate():
            return self._sent(await self._post(chat, sending.message(part, words, made), wait), chat, part, made)

    async def _post(self, chat: str, message: dict[str, Any], wait: float | None) -> dict[str, Any]:
        body = {"recipient": {"user_id": chat}, "message": message}
        return await self._api("POST", "/v3.0/oa/message/cs", lambda: {"json": body}, wait)

    async def _upload(self, part: Part, medium: Medium, wait: float | None) -> str:
        """The upload's id. Nobody has been told anything yet, so an unclear answer is only a `NotWritten`."""
        raw = await asyncio.to_thread(medium.path.read_bytes)
        way = sending.UPLOADS[part.kind]
        try:
            data = await self._api("POST", way.path, lambda: {"data": way.form(raw, medium.mime)}, wait)
        except Unclear as error:
            raise NotWritten(f"tải tệp lên Zalo: {error}") from None
        handle = text(data.get(way.answer))
        if not handle:
            raise NotWritten("tải tệp lên Zalo: câu trả lời không có mã tệp")
        return handle

    def _sent(self, data: dict[str, Any], chat: str, part: Part, handle: str = "") -> Sent:
        self._failed.pop((chat, hash(part)), None)
        if text(mapping(data.get("quota")).get("quota_type")) not in ("", "reply"):
            self.billed += 1
        return Sent(text(data.get("message_id")), handle)

    def _refused(self, refused: Refused, chat: str, part: Part) -> Ending:
        """-200 is worth two more tries, in this process' memory; then the letter is dead (§6)."""
        if refused.code == SEND_FAILED:
            if len(self._failed) > 10_000:
                self._failed.clear()
            tries = self._failed.pop((chat, hash(part)), 0)
            if tries >= FAILED_TRIES:
                return Never(f"Zalo báo gửi không được {tries + 1} lần ({refused.code})")
            self._failed[chat, hash(part)] = tries + 1
        return ending(refused.code, refused.words, self.now())

    # ---- one call ----

    async def _api(
        self, method: str, path: str, make: Callable[[], dict[str, Any]], wait: float | None = None
    ) -> dict[str, Any]:
        """`data` of a successful answer. A refused token is renewed once and the call made once more.

        `make` gives the body anew for each try. Raises `Refused`, `NotWritten`, `Unclear`, `Reconnect`, `Trouble`.
        """
        if self._keeper is None:
            raise NotWritten("kênh chưa mở hoặc đã đóng")
        token = await self._keeper.access()
        try:
            return await self._once(method, path, make(), token, wait)
        except Refused as refused:
            if refused.code not in TOKEN:
                raise
            token = await self._keeper.renew(token)
        async with self.gate():
            return await self._once(method, path, make(), token, wait)

    async def _once(
        self, method: str, path: str, rest: dict[str, Any], token: str, wait: float | None
    ) -> dict[str, Any]:
        if self._session is None:
            raise NotWritten("kênh đã đóng")
        seconds = timeout(
            wait or float(self.account.settings.get("read_timeout", 15.0)),
            float(self.account.settings.get("connect_timeout", 5.0)),
        )
        answer = await call(
            self._session, method, self._base + path, headers=self._headers(token), timeout=seconds, **rest
        )
        self._note_limits(answer.headers)
        return sending.data_of(answer)

    def _headers(self, token: str) -> dict[str, str]:
        headers = {"access_token": token}
        if self.account.settings.get("appsecret_proof"):
            proof = hmac.new(self.app.secret.encode(), token.encode(), hashlib.sha256)
            headers["appsecret_proof"] = proof.hexdigest()
        return headers

    # ---- in ----

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        """Check `X-ZEvent-Signature`: sha256(app id + raw body + timestamp + secret), not an HMAC (§8.2).

        The time is never judged: a redelivery an hour later keeps the old timestamp. Raises `Forbidden`.
        """
        name = reading.signed_with(headers, raw, self.app.app_id, self.account.secrets)
        if name is None:
            raise Forbidden("zalo_oa: wrong signature")
        self._matched(name)

    def _matched(self, name: str) -> None:
        """The sources disagree which secret signs: tell the operator once what this account's webhooks use."""
        if not self._told_secret:
            level = logging.INFO if name == "oa_secret_key" else logging.WARNING
            extra = {"action": "webhook_secret", "account": self.account.id}
            log.log(level, "zalo_oa: webhooks of %s are signed with the %s", self.account.name, name, extra=extra)
        self._told_secret = True

    def read(self, raw: bytes) -> list[Heard]:
        """What a verified webhook says; [] for what is not for us. Raises `BadBody`."""
        return reading.read(raw, self.account.platform_id)

    def echoes(self, raw: bytes) -> list[reading.Echo]:
        """The messages an `oa_send_*` event reports: one that we did not create was written by a person."""
        return reading.echoes(raw)

    async def acknowledge(self, heard: Heard) -> None:
        """An OA has neither a spinner nor a typing sign."""

    async def poll(self, cursor: str) -> tuple[list[Heard], str]:
        """An OA has no polling."""
        raise Unavailable("Zalo OA chỉ nhận tin qua webhook", SUSPENDED_WAIT, suspend=True)

    async def media_url(self, ref: str) -> str:
        """Zalo's media addresses are public and are the reference."""
        return ref

    async def set_webhook(self, url: str, secret: str) -> None:
        """Only a person can: in the console of the app."""
        why = "Webhook của OA phải đặt bằng tay trong trang ứng dụng ở developers.zalo.me"
        raise Unavailable(why, SUSPENDED_WAIT, suspend=True)

    async def webhook_info(self) -> WebhookInfo | None:
        """Zalo does not tell."""
        return None

    async def _card(self) -> dict[str, Any]:
        async with self.gate():
            return await self._api("GET", "/v2.0/oa/getoa", dict)

    async def profile(self) -> Profile | None:
        """The OA's name from `getoa`."""
        try:
            data = await self._card()
        except (Reconnect, Refused, NotWritten, Unclear, Trouble):
            return None
        return Profile(text(data.get("name")))

    async def check(self) -> list[Finding]:
        """Ask for the OA's own card (`getoa`): token, app and package in one call."""
        name = self.account.name
        try:
            data = await self._card()
        except Reconnect as error:
            return [Finding(False, f"OA {name} mất kết nối: {error}", f"Kết nối lại: thontin account connect {name}")]
        except Refused as refused:
            said = ending(refused.code, refused.words, self.now())
            why = "" if isinstance(said, Sent) else said.why
            return [Finding(False, f"OA {name}: {why}", "Sửa theo lời báo trên, rồi chạy lại doctor")]
        except (NotWritten, Unclear, Trouble) as error:
            return [Finding(False, f"OA {name}: {error}", "Kiểm tra mạng và địa chỉ máy chủ Zalo")]
        return [self._is_ours(text(data.get("oaid")) or text(data.get("oa_id")))]

    def _is_ours(self, oa_id: str) -> Finding:
        name, ours = self.account.name, self.account.platform_id
        if oa_id != ours:
            remedy = "Sửa mã OA trong tài khoản, hoặc kết nối lại đúng OA"
            return Finding(False, f"OA {name}: khóa thuộc OA khác ({oa_id or 'không rõ'}, cần {ours})", remedy)
        return Finding(True, f"OA {name} gửi được")
