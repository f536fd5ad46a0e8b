"""What in a text is no language: web addresses, e-mails, file names and codes, which no normalising may touch."""

import re
from bisect import bisect_right
from collections.abc import Callable

_CHUNK = re.compile(r"\S+")
_LONGEST = 300  # characters; a longer chunk is no word in any language
_ADDRESS = re.compile(
    r"\S*(?:://|www\.|@)\S*|[^\s.]+(?:\.[^\s.]+)*\.(?:vn|com|net|org|gov|edu|info|io|me|app|xyz|top|apk|pdf|docx?|xlsx?|jpe?g|png|mp[34])"
    r"(?:[/:?#]\S*)?",
    re.IGNORECASE,
)
_SIGNS = "-_/@:#&=%+"


def protected(text: str) -> Callable[[int], bool]:
    """A question for positions in `text`: does an address, an e-mail or a file name stand there?"""
    spans = [found.span() for found in _CHUNK.finditer(text) if _is_address(found.group())]
    starts = [start for start, _ in spans]

    def holds(at: int) -> bool:
        before = bisect_right(starts, at) - 1
        return before >= 0 and at < spans[before][1]

    return holds


def _is_address(chunk: str) -> bool:
    if not any(sign in chunk for sign in ".@:") and len(chunk) <= _LONGEST:
        return False
    return len(chunk) > _LONGEST or _ADDRESS.fullmatch(chunk.strip(".,;:!?()[]\"'<>")) is not None


def joined(text: str, start: int, end: int) -> bool:
    """Whether a sign ties the word to another ("PA-7K3M", "a_b"); "hoir:" and "- lamf" are only punctuated."""
    before = (
        start > 0
        and text[start - 1] in _SIGNS
        and (text[start - 1] in "/@#_=" or text[start - 2 : start - 1].isalnum())
    )
    return before or (end + 1 < len(text) and text[end] in _SIGNS and text[end + 1].isalnum())
