"""Keys come from the settings, else from a file that nobody else may read."""

from pathlib import Path

import pytest

from bot.config import BadSetting, Settings, load
from bot.keys import vault_of


def settings(folder: Path, **changed: object) -> Settings:
    """Settings with their data in `folder`."""
    return load(_env_file=None, data_dir=folder, **changed)


def test_a_key_is_made_once_and_kept_to_ourselves(tmp_path: Path) -> None:
    sealed = vault_of(settings(tmp_path / "data")).seal("Páo")
    path = tmp_path / "data" / "keys"
    assert path.stat().st_mode & 0o777 == 0o600
    assert vault_of(settings(tmp_path / "data")).open(sealed) == "Páo"


def test_a_key_that_others_may_read_stops_the_start(tmp_path: Path) -> None:
    vault_of(settings(tmp_path))
    (tmp_path / "keys").chmod(0o644)
    with pytest.raises(BadSetting, match="chmod 600"):
        vault_of(settings(tmp_path))


def test_a_wrong_key_in_the_settings_is_one_sentence_without_the_key(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as refused:
        vault_of(settings(tmp_path, keys="k1:mot-khoa-sai"))
    assert "mot-khoa-sai" not in str(refused.value)
    assert "THONTIN_KEYS" in str(refused.value)
