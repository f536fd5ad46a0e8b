"""FAQ files: one JSON object a line, read whole or refused with the line and the reason."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

Status = Literal["served", "draft"]
_TEXTS = ("category", "source", "source_quote")
_LISTS = ("alternatives", "keywords")
_DAYS = ("reviewed_at", "valid_until")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{64}", re.ASCII)
LONGEST_ID = 60  # characters: no more fit into the database
MOST_FOLLOW_UPS = 3  # more taps under an answer are not read
# Where `source` says which page was read; what stands before it is the law or portal shown to people.
_READ_AT = "; đọc tại "


class CorpusError(ValueError):
    """A file that cannot be used. `problems` are sentences, each with its line number; nothing was loaded."""

    def __init__(self, name: str, problems: list[str]) -> None:
        super().__init__("\n".join(f"{name}: {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Attachment:
    """A form that goes with an answer: its sha256 in the media store, and what people call it."""

    sha: str
    name: str
    size: int = 0  # bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One question with its answer. Only `id`, `question` and `answer` are required in a file."""

    id: str
    question: str
    answer: str
    alternatives: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    category: str = ""
    commune: str | None = None  # five digits: the answer of this commune only
    source: str = ""  # law or portal, then "; đọc tại " and the address that was read
    source_quote: str = ""  # the sentences that decide, word for word
    reviewed_at: date | None = None
    valid_until: date | None = None  # the last day on which it may be served
    status: Status = "served"
    overrides: str = ""  # the common entry that this one stands for in its commune
    follow_ups: tuple[str, ...] = ()  # ids of what people ask next, shown as numbered choices
    attachments: tuple[Attachment, ...] = ()

    @property
    def cited(self) -> str:
        """The law or portal as shown under the answer, without the address that was read."""
        return self.source.split(_READ_AT)[0].strip()

    def served_on(self, day: date) -> bool:
        """Whether people may get this answer on `day`: not a draft, not expired."""
        return self.status == "served" and (self.valid_until is None or day <= self.valid_until)

    def to_json(self) -> dict[str, Any]:
        """The object of one line; `parse_entry` reads it back."""
        days = {key: value.isoformat() if (value := getattr(self, key)) else None for key in _DAYS}
        texts = {key: getattr(self, key) for key in ("id", "question", "answer", *_TEXTS, "commune", "status")}
        lists: dict[str, Any] = {key: list(getattr(self, key)) for key in _LISTS}
        return texts | lists | days | self._more()

    def _more(self) -> dict[str, Any]:
        """The rarer fields, where they hold something: most lines of a file do without them."""
        forms = [{"sha": one.sha, "name": one.name, "size": one.size} for one in self.attachments]
        rare = {"overrides": self.overrides, "follow_ups": list(self.follow_ups), "attachments": forms}
        return {key: value for key, value in rare.items() if value}


def parse_entry(data: Mapping[str, Any]) -> Entry:
    """The entry in one JSON object; unknown fields are ignored. ValueError says what is wrong, in a few words."""
    values: dict[str, Any] = {key: _text(data, key, required=True) for key in ("id", "question", "answer")}
    if len(values["id"]) > LONGEST_ID:
        raise ValueError(f"id is longer than {LONGEST_ID} characters")
    values |= {key: _text(data, key) for key in _TEXTS}
    values |= {key: _texts(data, key) for key in _LISTS}
    values |= {key: _day(data, key) for key in _DAYS}
    values |= {"commune": _commune(data), "follow_ups": _follow_ups(data, values["id"])}
    values |= {"overrides": _overrides(data, values["id"], values["commune"]), "attachments": _attachments(data)}
    return Entry(**values, status=_status(data))


def _text(data: Mapping[str, Any], key: str, required: bool = False) -> str:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key} is not a text")
    text = (value or "").strip()
    if required and not text:
        raise ValueError(f"{key} is missing")
    return text


def _texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{key} is not a list of texts")
    return tuple(one.strip() for one in value if one.strip())


