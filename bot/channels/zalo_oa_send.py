"""The bodies of Zalo OA sends and uploads, what an OA cannot carry, and its answers (Zalo reference §2–4)."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.channels.base import Medium
from bot.channels.zalo_fields import mapping, text
from bot.channels.zalo_http import Answer, NotWritten, Unclear
from content.channels import units
from content.message import Part

MB = 1 << 20


class Refused(Exception):
    """Zalo answered with an error code. `words` may quote our request: they choose an ending and go nowhere else."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"Zalo {code}")
        self.code, self.words = code, words


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload path: what it takes (mime → extension), up to how many bytes, and where its answer has the id."""

    path: str
    answer: str
    limit: int
    kinds: dict[str, str]

    def form(self, raw: bytes, mime: str) -> aiohttp.FormData:
        """The multipart body. The file gets a plain name: its own may tell who made it."""
        form = aiohttp.FormData()
        form.add_field("file", raw, filename=f"dinh-kem{self.kinds[mime]}", content_type=mime)
        return form


UPLOADS = {
    "photo": Upload("/v2.0/oa/upload/image", "attachment_id", MB, {"image/jpeg": ".jpg", "image/png": ".png"}),
    "file": Upload(
        "/v2.0/oa/upload/file",
        "token",
        5 * MB,
        {
            "application/pdf": ".pdf",
            "application/msword": ".doc",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
            "text/csv": ".csv",
        },
    ),
}


def unfit(part: Part, words: str, medium: Medium | None, limit: int) -> str:
    """Why an OA cannot carry this part, in Vietnamese; "" when it can. `words` is the text in NFC."""
    if units(words) > limit:
        return f"chữ dài {units(words)}, Zalo chỉ nhận {limit}"
    if part.kind == "text":
        return "" if words.strip() else "tin không có chữ"
    way = UPLOADS.get(part.kind)
    if way is None:
        return "Zalo OA không gửi được tin thoại"
    if medium is None:
        return "thiếu tệp gửi kèm"
    if medium.mime not in way.kinds:
        return f"Zalo OA không nhận loại tệp {medium.mime}"
    if medium.size > way.limit:
        return f"tệp nặng {medium.size} byte, Zalo chỉ nhận {way.limit}"
    return "Zalo OA không nhận chữ kèm tệp" if part.kind == "file" and words.strip() else ""


def message(part: Part, words: str, handle: str) -> dict[str, Any]:
    """`message` of `/v3.0/oa/message/cs` for one part; `handle` is its upload's id."""
    if part.kind == "text":
        return {"text": words}
    if part.kind == "file":
        return {"attachment": {"type": "file", "payload": {"token": handle}}}
    image = {"media_type": "image", "attachment_id": handle}
    payload = {"template_type": "media", "elements": [image]}
    attachment = {"type": "template", "payload": payload}
    return {"text": words, "attachment": attachment} if words else {"attachment": attachment}


def data_of(answer: Answer) -> dict[str, Any]:
    """`data` of a clear yes. Zalo says no with HTTP 200, so the status alone proves nothing (§2).

    Raises `Refused`, `Unclear`, or `NotWritten` when a machine in between turned the call away.
    """
    if answer.status >= 500:
        raise Unclear(f"Zalo trả HTTP {answer.status}")
    if answer.status == 429:
        raise Refused(-32, "")
    body = answer.body or {}
    try:
        code = int(body["error"])
    except (KeyError, TypeError, ValueError):
        if answer.status >= 300:
            raise NotWritten(f"có máy ở giữa từ chối, HTTP {answer.status}") from None
        raise Unclear("câu trả lời không đọc được") from None
    if code:
        raise Refused(code, text(body.get("message")))
    return mapping(body.get("data"))
