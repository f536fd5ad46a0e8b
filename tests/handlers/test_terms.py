"""An account's terms: read as an operator writes them, refused with one sentence, a reserve kept."""

import json

import pytest

from handlers import terms
from handlers.terms import BadTerms, Terms, parse
from storage.accounts import Account

ALL = {
    "spend": "yes",
    "paid_price": "55",
    "paid_included": "500",
    "paid_per_month": "2000",
    "template.status": "T1",
    "template.status.price": "200",
    "template.status.fields": "ma:code, noi_dung:text:12",
    "article": "bai-1",
    "article_target": "locations:2;cities:0,4",
    "reserve": "10%",
}


def test_terms_are_read_as_they_are_written() -> None:
    read = parse(ALL)
    assert (read.spend, read.paid_price, read.paid_included, read.paid_per_month) == ("yes", 55, 500, 2000)
    assert read.article_target == {"locations": ("2",), "cities": ("0", "4")}
    assert (read.templates["status"].id, read.templates["status"].price) == ("T1", 200)
    words = {"code": "PA-7K3M-9QXD", "text": "Điện lực đã\ndựng lại cột"}
    assert read.templates["status"].values(words) == {"ma": "PA-7K3M-9QXD", "noi_dung": "Điện lực đã…"}


def test_without_terms_nothing_is_spent() -> None:
    read = parse({})
    assert read == Terms()
    assert not read.pays(urgent=True)
    assert (read.articles_per_month, read.articles_per_day, read.messages_per_month) == (4, 1, 3000)


def test_emergencies_alone_may_be_paid_for() -> None:
    read = parse({"spend": "emergency"})
    assert (read.pays(urgent=True), read.pays(urgent=False)) == (True, False)


@pytest.mark.parametrize(("reserve", "left"), [("10%", 90), ("0.1", 90), ("30", 70), ("500", 0), ("", 100)])
def test_the_reserve_is_for_emergencies(reserve: str, left: int) -> None:
    read = parse({"paid_per_month": "100", "reserve": reserve})
    assert (read.left("paid", 0, urgent=False), read.left("paid", 0, urgent=True)) == (left, 100)
    assert (read.left("paid", 100, urgent=True), read.left("template", 9999, urgent=False)) == (0, None)


WRONG = {
    "a name nobody knows": {"tien": "5"},
    "not a number": {"paid_price": "nhiều"},
    "a negative number": {"paid_per_month": "-1"},
    "neither yes nor no": {"spend": "tùy"},
    "a reserve of everything and more": {"reserve": "120%"},
    "a template without its id": {"template.status.price": "200"},
    "a word we do not have": {"template.status": "T1", "template.status.fields": "ten:name"},
    "a target that Zalo does not know": {"article_target": "communes:3"},
    "an article's id with a space": {"article": "bài viết"},
}


@pytest.mark.parametrize("label", WRONG)
def test_a_wrong_term_is_named_in_one_sentence(label: str) -> None:
    with pytest.raises(BadTerms) as told:
        parse(WRONG[label])
    name = next(reversed(WRONG[label]))
    assert name.partition(".")[0] in str(told.value)
    assert str(told.value).endswith(".")
    broken = Account(name="oa", channel="zalo_oa", created_at=0, settings=json.dumps({"terms": WRONG[label]}))
    assert terms.of(broken) == Terms()


def test_months_and_days_are_those_of_viet_nam() -> None:
    last_evening = 1_796_056_200_000  # 30/11/2026 16:30 UTC: 23 giờ 30
    assert (terms.month(last_evening), terms.month(last_evening + 1_800_000)) == ("2026-11", "2026-12")
    assert terms.next_month(last_evening) == last_evening + 1_800_000
    assert terms.today(last_evening) == last_evening - 84_600_000
