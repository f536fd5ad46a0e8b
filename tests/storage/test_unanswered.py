"""Open questions: those alike stand together, words and subjects are readable to nobody without the key."""

import pytest
from sqlalchemy import text
from sqlmodel import select

from content.news import asked
from storage import Database, unanswered
from storage.unanswered import MOST_WORDINGS, Unanswered, UnansweredGroup

HERE, THERE = "03328", "25357"
ALIKE = [
    ("máy xay lúa hợp tác xã mở lúc nào", "mấy giờ mở máy xay lúa hợp tác xã"),
    ("máy xay lúa hợp tác xã mở lúc nào", "may xay lua hop tac xa mo luc nao"),
    ("xin giống ngô mới ở đâu", "giống ngô mới xin ở đâu ạ"),
    ("hôm nay cúp điện tới mấy giờ", "mất điện đến khi nào có"),
]
APART = [
    ("máy xay lúa mở lúc nào", "máy cày cho thuê ở đâu"),
    ("xin giống ngô mới", "xin phân bón"),
    ("", ""),
    ("???", "..."),
]


def keep(database: Database, *questions: str, commune: str = HERE, nearest: str = "") -> None:
    with database.transaction() as tx:
        for one in questions:
            unanswered.keep(tx, one, commune, nearest, asked(one).subject)


def groups(database: Database, commune: str = HERE) -> list[UnansweredGroup]:
    with database.transaction() as tx:
        return unanswered.groups(tx, commune)


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_questions_that_are_alike_stand_together(database: Database, one: str, other: str) -> None:
    keep(database, one, other, one)
    [group] = groups(database)
    assert group.times == 3
    with database.transaction() as tx:
        assert unanswered.wordings(tx, [group.id or 0]) == {group.id: [one, other]}


@pytest.mark.parametrize(("one", "other"), APART)
def test_questions_that_are_not_stand_apart(database: Database, one: str, other: str) -> None:
    keep(database, one, other)
    assert [one.times for one in groups(database)] == [1, 1]


def test_the_same_best_guess_makes_two_questions_more_alike(database: Database) -> None:
    pair = ("giấy khai sinh bị rách nát hết", "giấy khai sinh bị ướt mất chữ")
    keep(database, *pair)
    assert len(groups(database)) == 2
    keep(database, *pair, commune=THERE, nearest="khai-sinh")
    assert len(groups(database, THERE)) == 1


def test_each_commune_has_its_own(database: Database) -> None:
    keep(database, "máy xay lúa mở lúc nào")
    keep(database, "máy xay lúa mở lúc nào", commune=THERE)
    assert (len(groups(database)), len(groups(database, THERE)), len(groups(database, ""))) == (1, 1, 2)
    with database.transaction() as tx:
        number = unanswered.groups(tx, THERE)[0].id or 0
        assert unanswered.group(tx, number, HERE) is None
        assert unanswered.group(tx, number, "") is not None


def test_what_was_asked_last_stands_first(database: Database) -> None:
    keep(database, "máy xay lúa mở lúc nào")
    now = database.now()
    database.now = lambda: now + 1000
    keep(database, "xin giống ngô mới")
    database.now = lambda: now + 2000
    keep(database, "máy xay lúa mở lúc nào")
    assert [one.times for one in groups(database)] == [2, 1]


def test_dealing_with_a_group_forgets_all_of_it(database: Database) -> None:
    keep(database, "máy xay lúa mở lúc nào", "mấy giờ máy xay lúa mở", "xin giống ngô mới")
    with database.transaction() as tx:
        found = next(one for one in unanswered.groups(tx, HERE) if one.times == 2)
        unanswered.settled(tx, found)
    with database.transaction() as tx:
        assert [tx.vault.open(one.text_sealed) for one in tx.session.exec(select(Unanswered)).all()] == [
            "xin giống ngô mới"
        ]
    assert len(groups(database)) == 1


def test_a_question_asked_a_hundred_times_keeps_a_few_wordings(database: Database) -> None:
    keep(database, *["máy xay lúa mở lúc nào"] * 100)
    [group] = groups(database)
    assert group.times == 100
    with database.transaction() as tx:
        assert len(tx.session.exec(select(Unanswered)).all()) == MOST_WORDINGS


def test_neither_words_nor_subjects_stand_in_the_tables(database: Database) -> None:
    keep(database, "máy xay lúa hợp tác xã mở lúc nào")
    with database.transaction() as tx:
        rows = [*tx.run(text("SELECT * FROM unanswered")).all(), *tx.run(text("SELECT * FROM unanswered_group")).all()]
    written = " ".join(str(value) for row in rows for value in row)
    assert not {"máy", "may", "xay", "lúa", "lua", "tac"}.intersection(written.lower().split())
