"""thontin account set and group: what an account may spend, and the group chats of hamlets."""

import json
from typing import Any

import pytest

from handlers.routes import SPENT_WHY
from handlers.terms import of
from storage import accounts, groups, outbox
from storage.outbox import ROUTINE, Delivery
from tests.bot.commands.test_account import OA, OA_SECRETS, TOKEN, add
from tests.bot.commands.world import Home

HERE = "03328"


@pytest.fixture(autouse=True)
def on_this_database(home: Home, database_url: str) -> None:
    home.set(DATABASE_URL=database_url)
    add(home, "zalo_oa", "oa", *OA, **OA_SECRETS)


def stored(home: Home) -> accounts.Account:
    """The account as it is kept."""
    database = home.database()
    with database.reading() as tx:
        row = accounts.named(tx, "oa")
    database.close()
    assert row is not None
    return row


def listed(home: Home) -> list[dict[str, Any]]:
    """The account's groups."""
    return list(json.loads(home.run("account", "group", "list", "oa", "--json").stdout)["groups"])


def test_terms_are_kept_beside_what_the_account_has_already(home: Home) -> None:
    before = json.loads(stored(home).settings)
    said = home.run("account", "set", "oa", "spend=emergency", "paid_per_month=2000", "reserve=10%", "--json")
    assert json.loads(said.stdout)["terms"] == {"spend": "emergency", "paid_per_month": "2000", "reserve": "10%"}
    home.run("account", "set", "oa", "reserve=", "template.status=T1")
    after = json.loads(stored(home).settings)
    assert after.pop("terms") == {"spend": "emergency", "paid_per_month": "2000", "template.status": "T1"}
    assert after == before
    assert of(stored(home)).templates["status"].id == "T1"


def test_they_are_shown_with_what_was_used(home: Home) -> None:
    home.run("account", "set", "oa", "spend=yes")
    said = home.run("account", "set", "oa")
    assert "spend                      yes\n" in said.stdout
    assert "đã dùng: chưa có" in said.stdout


@pytest.mark.parametrize("wrong", ["spend=tùy", "spend", "=yes", "tien=5", "template.status.price=3"])
def test_a_wrong_term_changes_nothing(home: Home, wrong: str) -> None:
    said = home.run("account", "set", "oa", "paid_price=60", wrong)
    assert said.exit_code == 2
    assert said.stderr.count("\n") == 1
    assert "terms" not in json.loads(stored(home).settings)


def test_what_waited_for_a_new_month_is_looked_at_again(home: Home) -> None:
    database = home.database()
    with database.transaction() as tx:
        number = stored(home).id or 0
        waits = Delivery(account_id=number, chat="a", lane=ROUTINE, due_at=tx.now + 9_999_999, why=SPENT_WHY,
                         created_at=tx.now)  # fmt: skip
        outbox.post(tx, waits)
    database.close()
    assert json.loads(home.run("account", "set", "oa", "paid_per_month=5", "--json").stdout)["freed"] == 1
    assert json.loads(home.run("account", "set", "oa", "--json").stdout)["freed"] == 0


def test_a_group_of_a_hamlet_is_added_changed_and_removed(home: Home) -> None:
    one = ("account", "group", "add", "oa", "g1", "--commune", HERE, "--hamlet", "Bản Tâu")
    assert home.run(*one, "--size", "60").exit_code == 0
    assert home.run(*one, "--size", "70").exit_code == 0
    assert [(row["chat"], row["hamlet"], row["size"]) for row in listed(home)] == [("g1", "Bản Tâu", 70)]
    database = home.database()
    with database.reading() as tx:
        assert [row.hamlet_key for row in groups.alive(tx, [HERE])] == ["tau"]
    database.close()
    assert home.run("account", "group", "remove", "oa", "g1").exit_code == 0
    assert home.run("account", "group", "remove", "oa", "g1").exit_code == 1
    assert listed(home) == []


def test_only_an_oa_has_groups_and_only_in_a_commune_that_is(home: Home) -> None:
    add(home, "telegram", "tele", token=TOKEN)
    assert home.run("account", "group", "add", "tele", "g1", "--commune", HERE).exit_code == 2
    assert home.run("account", "group", "add", "oa", "g1", "--commune", "99999").exit_code == 2
    assert home.run("account", "group", "add", "oa", "g 1", "--commune", HERE).exit_code == 2
    assert home.run("account", "group", "list", "khong-co").exit_code == 1
