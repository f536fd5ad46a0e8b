"""Zalo OA webhook bodies as what a citizen said (Zalo reference §8.3–8.4)."""

import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels.base import BadBody, Forbidden
from bot.channels.zalo_fields import event_word, items, mapping, number, place, text, time_ms
from bot.channels.zalo_http import parse
from content.message import Attached, Heard, HeardKind, MediaKind

log = logging.getLogger(__name__)

MEDIA: dict[str, MediaKind] = {
    "image": "image",
    "gif": "image",
    "audio": "voice",
    "video": "video",
    "file": "file",
    "sticker": "sticker",
}
VIDEO_FILES = frozenset({"mp4", "mov", "3gp", "webm", "mkv", "avi"})  # videos may come as files (§8.4)
MIMES = {
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "png": "image/png",
}
# Known, and nothing a story answers. Whatever is in neither list is logged by its name.
NOT_SAID = frozenset({"user_received_message", "user_seen_message", "user_reacted_message", "oa_reacted_message"})


@dataclass(frozen=True, slots=True)
class Echo:
    """One message that the OA sent to a citizen, ours or a human agent's (`admin_id`, where Zalo names one)."""

    msg_id: str
    user_id: str
    admin_id: str | None = None


def body(raw: bytes) -> dict[str, Any]:
    """The JSON object of a webhook. Raises `BadBody`."""
    found = parse(raw)
    if found is None:
        raise BadBody("zalo_oa: the body is not a JSON object")
    return found


def oa_of(raw: bytes) -> str:
    """The OA that an event belongs to, "" when none can be told: one webhook serves all OAs of an app.

    Not verified: good only for choosing the account that then verifies.
    """
    event = parse(raw) or {}
    ours = "sender" if _name(event).startswith("oa_") else "recipient"
    return text(event.get("oa_id")) or text(mapping(event.get(ours)).get("id"))


def read(raw: bytes, oa_id: str) -> list[Heard]:
    """What one event says to the OA `oa_id`; [] for events of other OAs and those nobody said. Raises `BadBody`."""
    event = body(raw)
    name = _name(event)
    if not name:
        raise BadBody("zalo_oa: no event_name")
    reader = READERS.get(name)
    if reader is None:
        if name not in NOT_SAID and not _is_echo(name):
            log.info("zalo_oa: event ignored: %s", event_word(name), extra={"action": "event_ignored"})
        return []
    if oa_of(raw) != oa_id:
        log.warning("zalo_oa: event of another OA ignored: %s", event_word(name), extra={"action": "event_of_other_oa"})
        return []
    return [reader(_Event(name, event, oa_id))]


def echoes(raw: bytes) -> list[Echo]:
    """The messages that an `oa_send_*` event reports; [] for anything else. Raises `BadBody`.

    Ours come back too: an id that we did not create is a person writing from OA Manager (§8.4, echo rule).
    """
    event = body(raw)
    msg_id = text(mapping(event.get("message")).get("msg_id"))
    user = text(mapping(event.get("recipient")).get("id"))
    if not (_is_echo(_name(event)) and msg_id and user):
        return []
    admin = text(mapping(event.get("sender")).get("admin_id"))
    return [Echo(msg_id, user, admin or None)]


