"""A second copy says that it is one, with the time of the first: nobody thinks that there is a second flood."""

from collections.abc import Mapping
from dataclasses import replace

from content.channels import KINDS, units
from content.dates import when
from content.letters import split
from content.message import Part
from handlers.terms import Template
from storage.ledger import Due

SHORT = "(Gửi lại) "


def is_copy(row: Due) -> bool:
    """Whether the next part of this letter may have come before: `first_at` is cleared once its copy went out."""
    return row.resent and row.letter_id is not None and row.first_at > 0


def marked(parts: tuple[Part, ...], row: Due, channel: str) -> tuple[Part, ...]:
    """A letter whose next part, if it is a copy, says so; where its words leave no room, they give way.

    A part that carries no words there (a voice message of a Zalo Bot, a file on an OA) cannot say it.
    """
    limit = _limit(parts[row.parts_done], channel) if is_copy(row) and row.parts_done < len(parts) else 0
    if not limit:
        return parts
    before, part, after = parts[: row.parts_done], parts[row.parts_done], parts[row.parts_done + 1 :]
    mark = f"(Gửi lại tin đã gửi lúc {when(row.first_at)}, phòng khi tin trước chưa tới.)"
    if not part.text:
        return (*before, replace(part, text=mark), *after)
    words, *over = split(part.text, limit - units(mark) - 2)
    after, cut = _carried(" ".join(over), after, channel)
    return (*before, replace(part, text=f"{words}{'…' if cut else ''}\n{mark}"), *after)


def _limit(part: Part, channel: str) -> int:
    """How many units of words this part may carry."""
    if part.kind == "text":
        return KINDS[channel].text_limit
    return KINDS[channel].caption_limit if part.kind == "photo" or channel == "telegram" else 0


def _carried(over: str, after: tuple[Part, ...], channel: str) -> tuple[tuple[Part, ...], bool]:
    """What found no room any more goes to the front of the next part; whether there was none in it either."""
    if not over or not after or after[0].kind != "text":
        return after, bool(over)
    text = f"{over}\n{after[0].text}"
    if units(text) > KINDS[channel].text_limit:
        return after, True
    return (replace(after[0], text=text), *after[1:]), False


def in_fields(words: Mapping[str, str], template: Template) -> dict[str, str]:
    """The words of a template's copy: the first of its fields that has room for that says so."""
    rooms = {word: most for _, word, most in template.fields}
    carrier = next((one for one in ("title", "text") if one in rooms), "code")
    said = f"{SHORT}{words[carrier]}"
    # A code that is cut off leads nowhere; better a second copy that does not say what it is.
    return {**words, carrier: said} if carrier != "code" or len(said) <= rooms.get("code", 0) else dict(words)
