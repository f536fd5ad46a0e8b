"""Whatever anybody sends gets a sensible answer: never silence, never an exception, never "I do not understand"."""

import time
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.message import MediaKind
from storage.outbox import Letter
from storage.reports import Report, ReportEvent
from storage.unanswered import Unanswered
from tests.handlers.stage import Stage, Villager
from tests.handlers.steps import STEPS

DOCUMENT = (
    """ỦY BAN NHÂN DÂN
XÃ THANH NƯA
Số: 12/TB-UBND
CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
Độc lập - Tự do - Hạnh phúc

THÔNG BÁO
Về việc nộp hồ sơ đăng ký khai sinh, căn cước số 011190000123

"""
    + "Điều 1. Người dân nộp tờ khai theo mẫu, kèm giấy chứng sinh.\n" * 300
)
STRANGE = {
    "empty": "",
    "spaces": "   \n\t ",
    "emoji only": "😀😀",
    "a thumb": "👍",
    "10,000 characters": "dài lắm " * 1250,
    "10,000 characters without a space": "a" * 10_000,
    "100,000 characters": "tôi muốn hỏi một việc dài lắm, " * 3226,
    "100,000 characters without a space": "ă" * 100_000,
    "100,000 digits": "0123456789" * 10_000,
    "100,000 emoji": "😀" * 100_000,
    "100,000 line ends": "a\n" * 50_000,
    "a whole document": DOCUMENT,
    "decomposed": unicodedata.normalize("NFD", "Tôi muốn hỏi về chế độ người cao tuổi"),
    "control characters": "xin\x00 chào\x1b[31m\x07",
    "right to left": "\u202egnông hnik",
    "lone surrogate": "\ud800 xin chào",
    "JSON": '{"a": [1, 2, {"b": null}]}',
    "SQL that drops": "'; DROP TABLE citizen; --",
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
    "Khmer": "សួស្តី តើធ្វើដូចម្តេច",
    "Lao": "ສະບາຍດີ",
    "Arabic": "مرحبا كيف حالك",
    "Cyrillic": "Как зарегистрировать ребёнка",
    "a telephone": "0912345678",
    "a telephone with its country": "+84 912 345 678",
    "an identity number": "011190000123",
    "an identity number with gaps": "0111 9000 0123",
    "an old identity number": "123456789",
    "an identity number in a sentence": "tôi tên Hoa, căn cước 011190000123, làm lại thẻ ở đâu",
    "JSON of an update": '{"update_id": 1, "message": {"text": "/start"}}',
    "SQL": "SELECT * FROM citizen WHERE 1=1 UNION SELECT password FROM official",
    "XML": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
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
BOOKS = [name for name in STRANGE if name.startswith("100,000")]
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
    for name, text in STRANGE.items():
        if name not in BOOKS[1:]:  # one is enough at every step
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


NUMBERS = {"alone": "011190000123", "with gaps": "0111 9000 0123", "old": "123456789",
           "in a sentence": "tôi tên Hoa, căn cước 011190000123, muốn hỏi con trâu nghe nhạc gì"}  # fmt: skip


def kept_words(stage: Stage, villager: Villager) -> str:
    """Everything that is remembered of what people wrote, opened."""
    vault, address = stage.database.vault, villager.address()
    sealed = [address.state_sealed] if address else []
    sealed += [row.text_sealed for table in (Report, ReportEvent, Unanswered) for row in stage.rows(table)]
    sealed += [row.parts_sealed for row in stage.rows(Letter)]
    return "\n".join(vault.open(one) for one in sealed)


@pytest.mark.parametrize("text", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("step", ["", *STEPS])
def test_an_identity_number_is_neither_kept_nor_said_again(stage: Stage, step: str, text: str) -> None:
    asked_for_digits = text == "123456789" and step == "report.phone"  # a telephone without its zero
    villager = STEPS[step](stage) if step else stage.follower()
    said = villager.say(text)
    sensible(said)
    if not asked_for_digits:
        assert "đừng gửi số căn cước" in said[0]
        for digits in ("011190000123", "0111 9000 0123", "123456789"):
            assert digits not in kept_words(stage, villager)


def test_an_identity_number_alone_gets_that_one_answer(hoa: Villager) -> None:
    assert len(hoa.say("011190000123")) == 1
    assert hoa.step() == ""


def test_a_question_around_an_identity_number_is_answered(hoa: Villager) -> None:
    said = hoa.say("căn cước 011190000123, lam khai sinh cho con can gi")
    assert len(said) == 2


@pytest.mark.parametrize("name", [*BOOKS, "a whole document"])
def test_a_book_is_answered_in_time(hoa: Villager, name: str) -> None:
    began = time.perf_counter()
    for _ in range(3):
        hoa.say(STRANGE[name])
    assert (time.perf_counter() - began) / 3 < 0.8


@pytest.mark.parametrize("text", ["0912345678", "+84 912 345 678", "0912.345.678"])
def test_a_telephone_alone_is_told_what_to_do_and_kept_nowhere(stage: Stage, hoa: Villager, text: str) -> None:
    assert "nhắn việc cần hỏi trước" in hoa.say(text)[0]
    assert stage.rows(Unanswered) == []
