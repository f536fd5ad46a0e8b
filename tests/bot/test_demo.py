"""The demo begins anew, but never under the feet of one that runs."""

from pathlib import Path

import pytest

from bot.config import load
from bot.database import AlreadyRunning, only_one
from bot.demo import start_over


def test_a_running_demo_keeps_its_data_when_another_is_started(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    settings = load(_env_file=None, data_dir=folder, database_url=f"sqlite:///{folder}/thontin.db")
    with only_one(settings):
        (folder / "kept").touch()
        with pytest.raises(AlreadyRunning):
            start_over(folder)
        assert (folder / "kept").exists()
    start_over(folder)
    assert not folder.exists()