def _day(data: Mapping[str, Any], key: str) -> date | None:
    value = data.get(key)
    if value in (None, ""):
        return None
    # The shape is checked first: fromisoformat also takes "20261121" and "2026-W47-6", which people never mean.
    if isinstance(value, str) and _DAY.fullmatch(value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise ValueError(f"{key} is not a date like 2026-11-21: {str(value)[:20]!r}")


def _commune(data: Mapping[str, Any]) -> str | None:
    value = data.get("commune")
    if value in (None, ""):
        return None
    if not isinstance(value, str) or len(value) != 5 or not (value.isascii() and value.isdigit()):
        raise ValueError("commune is not a code of five digits")
    return value


def _overrides(data: Mapping[str, Any], id: str, commune: str | None) -> str:
    common = _text(data, "overrides")
    if common and not commune:
        raise ValueError("overrides is only for an entry with a commune")
    if common == id:
        raise ValueError("overrides names the entry itself")
    return common


def _follow_ups(data: Mapping[str, Any], id: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(_texts(data, "follow_ups")))
    if len(found) > MOST_FOLLOW_UPS:
        raise ValueError(f"follow_ups are more than {MOST_FOLLOW_UPS}")
    if id in found:
        raise ValueError("follow_ups name the entry itself")
    return found


def _attachments(data: Mapping[str, Any]) -> tuple[Attachment, ...]:
    value = data.get("attachments") or []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ValueError("attachments is not a list of files")
    return tuple(_attachment(one) for one in value)


def _attachment(one: Mapping[str, Any]) -> Attachment:
    sha, size = _text(one, "sha"), one.get("size", 0)
    if not _SHA.fullmatch(sha):
        raise ValueError("an attachment has no sha256")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError("an attachment's size is no number of bytes")
    return Attachment(sha, _text(one, "name", required=True), size)


def _status(data: Mapping[str, Any]) -> Status:
    value = data.get("status")
    if value in (None, "served"):
        return "served"
    if value == "draft":
        return "draft"
    raise ValueError("status is neither served nor draft")


def parse_lines(lines: Iterable[str], name: str = "corpus") -> list[Entry]:
    """The entries of a file's lines, empty lines skipped. CorpusError lists every bad line."""
    entries: list[Entry] = []
    problems: list[str] = []
    first_line: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = parse_entry(object_of(line))
        except ValueError as wrong:
            problems.append(f"line {number}: {wrong}")
            continue
        if entry.id in first_line:
            problems.append(f"line {number}: id {entry.id!r} is already on line {first_line[entry.id]}")
        first_line.setdefault(entry.id, number)
        entries.append(entry)
    if problems:
        raise CorpusError(name, problems)
    return entries


def object_of(line: str) -> dict[str, Any]:
    """The JSON object that a line holds. ValueError says why it holds none."""
    try:
        data = json.loads(line)
    except json.JSONDecodeError as wrong:
        raise ValueError(f"not JSON ({wrong.msg} at column {wrong.colno})") from None
    except RecursionError:
        raise ValueError("not JSON (nested too deeply)") from None
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    return data


def load_entries(path: Path | str) -> list[Entry]:
    """Every entry of a JSON-lines file, drafts too. CorpusError says which line is wrong and why; OSError as usual."""
    path = Path(path)
    return parse_lines(lines_of(path), path.name)


def lines_of(path: Path) -> list[str]:
    """The lines of a UTF-8 file; JSON may hold every other sign that ends a line. CorpusError names a broken one."""
    try:
        return path.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as wrong:
        line = wrong.object[: wrong.start].count(b"\n") + 1
        raise CorpusError(path.name, [f"line {line}: not UTF-8"]) from None


def missing_evidence(entry: Entry) -> list[str]:
    """What keeps a served entry of our own from being trusted: no source, no quoted sentence, no review date."""
    needed = {"source": entry.source, "source_quote": entry.source_quote, "reviewed_at": entry.reviewed_at}
    return [key for key, value in needed.items() if not value] if entry.status == "served" else []
