"""Every sentence that the code says exists, every one that exists is said, and all are plain and short."""

import re
from functools import cache
from pathlib import Path

import pytest

from content.categories import CATEGORIES
from content.texts import MissingText, Texts
from content.topics import GROUPS, TOPICS

ROOT = Path(__file__).parents[2]
TEXTS = Texts.load()
VI = TEXTS.by_language["vi"]
LANGUAGES = sorted(set(TEXTS.by_language) - {"vi"})
KEY = re.compile(r"^[a-z]+\.[a-z_]+$")
# Keys put together from a word: f"report.{…}" and what the word can be.
MADE = {
    "general.app_": ("zalo_oa", "zalo_bot", "telegram"),
    "report.a_": ("image", "voice", "video", "file"),
    "report.edit_": ("words", "place", "more"),
    "report.": (*CATEGORIES, "send", "edit", "cancel", "resume", "anew"),
    "privacy.": ("emergencies", "again", "erase", "export", "keep"),
    "commune.": ("home", "village", "relative", "hamlet", "more", "wrong"),
    "status.": ("filed", "received", "working", "more", "refused", "answered", "closed"),
    "answer.": ("done", "undone", "more", "tell"),
    "announcement.": ("correction", "withdrawal"),
}
# Words of offices and of machines, which the tone page rules out.
STIFF = ("vui lòng", "hệ thống", "thực hiện", "tiến hành", "thao tác", "cú pháp", "click", "quý khách", "người dùng",
         "không hiểu", "đã cử")  # fmt: skip
LEGAL_WORDS = ("general.help",)  # the one list that may be longer than a screen


@cache
def source() -> str:
    """Every line of the rooms that speak."""
    files = [one for room in ("handlers", "bot") for one in sorted((ROOT / room).rglob("*.py"))]
    return "\n".join(one.read_text("utf-8") for one in files if "sandbox" not in one.parts)


def said_keys() -> set[str]:
    """The keys that the code names whole."""
    return {one for one in re.findall(r'"([a-z]+\.[a-z_]+)"', source()) if one.partition(".")[0] in _nouns()}


def _nouns() -> set[str]:
    return {key.partition(".")[0] for key in VI}


def made_keys() -> set[str]:
    """The keys that the code puts together."""
    return {start + word for start, words in MADE.items() for word in words}


def test_every_sentence_the_code_says_exists() -> None:
    said = set(re.findall(r'(?:words|say)\(\s*(?:"vi",\s*)?"([a-z]+\.[a-z_]+)"', source()))
    assert len(said) > 50
    assert (said | made_keys()) - set(VI) == set()


def test_every_sentence_is_said_somewhere() -> None:
    assert set(VI) - said_keys() - made_keys() == set()


def test_every_made_key_is_really_made() -> None:
    starts = set(re.findall(r'f"([a-z]+\.[a-z_]*)\{', source()))
    assert set(MADE) <= starts


@pytest.mark.parametrize("key", VI)
def test_a_sentence_is_plain(key: str) -> None:
    text = VI[key].lower()
    assert KEY.match(key)
    assert not [word for word in STIFF if word in text]
    assert "bạn" not in re.findall(r"\w+", text)


@pytest.mark.parametrize("key", VI)
def test_a_sentence_fits_a_screen(key: str) -> None:
    assert len(VI[key]) <= (700 if key in LEGAL_WORDS else 500)


@pytest.mark.parametrize("key", VI)
def test_the_lines_are_short_enough_to_be_read_aloud(key: str) -> None:
    sentences = re.split(r"[.!?:;\n]", re.sub(r"\{\w+\}", "x", VI[key]))
    assert max(len(one.split()) for one in sentences) <= 36, sentences


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_language_says_the_same_with_the_same_values(language: str) -> None:
    known = TEXTS.by_language[language]
    assert set(known) <= set(VI)
    for key in known:
        assert TEXTS.fields(language, key) == TEXTS.fields("vi", key), key


def test_what_a_language_lacks_is_said_in_vietnamese() -> None:
    assert TEXTS.say("en", "digest.several") == "các nơi bà con theo dõi"
    assert TEXTS.say("en", "report.send") == "Right, send it"
    assert TEXTS.say("xx", "report.send") == "Đúng, gửi đi"


def test_a_sentence_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(MissingText):
        TEXTS.say("vi", "nothing.such")


def test_values_are_never_read_as_templates() -> None:
    assert TEXTS.say("vi", "status.others", code="{unit}", state="{0}", unit="x", date="%s").startswith(
        "Mã {unit}: {0}."
    )


def test_a_choice_has_five_lines_at_most_and_covers_every_topic() -> None:
    assert len(CATEGORIES) <= 5
    assert len(GROUPS) + 1 <= 5
    assert sorted(one for group in GROUPS.values() for one in group) == sorted(TOPICS)


def test_a_recording_is_found_by_language_and_key() -> None:
    assert TEXTS.recording("vi", "general.help") is None
