"""How the Bot API server reads a text: cleaning, HTML tags, entities, lengths in UTF-16 units.

Only plain text and parse_mode HTML are spoken here; other modes are refused as unknown ones are.
Source: Bot API documentation, "Formatting options"; telegram reference §1.2 (1-4096 after entity parsing).
"""

import html
import re
from typing import Any

from bot.sandbox.telegram_args import Refusal

TEXT_LIMIT = 4096  # UTF-16 units, after entity parsing
CAPTION_LIMIT = 1024
TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
Entity = dict[str, Any]

_DROPPED = re.compile("[\r\u2028-\u202e]")
_BLANKED = re.compile("[\x00-\x09\x0b-\x1f]")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?)*)\s*>")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_FOUND = re.compile(r"(?P<url>https?://[^\s<>\"]+)|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w+)?)(?![\w/])")


def units(text: str) -> int:
    """Length in UTF-16 code units, the unit of entity offsets."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """The text as the server keeps it: control characters become spaces, direction overrides vanish."""
    return _BLANKED.sub(" ", _DROPPED.sub("", text))


def read(text: str, parse_mode: str, limit: int, empty: str, long: str) -> tuple[str, list[Entity]]:
    """Cleaned text and its entities. Raises Refusal 400 with `empty` or `long` as the server words them."""
    if not text:
        raise Refusal(400, f"Bad Request: {empty}")
    plain, entities = _marked(clean(text), parse_mode)
    plain, entities = _trimmed(plain, entities)
    if not plain:
        raise Refusal(400, "Bad Request: text must be non-empty")
    if len(plain) > limit // 2 and units(plain) > limit:
        raise Refusal(400, f"Bad Request: {long}")
    return plain, entities + found(plain, entities)


def _marked(text: str, parse_mode: str) -> tuple[str, list[Entity]]:
    mode = parse_mode.lower()
    if mode == "html":
        return parse_html(text)
    if mode in ("", "none"):
        return text, []
    raise Refusal(400, "Bad Request: unsupported parse_mode")


def _trimmed(plain: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without leading and trailing white space; entities move along, empty ones vanish."""
    stripped = plain.strip()
    if len(stripped) == len(plain) or not entities:
        return stripped, entities
    lead = units(plain[: len(plain) - len(plain.lstrip())])
    end = units(stripped)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        stop = min(entity["offset"] - lead + entity["length"], end)
        if stop > start:
            kept.append({**entity, "offset": start, "length": stop - start})
    return stripped, kept


def found(plain: str, taken: list[Entity]) -> list[Entity]:
    """Addresses and commands the server finds by itself, outside the entities already there."""
    if "/" not in plain:
        return []
    entities = []
    for match in _FOUND.finditer(plain):
        kind = match.lastgroup
        start, length = units(plain[: match.start()]), units(match.group())
        if not any(e["offset"] < start + length and start < e["offset"] + e["length"] for e in taken):
            entities.append({"type": kind, "offset": start, "length": length})
    return entities


class _Reader:
    """One pass over an HTML text, with the open tags on a stack."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.out: list[str] = []
        self.length = 0  # UTF-16 units written
        self.open: list[tuple[str, int, Entity]] = []  # tag, byte offset of its start, its entity
        self.entities: list[Entity] = []

    def fail(self, sentence: str) -> Refusal:
        return Refusal(400, f"Bad Request: can't parse entities: {sentence}")

    def byte(self) -> int:
        return len(self.text[: self.at].encode())

    def write(self, piece: str) -> None:
        self.out.append(piece)
        self.length += units(piece)

    def run(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.text):
            stop = self.text.find("<", self.at)
            stop = len(self.text) if stop < 0 else stop
            self.write(_REFERENCE.sub(lambda m: html.unescape(m.group()), self.text[self.at : stop]))
            self.at = stop
            if stop < len(self.text):
                self.tag()
        if self.open:
            raise self.fail(f'Can\'t find end tag corresponding to start tag "{self.open[-1][0]}"')
        self.entities.sort(key=lambda e: (e["offset"], -e["length"]))
        return "".join(self.out), self.entities

    def tag(self) -> None:
        match = _TAG.match(self.text, self.at)
        if match is None:
            raise self.fail(f"Unclosed start tag at byte offset {self.byte()}")
        name = match.group(2).lower()
        if match.group(1):
            self.close(name)
        elif name not in TAGS:
            raise self.fail(f'Unsupported start tag "{name}" at byte offset {self.byte()}')
        else:
            self.start(name, match.group(3))
        self.at = match.end()

    def start(self, name: str, rest: str) -> None:
        given = {m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(rest)}
        entity: Entity = {"type": TAGS[name], "offset": self.length, "length": 0}
        if name == "a":
            entity["url"] = given.get("href", "")
        if name == "span" and given.get("class") != "tg-spoiler":
            raise self.fail(f'Tag "span" must have class "tg-spoiler" at byte offset {self.byte()}')
        self.open.append((name, self.byte(), entity))

    def close(self, name: str) -> None:
        if not self.open:
            raise self.fail(f"Unexpected end tag at byte offset {self.byte()}")
        expected, _, entity = self.open.pop()
        if name != expected:
            raise self.fail(
                f'Unmatched end tag at byte offset {self.byte()}, expected "</{expected}>", found "</{name}>"'
            )
        entity["length"] = self.length - entity["offset"]
        if entity["length"] and entity.get("url") != "":
            self.entities.append(entity)


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """Text without its tags, and the tags as entities. Raises Refusal 400 "can't parse entities: …"."""
    if "<" not in text and "&" not in text:
        return text, []
    return _Reader(text).run()


def as_html(plain: str, entities: list[Entity]) -> str:
    """Safe HTML of a formatted text, for the phone that shows it."""
    tags = {"bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "code": "code", "pre": "pre"}
    raw = plain.encode("utf-16-le")
    marks: list[tuple[int, int, int, str]] = []  # position, closing before opening, nesting, tag
    for nest, e in enumerate(entities):
        name = tags.get(e["type"])
        if name:
            marks.append((e["offset"], 1, nest, f"<{name}>"))
            marks.append((e["offset"] + e["length"], 0, -nest, f"</{name}>"))
    out, at = [], 0
    for position, _, _, mark in sorted(marks):
        out += [html.escape(raw[2 * at : 2 * position].decode("utf-16-le", "replace"), quote=False), mark]
        at = position
    out.append(html.escape(raw[2 * at :].decode("utf-16-le", "replace"), quote=False))
    return "".join(out)
