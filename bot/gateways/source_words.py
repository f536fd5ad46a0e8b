"""Our words in a source system's, and theirs in ours: records, files, times and news, after its configuration."""

import base64
import hashlib
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from bot.gateways.source_config import SourceConfig

VIET_NAM = timezone(timedelta(hours=7))


class UnknownCode(Exception):
    """A value of ours has no code in the table: a sentence that names the table and the value."""


class Unreadable(Exception):
    """Something of theirs lacks what it must have; names the key, never a citizen's words."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a report. `name` is one we made: a citizen's own file name never travels."""

    name: str
    mime: str
    data: bytes | Path = field(repr=False)


@dataclass(frozen=True, slots=True)
class Update:
    """One piece of news about a report. `id` is theirs and counts once.

    `report_id` is their number of the report, `code` ours; either may be "". `state` is ours (storage.reports), None
    when their word is not in the table.
    """

    id: str
    report_id: str
    code: str
    state: str | None
    text: str = field(repr=False)
    unit: str
    person: str
    at_ms: int


def their_record(config: SourceConfig, record: Mapping[str, Any], files: Sequence[Attachment]) -> dict[str, Any]:
    """The JSON body for one report; reads files from disk. Raises `UnknownCode`, `OSError`."""
    record = {**record, "noi_dung": _with_appended(config, record)}
    body: dict[str, Any] = {}
    for ours, theirs in config.record.items():
        value = _get(record, ours)
        if theirs and value is not None and value != "":
            _put(body, theirs, _their_value(config, ours, value))
    listed = config.keys["files.list"]
    if listed and config.keys["files.as"] == "base64":
        _put(body, listed, [_their_file(config, one) for one in files])
    return body


def their_time(config: SourceConfig, at_ms: int) -> int | str:
    """A time of ours (ms UTC) as they write it."""
    kind = config.keys["format.time"]
    if kind == "iso":
        return datetime.fromtimestamp(at_ms / 1000, VIET_NAM).isoformat(timespec="milliseconds")
    return at_ms if kind == "ms" else at_ms // 1000


def our_update(config: SourceConfig, item: Any, now_ms: int) -> Update:
    """One item of their news. A missing or strange time becomes `now_ms`. Raises `Unreadable`."""

    def said(name: str) -> str:
        key = config.keys[f"news.{name}"]
        value = _get(item, key) if key else None
        return "" if value is None or isinstance(value, dict | list) else str(value).strip()

    if not isinstance(item, Mapping) or not said("id"):
        raise Unreadable(f"thiếu {config.keys['news.id']}")
    if not (said("report_id") or said("code")):
        raise Unreadable(f"thiếu {config.keys['news.report_id'] or config.keys['news.code']}")
    return Update(
        id=said("id"),
        report_id=said("report_id"),
        code=said("code"),
        state=config.states.get(said("state")),
        text=said("text"),
        unit=said("unit"),
        person=said("person"),
        at_ms=_our_time(config, said("at"), now_ms),
    )


def _with_appended(config: SourceConfig, record: Mapping[str, Any]) -> str:
    """The report's text, and what they have no field for on lines of its own."""
    lines = [str(record.get("noi_dung") or "")]
    for ours, label in config.append.items():
        if value := _get(record, ours):
            lines.append(f"{label}: {value}")
    return "\n".join(lines).strip()


def _their_value(config: SourceConfig, ours: str, value: Any) -> Any:
    if ours in config.times and isinstance(value, int):
        return their_time(config, value)
    codes = config.codes.get(ours)
    if codes is None:
        return value
    code = codes.get(str(value), codes.get("*"))
    if code is None:
        raise UnknownCode(f"bảng mã codes.{ours} chưa có giá trị {str(value)[:40]}")
    return code


def _their_file(config: SourceConfig, one: Attachment) -> dict[str, str]:
    data = one.data if isinstance(one.data, bytes) else one.data.read_bytes()
    name = one.name if "." in one.name else one.name + (mimetypes.guess_extension(one.mime) or "")
    sha, text = hashlib.sha256(data).hexdigest(), base64.b64encode(data).decode()
    said = {"name": name, "mime": one.mime, "sha256": sha, "data": text}
    return {key: value for name, value in said.items() if (key := config.keys[f"files.{name}"])}


def _get(data: Any, path: str) -> Any:
    """What stands at a dotted path, None where there is nothing. A key that has a dot itself wins."""
    if isinstance(data, Mapping) and path in data:
        return data[path]
    head, _, rest = path.partition(".")
    if not rest or not isinstance(data, Mapping):
        return None
    return _get(data.get(head), rest)


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    *heads, last = path.split(".")
    for head in heads:
        body = body.setdefault(head, {})
    body[last] = value


def _our_time(config: SourceConfig, said: str, now_ms: int) -> int:
    try:
        if config.keys["format.time"] == "iso":
            read = datetime.fromisoformat(said)
            return int((read if read.tzinfo else read.replace(tzinfo=VIET_NAM)).astimezone(UTC).timestamp() * 1000)
        return int(float(said) * (1 if config.keys["format.time"] == "ms" else 1000))
    except (ValueError, OverflowError, OSError):
        return now_ms
