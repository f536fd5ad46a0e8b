"""A question without the place in it: "trạm y tế xã Tân Khai, Hớn Quản mở lúc nào" asks when the station opens."""

from content.units import Commune
from content.vietnamese import syllables, words

_TYPES = frozenset(syllables("xã phường thị trấn huyện quận thành phố tp tt tỉnh đặc khu cũ ở tại"))


def without(text: str, place: Commune) -> str:
    """`text` without the first run of words that name `place`; as it was where that is all there is, or none.

    `text` is clean: where its words stand is counted in composed letters.
    """
    read, name = words(text), syllables(place.name)
    starts = range(len(read) - len(name) + 1)
    at = next((n for n in starts if [one.folded for one in read[n : n + len(name)]] == name), None)
    if at is None:
        return text
    known = _TYPES | frozenset(syllables(" ".join([place.full_name, *place.former])))
    first, last = at, at + len(name)
    while first and read[first - 1].folded in _TYPES:
        first -= 1
    while last < len(read) and read[last].folded in known:
        last += 1
    end = read[last - 1].end
    return f"{text[: read[first].start]} {text[end:]}".strip() if last - first < len(read) else text
