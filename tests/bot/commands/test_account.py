"""thontin account: accounts are added, stopped, given new secrets and sealed again; no secret is ever shown."""

import json
from typing import Any

import pytest
from typer.testing import Result

from storage import accounts
from storage.vault import new_key
from tests.bot.commands.world import Home

TOKEN = "7100000001:AAabcdefghijklmnopqrstuvwxyz"
NEWER = "7100000001:BBabcdefghijklmnopqrstuvwxyz"
OA = ("--app-id", "3608465248940903967", "--oa-id", "388613280878808645")
OA_SECRETS = {"app_secret": "khoa-bi-mat-ung-dung", "oa_secret_key": "khoa-bi-mat-webhook"}


@pytest.fixture(autouse=True)
def on_this_database(home: Home, database_url: str) -> None:
    home.set(DATABASE_URL=database_url)


def add(home: Home, channel: str, name: str, *more: str, **held: str) -> Result:
    return home.run("account", "add", channel, name, "--secrets-stdin", *more, typed=json.dumps(held))


def stored(home: Home, name: str) -> tuple[accounts.Account, dict[str, str]]:
    database = home.database()
    with database.reading() as tx:
        row = accounts.named(tx, name)
        assert row is not None
        held = accounts.secrets(tx, row)
    database.close()
    return row, held


def test_a_telegram_bot_is_added_with_a_webhook_secret_of_its_own(home: Home) -> None:
    said = add(home, "telegram", "tele", token=TOKEN)
    row, held = stored(home, "tele")
    assert said.exit_code == 0
    assert (row.platform_id, row.status, json.loads(row.settings)["receive"]) == ("7100000001", "active", "polling")
    assert held["token"] == TOKEN
    assert len(held["webhook_secret"]) >= 32
    assert TOKEN not in said.output


def test_secrets_may_be_typed_at_the_prompt(home: Home) -> None:
    said = home.run("account", "add", "telegram", "tele", typed=f"{TOKEN}\n\n")
    assert said.exit_code == 0
    assert stored(home, "tele")[1]["token"] == TOKEN
    assert TOKEN not in said.output


def test_an_oa_is_told_what_to_enter_at_zalo(home: Home) -> None:
    home.set(PUBLIC_URL="https://tin.example.gov.vn")
    said = add(home, "zalo_oa", "oa", *OA, **OA_SECRETS)
    assert "https://tin.example.gov.vn/webhook/zalo-oa/3608465248940903967\n" in said.stdout
    assert "https://tin.example.gov.vn/oauth/zalo/3608465248940903967\n" in said.stdout


REFUSED: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "token of another shape": ("telegram", (), {"token": "abc"}),
    "no token": ("telegram", (), {}),
    "unknown key": ("telegram", (), {"token": TOKEN, "mat_khau": "x"}),
    "short webhook secret": ("zalo_bot", (), {"token": "12:abcdef", "webhook_secret": "ngan"}),
    "an OA without its id": ("zalo_oa", ("--app-id", "12"), OA_SECRETS),
    "an OA without its secret key": ("zalo_oa", OA, {"app_secret": "a"}),
    "unknown commune": ("telegram", ("--commune", "99999"), {"token": TOKEN}),
    "another kind of channel": ("fax", (), {"token": TOKEN}),
}


@pytest.mark.parametrize("label", REFUSED)
def test_what_cannot_work_is_refused(home: Home, label: str) -> None:
    channel, more, held = REFUSED[label]
    said = add(home, channel, "moi", *more, **held)
    assert said.exit_code == 2
    assert TOKEN not in said.output
    assert [one["name"] for one in listed(home)] == ["source"]


def listed(home: Home) -> list[dict[str, Any]]:
    return list(json.loads(home.run("account", "list", "--json").stdout)["accounts"])


def test_a_name_is_given_once(home: Home) -> None:
    add(home, "telegram", "tele", token=TOKEN)
    assert add(home, "telegram", "tele", token="71:abcdefghijklmnop").exit_code == 1