def signed_with(headers: Mapping[str, str], raw: bytes, app_id: str, secrets: Mapping[str, str]) -> str | None:
    """The name of the secret that signed `raw`: `oa_secret_key`, `app_secret` or None (§8.2).

    Plain sha256(app id + raw body + timestamp + secret), not an HMAC. Raises `Forbidden` when there is nothing to
    compare: no header, or another app's event.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    got = lower.get("x-zevent-signature", "").strip().lower().removeprefix("mac=")
    if not got:
        raise Forbidden("zalo_oa: no signature")
    event = parse(raw) or {}
    if not app_id or text(event.get("app_id")) != app_id:
        raise Forbidden("zalo_oa: the event belongs to another app")
    head = app_id.encode() + raw + text(event.get("timestamp")).encode()
    for name in ("oa_secret_key", "app_secret"):
        secret = secrets.get(name, "").encode()
        want = hashlib.sha256(head + secret).hexdigest()
        if secret and hmac.compare_digest(want.encode(), got.encode("utf-8", "surrogateescape")):
            return name
    return None


def _name(event: dict[str, Any]) -> str:
    return text(event.get("event_name"))


def _is_echo(name: str) -> bool:
    other = ("oa_send_group_", "oa_send_anonymous_", "oa_send_consent")
    return name.startswith("oa_send_") and not name.startswith(other)


class _Event:
    """One event with its common head read: who, when, and what makes it unique."""

    def __init__(self, name: str, event: dict[str, Any], oa_id: str) -> None:
        self.name, self.oa_id = name, oa_id
        self.message = mapping(event.get("message"))
        self.user = self._who(event)
        self.at = time_ms(event.get("timestamp"))
        self.text = text(self.message.get("text"))
        self.attached = items(self.message.get("attachments"))
        if not self.user or not self.at:
            raise BadBody(f"zalo_oa: {name} without a user or a timestamp")

    @staticmethod
    def _who(event: dict[str, Any]) -> str:
        """follow and unfollow have no sender; the body of user_withdraw is not documented, so look everywhere."""
        found = [text(mapping(event.get(key)).get("id")) for key in ("sender", "follower", "user")]
        return next((one for one in [*found, text(event.get("user_id"))] if one), "")

    @property
    def key(self) -> str:
        """The same for every redelivery (§8.1)."""
        msg_id = text(self.message.get("msg_id"))
        return f"{self.name}:{msg_id}" if msg_id else f"{self.name}:{self.at}:{self.user}"

    def heard(self, kind: HeardKind, **rest: Any) -> Heard:
        return Heard("zalo_oa", self.oa_id, self.user, self.key, self.at, kind, **rest)

    def payloads(self) -> list[tuple[str, dict[str, Any]]]:
        return [(text(one.get("type")), mapping(one.get("payload"))) for one in self.attached]


def _text(event: _Event) -> Heard:
    return event.heard("text", text=event.text)


def _link(event: _Event) -> Heard:
    """A shared link is words with an address in them; nothing is fetched from it."""
    addresses = [text(payload.get("url")) for _, payload in event.payloads()]
    lines = [event.text, *(one for one in addresses if one and one not in event.text)]
    return event.heard("text", text="\n".join(line for line in lines if line))


def _media(event: _Event) -> Heard:
    """Photos, voices, videos, files and stickers. A body without one usable address is still answered."""
    found = [_attached(kind, payload) for kind, payload in event.payloads() if kind in MEDIA]
    attached = tuple(one for one in found if one.ref)
    if not attached:
        return event.heard("unsupported")
    return event.heard("media", text=event.text, attached=attached)


def _attached(name: str, payload: dict[str, Any]) -> Attached:
    """One attachment; its file name is left behind. `type` is an extension, `size` a string (§8.4)."""
    extension = text(payload.get("type")).lower().lstrip(".")
    kind: MediaKind = "video" if extension in VIDEO_FILES else MEDIA[name]
    return Attached(kind, text(payload.get("url")), MIMES.get(extension, ""), number(payload.get("size")))


def _location(event: _Event) -> Heard:
    pins = [place(payload.get("coordinates")) for kind, payload in event.payloads() if kind == "location"]
    pin = next((one for one in pins if one), None)
    if pin is None:
        return event.heard("unsupported")
    return event.heard("place", text=event.text, place=pin)


def _plain(kind: HeardKind) -> Callable[[_Event], Heard]:
    return lambda event: event.heard(kind)


READERS: dict[str, Callable[[_Event], Heard]] = {
    "user_send_text": _text,
    "user_send_link": _link,
    "user_send_image": _media,
    "user_send_gif": _media,
    "user_send_audio": _media,
    "user_send_video": _media,
    "user_send_file": _media,
    "user_send_sticker": _media,
    "user_send_location": _location,
    # Somebody else's name and number: answered politely, nothing of it kept.
    "user_send_business_card": _plain("unsupported"),
    "follow": _plain("follow"),
    "unfollow": _plain("unfollow"),
    "user_withdraw": _plain("withdraw"),
}
