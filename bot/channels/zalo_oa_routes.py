"""The other ways out of a Zalo OA: a template by user id, the broadcast article, a group (Zalo reference §3.5, §7)."""

import unicodedata
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.base import Account, Medium, Now
from bot.channels.zalo_errors import SUSPENDED_WAIT, ending, template_ending
from bot.channels.zalo_fields import number, text
from bot.channels.zalo_http import NotWritten, Unclear
from bot.channels.zalo_oa_send import Refused
from bot.channels.zalo_tokens import Reconnect, Trouble
from bot.endings import Ending, Later, Never, Sent, Unknown
from content.message import Part

LATER = 20.0  # seconds; the platform could not be reached
LONGEST_GROUP_TEXT = 2000
Api = Callable[..., Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What Zalo's headers said at `at` (ms UTC): calls a minute, and how many of them are left."""

    limit: int
    remain: int
    at: int


class Routes:
    """What every way out of an OA shares: how a call that failed ends, and what Zalo says of its own limits."""

    account: Account
    now: Now
    limits: Limits | None
    _api: Api
    _told: Limits | None = None

    def told_limits(self) -> tuple[float, float] | None:
        """(calls a minute, how many of them are left) as the newest answer said; None when that is not news."""
        if self.limits is None or self.limits is self._told:
            return None
        self._told = self.limits
        return float(self.limits.limit), float(self.limits.remain)

    def _note_limits(self, headers: Mapping[str, str]) -> None:
        """Both numbers, or nothing: a limit of which nobody says what is left is not one that is used up."""
        limit, remain = headers.get("X-RateLimit-Limit"), headers.get("X-RateLimit-Remain", "")
        if number(limit) and remain.strip().isdecimal():
            self.limits = Limits(number(limit), number(remain), self.now())

    async def _tried(
        self, work: Coroutine[Any, Any, Ending], refused: Callable[[Refused], Ending] | None = None
    ) -> Ending:
        """How a send ends, whatever it raised."""
        try:
            return await work
        except Refused as error:
            return refused(error) if refused else ending(error.code, error.words, self.now())
        except Reconnect as error:
            why = f"cần kết nối lại OA {self.account.name}: {error}"
            return Later(SUSPENDED_WAIT, why, suspend=True)
        except (NotWritten, Trouble) as error:
            return Later(LATER, str(error), outage=True)
        except Unclear as error:
            return Unknown(str(error))
        except OSError as error:
            return Never(f"không đọc được tệp gửi kèm ({type(error).__name__})")

    async def send_template(self, chat: str, template_id: str, values: Mapping[str, str], tracking: str = "") -> Ending:
        """An approved template to one person, whatever their window. Never raises.

        By user id there is no tracking id (§7): `tracking` is for our log alone.
        """
        body = {"user_id": chat, "template_id": template_id, "template_data": dict(values)}
        return await self._tried(
            self._answered("/v3.0/oa/message/template", body),
            lambda refused: template_ending(refused.code, refused.words, self.now()),
        )

    async def send_article(self, article_id: str, target: Mapping[str, Sequence[str]]) -> Ending:
        """The broadcast of an article prepared beforehand to whoever fits `target` (names of §3.5). Never raises."""
        wanted = {name: [int(one) for one in values] for name, values in target.items()}
        element = {"media_type": "article", "attachment_id": article_id}
        payload = {"template_type": "media", "elements": [element]}
        message = {"attachment": {"type": "template", "payload": payload}}
        return await self._tried(
            self._answered("/v2.0/oa/message", {"recipient": {"target": wanted}, "message": message})
        )

    async def send_group(self, group_id: str, part: Part, medium: Medium | None = None) -> Ending:
        """One text into a group of the OA. Never raises. What people wrote can mention nobody."""
        words = text(unicodedata.normalize("NFC", part.text)).replace("[@", "[ @")
        if part.kind != "text" or medium is not None or not words.strip():
            return Never("nhóm Zalo chỉ nhận chữ")
        if len(words) > LONGEST_GROUP_TEXT:
            return Never(f"chữ dài {len(words)}, nhóm Zalo chỉ nhận {LONGEST_GROUP_TEXT}")
        body = {"recipient": {"group_id": group_id}, "message": {"text": words}}
        return await self._tried(self._answered("/v3.0/oa/group/message", body))

    async def _answered(self, path: str, body: dict[str, Any]) -> Ending:
        data = await self._api("POST", path, lambda: {"json": body})
        return Sent(text(data.get("message_id")))
