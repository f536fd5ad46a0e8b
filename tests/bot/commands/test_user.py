"""thontin user: officials are added, given passwords and taken out."""

import asyncio
import json

import pytest
from typer.testing import Result

from bot.console.passwords import verify
from storage import officials
from tests.bot.commands.world import Home

PASSWORD = "con trâu đi trước"


@pytest.fixture(autouse=True)
def on_this_database(home: Home, database_url: str) -> None:
    home.set(DATABASE_URL=database_url)


def add(home: Home, *more: str, username: str = "lan", typed: str = f"{PASSWORD}\n") -> Result:
    names = ("--name", "Lò Thị Lan", "--title", "Công chức Văn hóa – Xã hội")
    return home.run("user", "add", username, *names, "--password-stdin", *more, typed=typed)


def stored(home: Home, username: str) -> officials.Official | None:
    database = home.database()
    with database.reading() as tx:
        found = officials.named(tx, username)
    database.close()
    return found


def test_an_official_is_added_and_the_password_fits(home: Home) -> None:
    said = add(home, "--commune", "03328")
    row = stored(home, "lan")
    assert said.exit_code == 0
    assert row is not None
    assert (row.name, row.commune, row.active) == ("Lò Thị Lan", "03328", True)
    assert asyncio.run(verify(row.password_hash, PASSWORD))
    assert PASSWORD not in said.output


def test_a_password_may_be_typed_twice_at_the_prompt(home: Home) -> None:
    said = home.run("user", "add", "minh", "--name", "Quàng Văn Minh", "--title", "Chủ tịch",
                    typed=f"{PASSWORD}\n{PASSWORD}\n")  # fmt: skip
    assert said.exit_code == 0
    assert stored(home, "minh") is not None
    assert PASSWORD not in said.output


REFUSED = {
    "short password": ((), "lan", "ngan\n"),
    "no password": ((), "lan", ""),
    "unknown commune": (("--commune", "99999"), "lan", f"{PASSWORD}\n"),
    "strange sign-in name": ((), "Lò Lan", f"{PASSWORD}\n"),
}


@pytest.mark.parametrize("label", REFUSED)
def test_what_cannot_be_is_refused(home: Home, label: str) -> None:
    more, username, typed = REFUSED[label]
    assert add(home, *more, username=username, typed=typed).exit_code == 2
    assert stored(home, "lan") is None


def test_passwords_that_differ_are_refused(home: Home) -> None:
    said = home.run(
        "user", "add", "minh", "--name", "Minh Văn", "--title", "Chủ tịch", typed=f"{PASSWORD}\nkhac-khac-khac\n"
    )
    assert said.exit_code == 2
    assert stored(home, "minh") is None


def test_a_name_is_given_once(home: Home) -> None:
    add(home)
    assert add(home).exit_code == 1


def signed_in(home: Home) -> str:
    database = home.database()
    with database.transaction() as tx:
        row = officials.named(tx, "lan")
        assert row is not None
        token, _ = officials.sign_in(tx, row)
    database.close()
    return token


def still_signed_in(home: Home, token: str) -> bool:
    database = home.database()
    with database.reading() as tx:
        found = officials.signed_in(tx, token)
    database.close()
    return found is not None


@pytest.mark.parametrize(("deed", "typed"), [("password", "mot mat khau moi\n"), ("disable", "")])
def test_a_new_password_and_a_lock_end_every_sign_in(home: Home, deed: str, typed: str) -> None:
    add(home)
    token = signed_in(home)
    assert still_signed_in(home, token)
    more = ("--password-stdin",) if typed else ()
    assert home.run("user", deed, "lan", *more, typed=typed).exit_code == 0
    assert not still_signed_in(home, token)


def test_who_was_locked_out_is_let_in_again(home: Home) -> None:
    add(home)
    home.run("user", "disable", "lan")
    assert stored(home, "lan").active is False  # type: ignore[union-attr]
    home.run("user", "enable", "lan")
    assert stored(home, "lan").active is True  # type: ignore[union-attr]


def test_the_list_shows_no_hash(home: Home) -> None:
    add(home)
    said = home.run("user", "list", "--json")
    assert [one["username"] for one in json.loads(said.stdout)["users"]] == ["lan"]
    assert "argon2" not in said.stdout + home.run("user", "list").stdout


def test_an_unknown_name_is_said(home: Home) -> None:
    assert home.run("user", "disable", "ai-do").exit_code == 1
