"""A second copy says that it is one, with the time of the first: nobody thinks that there is a second flood."""

from dataclasses import replace

from content.dates import when
from content.message import Part
from storage.ledger import Due

SHORTEST_LIMIT = 2000  # what every platform takes


def marked(part: Part, row: Due) -> Part:
    """The first part of a letter that may have come before; its own code stands in its words."""
    if not row.resent or part.kind != "text" or row.letter_id is None:
        return part
    first = f" lúc {when(row.first_at)}" if row.first_at else ""
    text = f"{part.text}\n(Gửi lại tin đã gửi{first}, phòng khi tin trước chưa tới.)"
    return replace(part, text=text) if len(text) <= SHORTEST_LIMIT else part
