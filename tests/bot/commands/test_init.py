"""thontin init: a first .env that works, is ours alone, and never replaces one."""

from pathlib import Path

import pytest

from bot.commands import init
from bot.config import load
from storage import Vault
from tests.bot.commands.world import Home

EXAMPLE = (
    "# keys\nTHONTIN_KEYS=\n\n# port\nTHONTIN_PORT=8080\n# THONTIN_TELEGRAM_SECRET=\nTHONTIN_CONTROLLER=UBND tỉnh X\n"
)


@pytest.fixture(autouse=True)
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "example"
    path.write_text(EXAMPLE)
    monkeypatch.setattr(init, "EXAMPLE", path)


def test_the_file_holds_keys_that_work_and_secrets_of_its_own(home: Home) -> None:
    assert home.run("init").exit_code == 0
    settings = load()
    vault = Vault.parse(settings.keys.get_secret_value())
    assert vault.open(vault.seal("bà Mẩy")) == "bà Mẩy"
    assert len(settings.telegram_secret.get_secret_value()) >= 32
    assert len(settings.zalo_bot_secret.get_secret_value()) >= 32
    assert settings.controller == "UBND tỉnh X"


def test_two_installations_share_no_secret() -> None:
    one, other = (set(init.filled(EXAMPLE).split()) for _ in range(2))
    assert len(one - other) == 3


def test_only_its_owner_may_read_the_file(home: Home) -> None:
    home.run("init")
    assert (home.folder / ".env").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_stays_as_it_is(home: Home) -> None:
    (home.folder / ".env").write_text("THONTIN_PORT=1\n")
    said = home.run("init")
    assert said.exit_code == 2
    assert (home.folder / ".env").read_text() == "THONTIN_PORT=1\n"


def test_no_secret_is_printed(home: Home) -> None:
    said = home.run("init")
    assert load().keys.get_secret_value() not in said.output
