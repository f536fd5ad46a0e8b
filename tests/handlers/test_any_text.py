"""Whatever anybody sends gets a sensible answer: never silence, never an exception, never "I do not understand"."""

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.message import MediaKind
from tests.handlers.stage import Stage, Villager
from tests.handlers.steps import STEPS

STRANGE = {
    "empty": "",
    "spaces": "   \n\t ",
    "emoji only": "😀😀",
    "a thumb": "👍",
    "10,000 characters": "dài lắm " * 1250,
    "10,000 characters without a space": "a" * 10_000,
    "decomposed": unicodedata.normalize("NFD", "Tôi muốn hỏi về chế độ người cao tuổi"),
    "control characters": "xin\x00 chào\x1b[31m\x07",
    "right to left": "\u202egnông hnik",
    "lone surrogate": "\ud800 xin chào",
    "JSON": '{"a": [1, 2, {"b": null}]}',
    "SQL": "'; DROP TABLE citizen; --",
    "format string": "{0} {name} %s %(x)s {{",
    "HTML": "<script>alert(1)</script>",
    "a payload": "#xa-99999",
    "another": "#admin",
    "a command nobody made": "/cmd",
    "a slash": "/",
    "a number": "123456",
    "a negative number": "-1",
    "Arabic digits": "١",
    "a superscript": "²",
    "Chinese": "你好，请问",
    "English": "how do I register my newborn child please",
    "a question that nobody foresaw": "con trâu nhà tôi thích nghe nhạc gì",
    "a word": "huy",
    "a link": "https://example.com/?a=1&b=2",
    "only punctuation": "?!…",
    "a code that is none": "PA-0000-0000",
}
COMMON = [
    "1",
    "2",
    "3",
    "4",
    "0",
    "11",
    "22",
    "dung",
    "không",
    "xong",
    "Xa Dung",
    "Tân Thành",
    "#xa-03328",
    "#xa-25357",
]
COMMON += ["phản ánh", "viết tiếp", "ngừng nhận tin", "ngung", "trợ giúp", "dữ liệu của tôi", "chủ đề", "xã của tôi"]
COMMON += ["cột điện nghiêng sắp đổ", "cháy nhà cứu với", "tôi tố cáo trưởng bản nhận hối lộ", "cán bộ xã vòi tiền"]
COMMON += ["lam khai sinh cho con can gi", "con trâu thích nghe nhạc gì", "Lò Thị Hoa", "0912345678", "ảnh", "ghim"]
FORBIDDEN = ("không hiểu", "vui lòng", "hệ thống", "thao tác")


def sensible(said: list[str]) -> None:
    assert said
    for text in said:
        assert text.strip()
        assert not [one for one in FORBIDDEN if one in text.lower()], text


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_any_text_gets_an_answer_from_a_stranger(zalo: Villager, text: str) -> None:
    sensible(zalo.say(text))


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_any_text_gets_an_answer_from_a_follower(hoa: Villager, text: str) -> None:
    sensible(hoa.say(text))


@pytest.mark.parametrize("step", STEPS)
def test_any_text_gets_an_answer_at_every_step(stage: Stage, step: str) -> None:
    villager = STEPS[step](stage)
    for text in STRANGE.values():
        sensible(villager.say(text))


@pytest.mark.parametrize("step", STEPS)
def test_files_pins_and_what_cannot_be_shown_get_an_answer_at_every_step(stage: Stage, step: str) -> None:
    kinds: list[MediaKind] = ["image", "voice", "sticker"]
    for kind in kinds:
        sensible(STEPS[step](stage).send_media(kind))
    sensible(STEPS[step](stage).pin(21.43, 103.0))
    sensible(STEPS[step](stage).hear("unsupported"))
    sensible(STEPS[step](stage).hear("text", text="cột điện nghiêng ở bản Tâu", edited=True))
    sensible(STEPS[step](stage).follow())


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.one_of(st.text(max_size=60), st.sampled_from(COMMON)), max_size=4))
def test_any_conversation_goes_on(stage: Stage, texts: list[str]) -> None:
    villager = stage.villager()
    villager.start("xa-03328")
    for text in texts:
        sensible(villager.say(text))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.sampled_from(COMMON), min_size=5, max_size=25))
def test_any_walk_through_the_dialogues_goes_on(stage: Stage, lines: list[str]) -> None:
    villager = stage.villager()
    for line in lines:
        sensible(
            villager.send_media()
            if line == "ảnh"
            else villager.pin(21.43, 103.0)
            if line == "ghim"
            else villager.say(line)
        )


def test_a_citizens_words_are_never_read_as_a_template(hoa: Villager) -> None:
    for line in ("phản ánh", "1", "{name} {0}", "{x!r:>9} %s", "xong"):
        said = hoa.say(line)
    assert "{x!r:>9} %s" in said[0]
    assert "{name} {0}" in said[0]
