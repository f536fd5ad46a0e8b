"""One typing error in a place's name is always found, and nothing else is."""

import pytest

from content.units.index import Index, _one_error

KEYS = ("hue", "hanoi", "eahleo", "thanhnua", "dienbien", "dienbienphu", "phuong12", "aaaa")
LETTERS = "aehn1z"


@pytest.fixture(scope="module")
def index() -> Index:
    made = Index()
    for number, key in enumerate(KEYS):
        made.area(key, number)
    made.finish()
    return made


def errors(key: str) -> set[str]:
    """Every way to make one error in a word: a letter less, more or other, or two that changed places."""
    cut = [(key[:at], key[at:]) for at in range(len(key) + 1)]
    less = {head + tail[1:] for head, tail in cut if tail}
    other = {head + one + tail[1:] for head, tail in cut if tail for one in LETTERS}
    more = {head + one + tail for head, tail in cut for one in LETTERS}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cut if len(tail) > 1}
    return less | other | more | swapped


@pytest.mark.parametrize("key", KEYS)
def test_whatever_the_error_it_is_found_and_nothing_else(index: Index, key: str) -> None:
    typed = {one for one in errors(key) if len(one) > 2}
    typed |= {wrong for one in sorted(typed)[::7] for wrong in errors(one) if len(wrong) > 2}  # two errors too
    for one in typed:
        assert index.near(one) == {known for known in KEYS if known != one and _one_error(known, one)}, one
