"""A bot of the Zalo Bot Platform: plain text, photo and voice by address; webhook or poll (Zalo reference part II)."""

import hmac
import logging
import unicodedata
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import aiohttp

from bot.channels import zalo_bot_read as reading
from bot.channels import zalo_bot_send as sending
from bot.channels.base import Account, Finding, Forbidden, Gate, Medium, Now, Profile, Unavailable, WebhookInfo
from bot.channels.zalo_errors import SUSPENDED_WAIT
from bot.channels.zalo_fields import mapping, number, text
from bot.channels.zalo_http import Answer, NotWritten, Unclear, call, open_session, timeout
from bot.endings import Ending, Later, Never, Sent, Unknown
from content.message import Heard, Part

log = logging.getLogger(__name__)

BASE_URL = "https://bot-api.zaloplatforms.com"
POLL = 30  # seconds getUpdates waits for news
POLL_MARGIN = 10  # seconds we wait beyond that: an update lost to our own time-out is lost for good
PHOTO_READ = 150.0  # seconds; Zalo fetches the photo before it answers
LATER = 20.0  # seconds; the platform could not be reached
SECRET_LENGTHS = range(8, 257)


class Refused(Exception):
    """Zalo answered `ok:false`. `words` may quote our request and go nowhere."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"Zalo Bot {code}")
        self.code, self.words = code, words


class ZaloBot:
    """One bot. Its token is part of every address, so no address is ever logged, raised or shown.

    Secrets: `token`, `webhook_secret` (8–256 characters). Settings: `bot_names` (list, for mentions in groups),
    `poll_seconds`, `read_timeout`, `photo_timeout`, `connect_timeout` (seconds), `proxy` (address).
    """

    kind = "zalo_bot"

    def __init__(self, account: Account, now: Now) -> None:
        self.gate: Gate = nullcontext
        self.account, self.now = account, now
        self._base = account.base_url or BASE_URL
        self._session: aiohttp.ClientSession | None = None
        self._names = [str(one) for one in account.settings.get("bot_names", ())]
        self._asked_webhook = False
        self._verification = ""

    async def start(self) -> None:
        """Open the connection pool. Asks Zalo nothing."""
        self._session = open_session(self.account.settings.get("proxy"))

    async def close(self) -> None:
        """Close the pool; a second call does nothing."""
        session, self._session = self._session, None
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
        """Send one part to one chat. Never raises. A voice message to a group is accepted and never arrives (§10.2)."""
        words = sending.harmless(text(unicodedata.normalize("NFC", part.text)))
        why = sending.unfit(part, words, medium)
        if why:
            return Never(why)
        method, params = sending.message(part, words, medium)
        wait = timeout or self._seconds(method)
        try:
            result = await self._call(method, {"chat_id": chat, **params}, wait)
        except Refused as refused:
            return sending.ending(refused.code, self.now())
        except NotWritten as error:
            return Later(LATER, str(error), outage=True)
        except Unclear as error:
            return Unknown(str(error))
        return Sent(text(result.get("message_id")))

    def _seconds(self, method: str) -> float:
        key, usual = ("photo_timeout", PHOTO_READ) if method == "sendPhoto" else ("read_timeout", 15.0)
        return float(self.account.settings.get(key, usual))

    async def _call(self, method: str, params: Mapping[str, Any], wait: float | None = None) -> dict[str, Any]:
        """`result` of a clear yes. Raises `Refused`, `NotWritten` or `Unclear`."""
        return _result(await self._post(method, params, wait or self._seconds(method)))

    async def _post(self, method: str, params: Mapping[str, Any], wait: float) -> Answer:
        if self._session is None:
            raise NotWritten("kênh chưa mở hoặc đã đóng")
        url = f"{self._base}/bot{self.account.secrets.get('token', '')}/{method}"
        seconds = timeout(wait, float(self.account.settings.get("connect_timeout", 5.0)))
        return await call(self._session, "POST", url, json=dict(params), timeout=seconds)

    # ---- in ----

    def verify(self, headers: Mapping[str, str], raw: bytes) -> None:
        """Check `X-Bot-Api-Secret-Token`. An empty probe carries nothing, the secret included (§10.5)."""
        if not raw.strip():
            return
        got = {name.lower(): value for name, value in headers.items()}.get("x-bot-api-secret-token", "")
        want = self.account.secrets.get("webhook_secret", "")
        if not want or not hmac.compare_digest(got.encode("utf-8", "surrogateescape"), want.encode()):
            raise Forbidden("zalo_bot: wrong or missing secret")

    def read(self, raw: bytes) -> list[Heard]:
        """What a verified webhook, or `poll_raw`, says; [] for what is not for us. Raises `BadBody`."""
        return reading.read(raw, self.account.platform_id, [*self._names, self.account.name])

    async def poll(self, cursor: str) -> tuple[list[Heard], str]:
        """As the contract says, but what it returns is nowhere else any more: prefer `poll_raw`, commit, `read`."""
        raw = await self.poll_raw()
        return (self.read(raw) if raw else []), ""

    async def poll_raw(self) -> bytes | None:
        """The next update's bytes, None when there is none. Raises `Unavailable`.

        The call itself removes the update (§10.4): commit the bytes before anything else, then `read` them. One
        caller at a time.
        """
        if not self._asked_webhook:
            await self._warn_of_webhook()
        asked = int(self.account.settings.get("poll_seconds", POLL))
        try:
            answer = await self._post("getUpdates", {"timeout": asked}, asked + POLL_MARGIN)
        except (NotWritten, Unclear) as error:
            raise Unavailable(f"getUpdates: {error}") from None
        return self._update(answer)

    def _update(self, answer: Answer) -> bytes | None:
        """The bytes of anything that may hold an update, even when it makes no sense to us."""
        code = _code(answer.body or {})
        if code == 408 or (answer.status == 408 and not code):
            return None
        if code == 401:
            raise Unavailable("Zalo không nhận khóa của bot", SUSPENDED_WAIT, suspend=True)
        if code or answer.status != 200:
            raise Unavailable(f"getUpdates: lỗi {code or answer.status}", 60.0 if code == 429 else 5.0)
        if answer.raw.lstrip().startswith(b"<"):  # some machine's page in between, not an update
            raise Unavailable("getUpdates: câu trả lời là một trang web", 60.0)
        nothing = answer.empty or (answer.body is not None and not answer.body.get("result", True))
        return None if nothing else answer.raw

    async def _warn_of_webhook(self) -> None:
        """While a webhook is set, polling stays silent without an error. Only told: somebody may need that webhook."""
        try:
            info = await self.webhook_info()
        except Unavailable as error:
            self._log(logging.INFO, "webhook_not_looked_up", error.why)
            return
        self._asked_webhook = True
        if info.url:
            self._log(logging.WARNING, "webhook_left_set", "while it is there polling gets nothing")

    async def typing(self, chat: str) -> None:
        """Show that an answer is being made. A failure is only logged."""
        try:
            await self._call("sendChatAction", {"chat_id": chat, "action": "typing"})
        except (Refused, NotWritten, Unclear) as error:
            self._log(logging.INFO, "no_typing_sign", str(error))

    async def acknowledge(self, heard: Heard) -> None:
        """Show the citizen that the bot has read and is at it."""
        await self.typing(heard.chat)

    async def media_url(self, ref: str) -> str:
        """Zalo's media addresses are public and are the reference."""
        return ref

    # ---- webhook and health ----

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have Zalo deliver to `url`; "" removes the webhook. Raises `Unavailable`.

        Nothing is done when `url` is set already, for setWebhook has a daily cap (§10.3). So a new secret for the
        same address needs the webhook removed first.
        """
        if url and len(secret) not in SECRET_LENGTHS:
            raise Unavailable("Mã bí mật của webhook phải dài 8–256 ký tự", SUSPENDED_WAIT, suspend=True)
        if (await self.webhook_info()).url == url:
            return
        if not url:
            await self._ask("deleteWebhook", {})
            return
        result = await self._ask("setWebhook", {"url": url, "secret_token": secret})
        self._note_verification(mapping(result.get("verification")))

    def _note_verification(self, found: dict[str, Any]) -> None:
        """Zalo keeps the address even when its trial delivery failed."""
        self._verification = "" if found.get("ok", True) else text(found.get("outcome"))[:60] or "không rõ"
        if self._verification:
            self._log(logging.WARNING, "webhook_unreachable", self._verification)

    def _log(self, level: int, action: str, what: str) -> None:
        extra = {"action": action, "account": self.account.id}
        log.log(level, "zalo_bot %s: %s: %s", self.account.name, action, what, extra=extra)

    async def webhook_info(self) -> WebhookInfo:
        """What Zalo has, and the outcome of the trial delivery if this process set it. Raises `Unavailable`."""
        try:
            result = await self._call("getWebhookInfo", {})
        except Refused as refused:
            if refused.code == 404:  # some bots answer so when none is set
                return WebhookInfo("")
            raise self._unavailable("getWebhookInfo", refused) from None
        except (NotWritten, Unclear) as error:
            raise Unavailable(f"getWebhookInfo: {error}") from None
        return WebhookInfo(text(result.get("url")), trouble=self._verification)

    async def _ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await self._call(method, params)
        except Refused as refused:
            raise self._unavailable(method, refused) from None
        except (NotWritten, Unclear) as error:
            raise Unavailable(f"{method}: {error}") from None

    def _unavailable(self, method: str, refused: Refused) -> Unavailable:
        wait = SUSPENDED_WAIT if refused.code in (401, 426, 429) else 60.0
        return Unavailable(f"{method}: lỗi {refused.code}", wait, suspend=refused.code == 401)

    async def profile(self) -> Profile | None:
        """The bot's name from getMe."""
        try:
            me = await self._ask("getMe", {})
        except Unavailable:
            return None
        self._learn(me)
        return Profile(text(me.get("display_name")) or text(me.get("account_name")))

    async def check(self) -> list[Finding]:
        """Ask for the bot's own card and its webhook. Never raises."""
        name = self.account.name
        try:
            me = await self._ask("getMe", {})
            info = await self.webhook_info()
        except Unavailable as error:
            remedy = "Lấy khóa mới ở Zalo Bot Creator" if error.suspend else "Kiểm tra mạng và địa chỉ máy chủ Zalo Bot"
            return [Finding(False, f"Zalo Bot {name}: {error.why}", remedy)]
        self._learn(me)
        return [self._is_ours(text(me.get("id"))), self._webhook_finding(info)]

    def _learn(self, me: dict[str, Any]) -> None:
        names = {text(me.get("account_name")), text(me.get("display_name")), *self._names}
        self._names = sorted(names - {""})

    def _is_ours(self, bot_id: str) -> Finding:
        name, ours = self.account.name, self.account.platform_id
        if bot_id != ours:
            return Finding(False, f"Zalo Bot {name}: khóa thuộc bot khác", f"Ghi mã bot {bot_id} vào tài khoản")
        return Finding(True, f"Zalo Bot {name} gửi được")

    def _webhook_finding(self, info: WebhookInfo) -> Finding:
        name = self.account.name
        if info.trouble:
            return Finding(
                False,
                f"Zalo Bot {name}: Zalo không gọi được webhook ({info.trouble})",
                "Kiểm tra tên miền và chứng chỉ",
            )
        return Finding(
            True,
            f"Zalo Bot {name}: "
            + ("nhận tin qua webhook" if info.url else "không đặt webhook, nhận tin bằng cách hỏi"),
        )


def _code(body: dict[str, Any]) -> int:
    """0 for yes. One page of the documentation spells the field `errorCode` (§10.1)."""
    if body.get("ok") is not False:
        return 0
    return number(body.get("error_code")) or number(body.get("errorCode")) or 400


def _result(answer: Answer) -> dict[str, Any]:
    """`result` of a clear yes. `ok:false` may come with HTTP 200."""
    if answer.status >= 500:
        raise Unclear(f"Zalo Bot trả HTTP {answer.status}")
    body = answer.body or {}
    if body.get("ok") is True:
        return mapping(body.get("result"))
    if body.get("ok") is False:
        raise Refused(_code(body), text(body.get("description")))
    if answer.status >= 300:
        raise NotWritten(f"có máy ở giữa từ chối, HTTP {answer.status}")
    raise Unclear("câu trả lời không đọc được")
