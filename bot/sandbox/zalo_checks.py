"""What the OA API accepts as a message body, and with which error it refuses one (Zalo reference §3, §6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

QUERY_LIMIT = 1000
TITLE_LIMIT = 100
MOST_BUTTONS = 5
MOST_ELEMENTS = 5
BUTTON_TYPES = ("oa.open.url", "oa.query.show", "oa.query.hide", "oa.open.phone", "oa.open.sms")


class ApiError(Exception):
    """One row of the error table: `error` and `message` of the envelope."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def invalid(name: str) -> ApiError:
    return ApiError(-201, f"{name} is invalid!")


UNSUPPORTED = "message type is invalid or not support"


@dataclass
class Message:
    """One consultation message after checking: a text, or media by `url` or `asset`, or a `file` token."""

    kind: str = "text"  # text image gif sticker file list request_user_info
    text: str = ""
    url: str = ""
    asset: str = ""
    quote: str = ""
    buttons: list[dict[str, Any]] = field(default_factory=list)


def length(text: str, unit: str) -> int:
    """In UTF-16 code units (the default reading of the undocumented limit, §2) or in characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 if unit == "utf16" else len(text)


def user_id_of(body: Any) -> str:
    """The recipient of a `/cs` body, or "" if there is none."""
    recipient = body.get("recipient") if isinstance(body, dict) else None
    user_id = recipient.get("user_id") if isinstance(recipient, dict) else None
    return user_id if isinstance(user_id, str) else ""


def read_message(body: dict[str, Any], limit: int, unit: str, too_long: int, lists: bool) -> Message:
    """Check a whole `/cs` body but its recipient. Raises ApiError."""
    only(body, "recipient", "message")
    message = mapping(body.get("message"), "message")
    only(message, "text", "attachment", "quote_message_id")
    text = message.get("text", "")
    if not isinstance(text, str):
        raise invalid("text")
    if length(text, unit) > limit:
        code = too_long
        raise ApiError(code, "Parameter exceeds allowable limit" if code == -210 else "text is invalid!")
    quote = message.get("quote_message_id", "")
    if not isinstance(quote, str):
        raise invalid("quote_message_id")
    if "attachment" in message:
        found = read_attachment(mapping(message["attachment"], "attachment"), lists)
    else:
        found = Message()
    found.text, found.quote = text or found.text, quote
    if found.kind == "text" and not text.strip():
        raise invalid("text")
    return found


def read_attachment(attachment: dict[str, Any], lists: bool) -> Message:
    only(attachment, "type", "payload")
    payload = mapping(attachment.get("payload"), "payload")
    if attachment.get("type") == "file":
        only(payload, "token")
        return Message(kind="file", asset=string(payload.get("token"), "token"))
    if attachment.get("type") != "template":
        raise invalid("type")
    template = payload.get("template_type")
    if template == "media":
        return read_media(payload)
    if template == "request_user_info":
        return read_info_request(payload)
    if template not in ("list", None):
        raise ApiError(-233, UNSUPPORTED)
    if not lists:
        raise ApiError(-233, UNSUPPORTED)
    return read_list(payload)


def read_media(payload: dict[str, Any]) -> Message:
    only(payload, "template_type", "elements")
    element = mapping(elements_of(payload, 1)[0], "elements")
    only(element, "media_type", "url", "attachment_id", "width", "height")
    kind = element.get("media_type")
    if kind not in ("image", "gif", "sticker"):
        raise ApiError(-233, UNSUPPORTED)
    if ("url" in element) == ("attachment_id" in element):
        raise invalid("attachment_id")
    if kind == "gif" and not all(isinstance(element.get(side), int) for side in ("width", "height")):
        raise invalid("width")
    if kind == "sticker" and "url" in element:
        raise invalid("attachment_id")
    if "url" in element:
        return Message(kind=kind, url=string(element["url"], "url"))
    return Message(kind=kind, asset=string(element["attachment_id"], "attachment_id"))


def read_info_request(payload: dict[str, Any]) -> Message:
    element = mapping(elements_of(payload, 1)[0], "elements")
    for name in ("title", "subtitle", "image_url"):
        string(element.get(name), name)
    return Message(kind="request_user_info", text=element["title"])


def read_list(payload: dict[str, Any]) -> Message:
    """The v2-era list, or buttons under a text; only where the `lists` switch is on."""
    if payload.get("template_type") == "list":
        for element in elements_of(payload, MOST_ELEMENTS):
            string(mapping(element, "elements").get("title"), "title", TITLE_LIMIT)
    buttons = payload.get("buttons", [])
    if not isinstance(buttons, list) or len(buttons) > MOST_BUTTONS:
        raise invalid("buttons")
    for button in buttons:
        check_button(mapping(button, "buttons"))
    return Message(kind="list" if payload.get("template_type") else "text", buttons=buttons)


def check_button(button: dict[str, Any]) -> None:
    string(button.get("title"), "title", TITLE_LIMIT)
    if button.get("type") not in BUTTON_TYPES:
        raise invalid("type")
    if button["type"].startswith("oa.query"):
        string(button.get("payload"), "payload", QUERY_LIMIT)
    else:
        mapping(button.get("payload"), "payload")


def elements_of(payload: dict[str, Any], most: int) -> list[Any]:
    elements = payload.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= most:
        raise invalid("elements")
    return elements


def mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(name)
    return value


def string(value: Any, name: str, limit: int = 0) -> str:
    """A non-empty text; ids and tokens are never numbers (§2)."""
    if not isinstance(value, str) or not value or (limit and len(value) > limit):
        raise invalid(name)
    return value


def only(value: dict[str, Any], *names: str) -> None:
    for name in value:
        if name not in names:
            raise invalid(name)
