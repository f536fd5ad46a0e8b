"""The rarer fields of an entry: what it stands in for, what is asked next, the forms that go with it."""

import pytest

from content.faq import Attachment, Entry, parse_entry

SHA = "a1" * 32
LEAST = {"id": "a", "question": "Hỏi?", "answer": "Đáp."}


def test_an_entry_comes_back_as_it_was_written() -> None:
    entry = Entry("a-03328", "Hỏi?", "Đáp.", commune="03328", overrides="a", follow_ups=("b", "c"),
                  attachments=(Attachment(SHA, "Tờ khai", 1234),))  # fmt: skip
    assert parse_entry(entry.to_json()) == entry
    assert "overrides" not in parse_entry(LEAST).to_json()


def test_a_field_that_is_null_is_one_that_is_not_there() -> None:
    nothing = dict.fromkeys(set(Entry("a", "Hỏi?", "Đáp.").to_json()) - set(LEAST))
    assert parse_entry({**nothing, **LEAST}) == parse_entry(LEAST)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"overrides": "b"}, "only for an entry with a commune"),
        ({"overrides": "a", "commune": "03328"}, "the entry itself"),
        ({"follow_ups": ["a"]}, "the entry itself"),
        ({"follow_ups": ["b", "c", "d", "e"]}, "more than 3"),
        ({"follow_ups": "b"}, "not a list"),
        ({"attachments": "to-khai.pdf"}, "not a list of files"),
        ({"attachments": ["to-khai.pdf"]}, "not a list of files"),
        ({"attachments": [{"name": "Tờ khai", "sha": "../../etc/passwd"}]}, "no sha256"),
        ({"attachments": [{"name": " ", "sha": SHA}]}, "name is missing"),
        ({"attachments": [{"name": "Tờ khai", "sha": SHA, "size": -1}]}, "no number of bytes"),
        ({"attachments": [{"name": "Tờ khai", "sha": SHA, "size": True}]}, "no number of bytes"),
    ],
)
def test_a_field_that_cannot_be_is_named(fields: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_entry({**LEAST, **fields})
