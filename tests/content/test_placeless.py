"""A question is searched without the place it names."""

import pytest

from content.placeless import without
from content.units import Gazetteer
from content.vietnamese import syllables

CASES = {
    "trạm y tế xã Tân Khai, Hớn Quản mở lúc nào": "trạm y tế mở lúc nào",
    "o xa tan khai hon quan tram y te mo luc nao": "tram y te mo luc nao",
    "trạm y tế ở xã Tân Khai": "trạm y tế",
    "xã Tân Khai": "xã Tân Khai",
    "trạm y tế mở lúc nào": "trạm y tế mở lúc nào",
    "": "",
}


@pytest.mark.parametrize("text", CASES)
def test_the_place_is_taken_out_and_the_question_stays(text: str) -> None:
    place = Gazetteer.load().commune("25357")
    assert place
    assert syllables(without(text, place)) == syllables(CASES[text])
