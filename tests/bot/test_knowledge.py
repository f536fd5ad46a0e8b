"""Recordings of fixed sentences are kept where letters take their voice from; edits do not turn back the day."""

from datetime import date
from pathlib import Path

import pytest

import content.texts
from bot import knowledge
from bot.media import MediaStore
from content.faq import FaqIndex, Library
from content.texts import Texts
from content.units import Gazetteer
from handlers import Knowledge
from storage import Vault


def test_a_recorded_sentence_is_spoken(tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = Texts.load()
    (tmp_path / "vi").mkdir()
    (tmp_path / "vi" / "general.hint.mp3").write_bytes(b"ID3 a voice")
    monkeypatch.setattr(content.texts, "HERE", tmp_path)
    know = Knowledge(Library(), FaqIndex(), Gazetteer.load(), texts)
    store = MediaStore(tmp_path / "media", vault, "")
    knowledge.keep_recordings(know, store)
    sha = know.recording("vi", texts.say("vi", "general.hint"))
    assert store.path(sha).read_bytes() == b"ID3 a voice"
    assert know.recording("vi", texts.say("vi", "general.sticker")) == ""


def test_edits_read_before_midnight_do_not_turn_back_the_day() -> None:
    know = Knowledge(Library(), FaqIndex(), Gazetteer.load(), Texts.load())
    for at in (1_795_712_400_000, 1_795_712_399_999):  # 27 November 2026, 00:00 in Vietnam, and a moment earlier
        knowledge.apply(know, knowledge.Changes(1, at, [], []))
        assert know.faq.day == date(2026, 11, 27)
