"""Fitting: what we want to say becomes the parts that one kind of channel can carry."""

import re

from content.channels import Kind, units
from content.message import Button, Choice, Part, Said

MOST_PARTS = 3  # after that people stop reading, and the rest belongs behind a link
_SENTENCE_END = re.compile(r"(?<=[.!?…:;])\s+")


def fit(said: Said, kind: Kind) -> tuple[Part, ...]:
    """The parts of one letter: text with its choices, then the voice message, then files.

    Choices become buttons where the channel has them (their number stays on them, so that typing it works
    too), numbered lines elsewhere. A text too long for one part is split between paragraphs or sentences.
    """
    text = said.text if kind.buttons else _with_lines(said.text, said.choices)
    if said.listen and not (said.voice and kind.voice in ("mp3", "aac")):
        text = f"{text}\nNghe đọc: {said.listen}"
    pieces = split(text, kind.text_limit)
    buttons = tuple(_button(said, choice) for choice in said.choices) if kind.buttons else ()
    parts = [Part("text", piece, silent=False) for piece in pieces[:-1]]
    parts.append(Part("text", pieces[-1], buttons))
    if said.voice and kind.voice in ("mp3", "aac"):
        parts.append(Part("voice", media=said.voice))
    documents = said.documents if kind.files else ()
    photos = tuple(Part("photo", media=sha) for sha in said.files)
    return (*parts, *photos, *(Part("file", media=sha) for sha in documents))


def _with_lines(text: str, choices: tuple[Choice, ...]) -> str:
    lines = "\n".join(f"{choice.key}. {choice.label}" for choice in choices)
    return f"{text}\n\n{lines}" if lines else text


def _button(said: Said, choice: Choice) -> Button:
    return Button(f"{choice.key}. {choice.label}", f"{said.question}:{choice.key}")


def split(text: str, limit: int) -> list[str]:
    """`text` in at most three pieces of at most `limit` UTF-16 units, cut between paragraphs, sentences or words.

    What does not fit into three pieces is cut off with an ellipsis: the sender was warned in the preview.
    """
    pieces: list[str] = []
    rest = text.strip() or "…"
    while rest and len(pieces) < MOST_PARTS:
        piece, rest = _cut(rest, limit)
        pieces.append(piece)
    if rest:
        pieces[-1] = _shorten(pieces[-1], limit - 1) + "…"
    return pieces


def _cut(text: str, limit: int) -> tuple[str, str]:
    if units(text) <= limit:
        return text, ""
    head = _shorten(text, limit)
    for end in (head.rfind("\n\n"), head.rfind("\n"), _last_sentence(head), head.rfind(" ")):
        if end > len(head) // 3:
            return head[:end].rstrip(), text[end:].lstrip()
    return head, text[len(head) :]


def _shorten(text: str, limit: int) -> str:
    """The longest beginning of `text` within `limit` units; never half a character."""
    head = text[:limit]
    while units(head) > limit:
        head = head[:-1]
    return head


def _last_sentence(head: str) -> int:
    ends = [found.start() for found in _SENTENCE_END.finditer(head)]
    return ends[-1] if ends else -1