def test_suspending_and_resuming(home: Home) -> None:
    add(home, "telegram", "tele", token=TOKEN)
    home.run("account", "suspend", "tele", "--why", "đổi token")
    assert (stored(home, "tele")[0].status, stored(home, "tele")[0].why) == ("suspended", "đổi token")
    home.run("account", "resume", "tele")
    assert (stored(home, "tele")[0].status, stored(home, "tele")[0].why) == ("active", "")


def test_new_secrets_raise_the_epoch_and_leave_the_others(home: Home) -> None:
    add(home, "telegram", "tele", token=TOKEN, webhook_secret="giu-nguyen")
    said = home.run("account", "rotate", "tele", "--secrets-stdin", typed=json.dumps({"token": NEWER}))
    row, held = stored(home, "tele")
    assert said.exit_code == 0
    assert (row.secrets_epoch, held) == (1, {"token": NEWER, "webhook_secret": "giu-nguyen"})


def test_connecting_prints_the_consent_address_and_keeps_its_state(home: Home) -> None:
    home.set(PUBLIC_URL="https://tin.example.gov.vn")
    add(home, "zalo_oa", "oa", *OA, **OA_SECRETS)
    said = json.loads(home.run("account", "connect", "oa", "--json").stdout)
    held = stored(home, "oa")[1]
    assert f"state={held['oauth_state']}" in said["url"]
    assert held["oauth_verifier"] not in json.dumps(said)


def test_only_an_oa_can_be_connected(home: Home) -> None:
    add(home, "telegram", "tele", token=TOKEN)
    assert home.run("account", "connect", "tele").exit_code == 2


def test_an_oa_without_a_public_address_is_told_which_setting_is_missing(home: Home) -> None:
    add(home, "zalo_oa", "oa", *OA, **OA_SECRETS)
    said = home.run("account", "connect", "oa")
    assert said.exit_code == 2
    assert said.stderr.startswith("THONTIN_PUBLIC_URL: ")


def test_no_list_shows_a_secret(home: Home) -> None:
    add(home, "telegram", "tele", token=TOKEN)
    shown = home.run("account", "list").stdout + home.run("account", "list", "--json").stdout
    assert "tele" in shown
    assert TOKEN not in shown
    assert "sealed" not in shown


def test_after_rekeying_the_old_key_can_go(home: Home) -> None:
    old, new = f"k1:{new_key()}", f"k2:{new_key()}"
    home.set(KEYS=old)
    add(home, "telegram", "tele", token=TOKEN)
    home.set(KEYS=f"{new},{old}")
    said = json.loads(home.run("account", "rekey", "--json").stdout)
    assert said["key"] == "k2"
    assert said["sealed_again"]["account"] == 1
    home.set(KEYS=new)
    assert stored(home, "tele")[1]["token"] == TOKEN


def test_rekeying_walks_every_row_and_every_sealed_column(home: Home) -> None:
    old, new = f"k1:{new_key()}", f"k2:{new_key()}"
    home.set(KEYS=old)
    database = home.database()
    with database.transaction() as tx:
        for number in range(1201):  # more than two batches
            tx.session.add(accounts.Account(name=f"a{number}", channel="telegram", created_at=0,
                                            secrets_sealed=tx.vault.seal_json({"token": str(number)})))  # fmt: skip
    database.close()
    home.set(KEYS=f"{new},{old}")
    assert json.loads(home.run("account", "rekey", "--json").stdout)["sealed_again"]["account"] == 1201
    assert sum(json.loads(home.run("account", "rekey", "--json").stdout)["sealed_again"].values()) == 0


def test_a_key_that_is_gone_is_one_sentence(home: Home) -> None:
    home.set(KEYS=f"k1:{new_key()}")
    add(home, "telegram", "tele", token=TOKEN)
    home.set(KEYS=f"k2:{new_key()}")
    said = home.run("account", "list")
    assert "THONTIN_KEYS has no key 'k1'" in str(said.exception)
