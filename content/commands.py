"""What counts as a command, a yes or no, or one of the numbered choices, in what people type.

The rule that keeps villagers safe: one syllable without marks is never a command. "dung" is đúng, đừng, dừng,
dùng, the name Dung and half of xã Xa Dung; "huy" is a name; An Toàn is a commune. So commands are either marked
("NGỪNG", "dừng"), or several syllables ("ngung nhan tin"), or words that Vietnamese does not have ("stop", "/start").
Two syllables without marks, each with a capital, are a name: "Phan Anh" is no report.
One exception: NGUNG in capitals, because our own messages print the word that way and many keyboards have no marks.
"ngung" in small letters is not one, but `unsure` says what it may have meant, so that a story can ask.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from content.command_words import (
    COMMANDS,
    FREE_TEXT,
    LEAD,
    NO,
    NO_SIGNS,
    NUMBERS,
    OTHER_NUMBERS,
    PLAIN,
    SLASHED,
    TAIL,
    UNSURE,
    YES,
    YES_LEAD,
    YES_SIGNS,
    YES_TAIL,
)
from content.vietnamese import Word, clean, decode, expand, fold, has_marks, syllables, words

LONGEST = 60  # characters; nobody commands with a paragraph

BEFORE_NUMBER = frozenset(syllables("số chọn câu mục cái thứ lựa phương án phím bấm nhắn ý đáp"))
AFTER_NUMBER = frozenset(syllables("ạ nhé nha đi với ad đó này"))
NEGATIONS = frozenset({"khong", "chua", "thoi"})
CLOSE, CLEAR = 85.0, 10.0  # how alike a label must be (0..100), and by how much more than the next


class _Phrase(NamedTuple):
    folded: tuple[str, ...]
    marked: tuple[str, ...]


def _phrase(text: str) -> _Phrase:
    read = words(text)
    return _Phrase(tuple(word.folded for word in read), tuple(word.marked for word in read))


def _table(source: dict[str, tuple[str, ...]]) -> dict[tuple[str, ...], list[tuple[_Phrase, str]]]:
    table: dict[tuple[str, ...], list[tuple[_Phrase, str]]] = {}
    for name, spellings in source.items():
        for phrase in map(_phrase, spellings):
            table.setdefault(phrase.folded, []).append((phrase, name))
    return table


_COMMANDS, _FREE_TEXT = _table(COMMANDS), _table(FREE_TEXT)
_YES_NO = _table({"yes": YES, "no": NO})
_LEAD, _TAIL = _table({"": LEAD}), _table({"": TAIL})
_YES_LEAD, _YES_TAIL = _table({"": YES_LEAD}), _table({"": YES_TAIL})
_SPELLED = {_phrase(name): n for n, name in enumerate(NUMBERS, 1)} | {_phrase(s): n for s, n in OTHER_NUMBERS.items()}
_REFUSED = _phrase("đừng").marked[0]
_Table = dict[tuple[str, ...], list[tuple[_Phrase, str]]]


def command(text: str, *, free_text: bool = False) -> str | None:
    """The command that `text` is, a key of COMMANDS, or None.

    `free_text`: a name, an address or a description was asked for; then only "0" and "ngừng nhận tin" are commands.
    """
    text = clean(text)
    if not text or len(text) > LONGEST:
        return None
    if text.startswith("/") and not free_text:
        return SLASHED.get(text[1:].split(maxsplit=1)[0].split("@")[0].lower()) if len(text) > 1 else None
    return _said(text, free_text)


@lru_cache(maxsize=512)  # one turn asks several times, and a whole commune types the same few words
def _said(text: str, free_text: bool) -> str | None:
    tries = (_spoken(meant, free_text=free_text) for meant in _readings(text))
    return next((found for found in tries if found), None)


def _readings(text: str) -> Iterator[str]:
    """The text; with keyboard leftovers and abbreviations resolved ("k nhan tin nua"); and without half-typed marks.

    "ngungwf nhanj tin" is "ngừng nhạn tin": whoever typed without a keyboard for marks means none by them.
    """
    yield text
    meant = expand(decode(text))
    if meant != text:
        yield meant
        if not any(has_marks(word) for word in words(text)) and len(words(meant)) > 1:
            yield fold(meant)


def _spoken(text: str, *, free_text: bool) -> str | None:
    read = words(text)
    if free_text:
        return "back" if text == "0" else _meaning(read, _FREE_TEXT)
    if len(read) == 1:
        return _one_word(read[0], text)
    if _is_name(read, text):
        return None
    cuts = (cut for cut in _without(read, _LEAD, _TAIL) if len(cut) > 1)
    found, cut = next(((name, cut) for cut in cuts if (name := _meaning(cut, _COMMANDS))), (None, []))
    # "dung nhan" is a name or a compliment as well.
    return None if found == "stop" and len(cut) == 2 and not any(has_marks(word) for word in cut) else found


def _is_name(read: Sequence[Word], text: str) -> bool:
    """Two syllables without marks, both with a capital, as in "Phan Anh" and "Xa Dung"."""
    return len(read) == 2 and all(not has_marks(word) and text[word.start : word.end].istitle() for word in read)


def _one_word(word: Word, text: str) -> str | None:
    if word.folded in PLAIN and (word.folded != "0" or text.strip(" .") == "0"):
        return PLAIN[word.folded] if not has_marks(word) else None
    if has_marks(word):
        return _meaning([word], _COMMANDS)
    return "stop" if text[word.start : word.end] == "NGUNG" else None


def unsure(text: str) -> str | None:
    """The command that words without marks may have meant ("ngung", "ngung nhan": stop): ask, never act on it."""
    read = words(clean(text)) if len(text) <= LONGEST else []
    if any(has_marks(word) for word in read):
        return None
    return UNSURE.get(" ".join(word.folded for word in read))


def _meaning(read: Sequence[Word], table: _Table) -> str | None:
    """What the words mean by `table`: typed marks must agree, missing ones are forgiven. None when it is ambiguous."""
    found = {name for phrase, name in table.get(tuple(word.folded for word in read), ()) if _agrees(read, phrase)}
    return found.pop() if len(found) == 1 else None


def _agrees(read: Sequence[Word], phrase: _Phrase) -> bool:
    return all(not has_marks(word) or word.marked == mark for word, mark in zip(read, phrase.marked, strict=True))


def _without(read: list[Word], lead: _Table, tail: _Table) -> list[list[Word]]:
    """The words, and the words without the politeness before and after them, most of them first."""
    fronts, ends = [0], [len(read)]
    for size in (1, 2):
        fronts += [size] if len(read) > size and _meaning(read[:size], lead) is not None else []
        ends += [len(read) - size] if len(read) > size and _meaning(read[-size:], tail) is not None else []
    return [read[front:end] for front in fronts for end in ends if front < end]


def yes_no(text: str) -> bool | None:
    """Whether `text` says yes or no to a question just asked, or None. Here "dung" is đúng: yes."""
    text = clean(text)
    if len(text) > LONGEST:
        return None
    read = words(text)
    if not read:
        return _sign(text)
    meant = {name for cut in _without(read, _YES_LEAD, _YES_TAIL) if (name := _first_meaning(cut, _YES_NO))}
    if _meaning(read, _YES_NO):  # the words as they stand come before the words cut short
        meant = {str(_meaning(read, _YES_NO))}
    return meant == {"yes"} if len(meant) == 1 else None


def _first_meaning(read: list[Word], table: _Table) -> str | None:
    """`_meaning`, but "dung" without its mark is đúng and not đừng in an answer to a question."""
    if [word.folded for word in read] == ["dung"] and not has_marks(read[0]):
        return "yes"
    return _meaning(read, table)


def _sign(text: str) -> bool | None:
    yes, no = bool(YES_SIGNS.intersection(text)), bool(NO_SIGNS.intersection(text))
    return yes if yes != no else None


def choice(text: str, labels: Sequence[str], keys: Sequence[str] | None = None) -> int | None:
    """The position (from 0) in `labels` that `text` chooses, or None when that is not certain.

    A number ("2", "2.", "số 2", "so hai") or the label's own words, with or without marks, whole or in part, with a
    typing error. `keys` are the numbers shown with the labels; without them they are 1, 2, 3 ….
    """
    text = clean(text)
    read = words(text)
    if not labels or not read or len(text) > 2 * LONGEST:
        return None
    shown = list(keys) if keys is not None else [str(n) for n in range(1, len(labels) + 1)]
    by_label = _by_label(read, [words(clean(label)) for label in labels])
    return by_label if by_label is not None else _by_number(read, shown)


def number(text: str, keys: Sequence[str]) -> int | None:
    """The position in `keys` of the number that `text` is ("2", "số 2", "hai"), or None; words are not looked at."""
    read = words(clean(text)) if len(text) <= LONGEST else []
    return _by_number(read, list(keys)) if read else None


def _by_number(read: list[Word], keys: list[str]) -> int | None:
    rest = list(read)
    while len(rest) > 1 and rest[0].folded in BEFORE_NUMBER:
        rest = rest[1:]
    while len(rest) > 1 and rest[-1].folded in AFTER_NUMBER:
        rest = rest[:-1]
    if len(rest) != 1:
        return None
    number = rest[0].folded.lstrip("0") if rest[0].folded.isdigit() else _spelled(rest[0])
    return keys.index(number) if number in keys else None


def _spelled(word: Word) -> str:
    found = {n for phrase, n in _SPELLED.items() if phrase.folded == (word.folded,) and _agrees([word], phrase)}
    return str(found.pop()) if len(found) == 1 else ""


def _by_label(read: list[Word], labels: list[list[Word]]) -> int | None:
    marked, folded = [word.marked for word in read], [word.folded for word in read]
    exact = [n for n, label in enumerate(labels) if [word.marked for word in label] == marked]
    same = [n for n, label in enumerate(labels) if [word.folded for word in label] == folded and _fits(read, label)]
    for found in (exact, same):
        if found:
            return found[0] if len(found) == 1 else None
    alike = [n for n, label in enumerate(labels) if label and _denies(read) == _denies(label)]
    part = [n for n in alike if _within(read, labels[n]) or (len(labels[n]) > 1 and _within(labels[n], read, extra=4))]
    if part:
        return part[0] if len(part) == 1 else None
    return _closest(" ".join(folded), {n: " ".join(word.folded for word in labels[n]) for n in alike})


def _denies(read: list[Word]) -> bool:
    return any(word.folded in NEGATIONS or word.marked == _REFUSED for word in read)


def _fits(read: Sequence[Word], label: Sequence[Word]) -> bool:
    """Whether the marks that both have agree."""
    pairs = zip(read, label, strict=True)
    return all(a.marked == b.marked or not has_marks(a) or not has_marks(b) for a, b in pairs)


def _within(few: list[Word], many: list[Word], extra: int = 99) -> bool:
    """Whether `few` stands in `many` word by word, beside at most `extra` other words. Digits alone do not count."""
    size = len(few)
    if size > len(many) or len(many) - size > extra or all(word.folded.isdigit() for word in few):
        return False
    starts = range(len(many) - size + 1)
    folded = [word.folded for word in few]
    return any(
        [word.folded for word in many[at : at + size]] == folded and _fits(few, many[at : at + size]) for at in starts
    )


def _closest(typed: str, labels: dict[int, str]) -> int | None:
    """The label that is nearly `typed`, if it is clearly nearer than the others and no number differs."""
    if len(typed) < 5 or not labels:
        return None
    ranked = sorted(((fuzz.ratio(typed, label), n) for n, label in labels.items()), reverse=True)
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    score, best = ranked[0]
    same_digits = [c for c in typed if c.isdigit()] == [c for c in labels[best] if c.isdigit()]
    return best if score >= CLOSE and score - second >= CLEAR and same_digits else None
